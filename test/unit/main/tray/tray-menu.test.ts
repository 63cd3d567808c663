import { describe, expect, test } from "vitest";
import {
  trayIconOf,
  trayMenu,
  trayTooltip,
  type TrayAction,
  type TrayEntry,
  type TrayState,
} from "../../../../src/main/tray/tray-menu.ts";
import type { Connection } from "../../../../src/shared/model/connection.ts";
import type { ConnectionStatus } from "../../../../src/shared/model/status.ts";
import { connection, statuses } from "../connections.ts";

const platforms = ["darwin", "win32", "linux"] as const;

type Entry = [Partial<Connection>, ConnectionStatus?];

function state(...entries: readonly Entry[]): TrayState {
  const connections = entries.map(([about]) => connection(about));
  return {
    connections,
    statuses: Object.fromEntries(
      connections.flatMap(({ id }, at) => {
        const status = entries[at]?.[1];
        return status === undefined ? [] : [[id, status]];
      }),
    ),
    signIns: [],
  };
}

/** The menu as a person reads it. */
function lines(entries: readonly TrayEntry[], indent = ""): string[] {
  return entries.flatMap((entry) => {
    switch (entry.kind) {
      case "separator":
        return [`${indent}--`];
      case "text":
        return [`${indent}(${entry.label})`];
      case "check":
        return [`${indent}${entry.checked ? "[x]" : "[ ]"} ${entry.label}`];
      case "action":
        return [`${indent}${entry.enabled === false ? "~" : ""}${entry.label}${entry.keys ? `  ${entry.keys}` : ""}`];
      case "submenu":
        return [`${indent}${entry.label} >`, ...lines(entry.entries, `${indent}  `)];
    }
  });
}

function find(entries: readonly TrayEntry[], label: string): TrayAction | undefined {
  for (const entry of entries) {
    if (entry.kind === "submenu") {
      const found = find(entry.entries, label);
      if (found) return found;
    } else if ((entry.kind === "action" || entry.kind === "check") && entry.label === label) return entry.action;
  }
  return undefined;
}

/** The picture of ui.md, made small. */
const picture = state(
  [{ name: "Orders Postgres", pinned: true, tags: ["prod", "data"] }, statuses.connected],
  [
    { name: "Kafka broker 1", pinned: true, tags: ["data"] },
    { ...statuses.listening, address: "127.0.0.1:9092" },
  ],
  [{ name: "Jump host", pinned: true }],
  [{ name: "Billing MySQL", tags: ["data"], lastUsedAt: 2 }, statuses.retrying],
  [{ name: "Ledger Postgres", tags: ["data"], lastUsedAt: 1 }],
  [{ name: "Warehouse", tags: ["data"], lastUsedAt: 3 }, statuses.error],
);

test("says which connections do not verify their proxy", () => {
  const trust = { kind: "unverified" } as const;
  const menu = lines(
    trayMenu(
      state(
        [{ name: "Staging", pinned: true, trust }, statuses.connected],
        [{ name: "Old lab", pinned: true, trust }],
        [{ name: "Jump host", pinned: true }],
      ),
      "linux",
    ),
  );
  expect(menu).toContain("[x] Staging :5432 (2) (unverified)");
  expect(menu).toContain("[ ] Old lab (unverified)");
  expect(menu).toContain("[ ] Jump host");
});

describe("the whole menu", () => {
  const body = [
    "--",
    "[x] Orders Postgres :5432 (2)",
    "[x] Kafka broker 1 :9092",
    "[ ] Jump host",
    "--",
    "(Recent)",
    "[x] Warehouse (certificate not trusted)",
    "[x] Billing MySQL (retrying)",
    "[ ] Ledger Postgres",
    "--",
    "data (4 of 5) >",
    "  Turn all on",
    "  Turn all off",
    "  --",
    "  [x] Billing MySQL (retrying)",
    "  [x] Kafka broker 1 :9092",
    "  [ ] Ledger Postgres",
    "  [x] Orders Postgres :5432 (2)",
    "  [x] Warehouse (certificate not trusted)",
    "prod (1 of 1) >",
    "  ~Turn all on",
    "  Turn all off",
    "  --",
    "  [x] Orders Postgres :5432 (2)",
    "Untagged (0 of 1) >",
    "  Turn all on",
    "  ~Turn all off",
    "  --",
    "  [ ] Jump host",
    "--",
    "Turn all on…",
    "Turn all off (4)",
    "--",
  ];

  test("on macOS", () => {
    expect(lines(trayMenu(picture, "darwin"))).toEqual([
      "(4 on, 1 error)",
      "Warehouse: certificate not trusted…",
      "Open Culvert",
      ...body,
      "New connection…  Cmd+N",
      "Settings…  Cmd+,",
      "--",
      "Quit Culvert  Cmd+Q",
    ]);
  });

  test.each([
    ["win32", "Exit"],
    ["linux", "Quit"],
  ] as const)("on %s", (platform, quit) => {
    expect(lines(trayMenu(picture, platform))).toEqual([
      "Open Culvert",
      "(4 on, 1 error)",
      "Warehouse: certificate not trusted…",
      ...body,
      "New connection…",
      "Settings…",
      "--",
      quit,
    ]);
  });

  test("without connections", () => {
    expect(lines(trayMenu(state(), "darwin"))).toEqual([
      "(No connections)",
      "Open Culvert",
      "--",
      "New connection…  Cmd+N",
      "Settings…  Cmd+,",
      "--",
      "Quit Culvert  Cmd+Q",
    ]);
    expect(lines(trayMenu(state(), "linux"))[1]).toBe("(No connections)");
  });
});

test.each([
  ["off", "[ ] Orders Postgres"],
  ["starting", "[x] Orders Postgres (starting)"],
  ["listening", "[x] Orders Postgres :5432"],
  ["signingIn", "[x] Orders Postgres (signing in)"],
  ["connected", "[x] Orders Postgres :5432 (2)"],
  ["retrying", "[x] Orders Postgres (retrying)"],
  ["error", "[x] Orders Postgres (certificate not trusted)"],
] as const)("a connection that is %s", (kind, line) => {
  for (const platform of platforms)
    expect(lines(trayMenu(state([{ pinned: true }, statuses[kind]]), platform))).toContain(line);
});

test("a port that could not be opened names it", () => {
  const status: ConnectionStatus = {
    ...statuses.error,
    address: null,
    error: { code: "port-in-use", message: "Another program uses it.", retryable: true },
  };
  expect(lines(trayMenu(state([{ pinned: true, listen: "5433" }, status]), "linux"))).toContain(
    "[x] Orders Postgres (port 5433 is in use)",
  );
});

test("sign-ins come before errors, and both together are three at most", () => {
  const many = state([{ name: "A" }, statuses.error], [{ name: "B" }, statuses.error], [{ name: "C" }, statuses.error]);
  const menu = trayMenu(
    {
      ...many,
      signIns: [{ proxy: "https://access.example.com", startedAt: 0, openedAt: null, connections: [] }],
    },
    "darwin",
  );
  expect(lines(menu).slice(0, 5)).toEqual([
    "(3 on, 3 errors)",
    "Sign in to access.example.com…",
    "A: certificate not trusted…",
    "B: certificate not trusted…",
    "Open Culvert",
  ]);
  expect(find(menu, "Sign in to access.example.com…")).toEqual({
    do: "open-sign-in-page",
    proxy: "https://access.example.com",
  });
  expect(find(menu, "A: certificate not trusted…")).toEqual({ do: "open", select: many.connections[0]?.id });
});

test("lists are bounded: 10 pinned, 5 recent, 20 tags, 40 connections of a tag", () => {
  const pinned = Array.from(
    { length: 12 },
    (_one, at) => [{ name: `P${at}`, pinned: true, tags: ["pin"] }] satisfies Entry,
  );
  const tagged = Array.from({ length: 25 }, (_one, at) => [{ name: `T${at}`, tags: [`tag ${at}`] }] satisfies Entry);
  const recent = Array.from(
    { length: 45 },
    (_one, at) => [{ name: `R${at}`, tags: ["pin"], lastUsedAt: at }] satisfies Entry,
  );
  const menu = trayMenu(state(...pinned, ...tagged, ...recent), "linux");
  const top = lines(menu).filter((line) => !line.startsWith(" "));
  expect(top.filter((line) => line.startsWith("[ ] P"))).toHaveLength(10);
  expect(top.filter((line) => line.startsWith("[ ] R"))).toEqual(
    ["R44", "R43", "R42", "R41", "R40"].map((r) => `[ ] ${r}`),
  );
  const tags = menu.filter((entry) => entry.kind === "submenu");
  expect(tags.map(({ label }) => label.split(" (")[0])).toEqual([
    "pin",
    ...Array.from({ length: 19 }, (_t, at) => `tag ${at}`),
  ]);
  expect(top[top.indexOf("tag 18 (0 of 1) >") + 1]).toBe("More in Culvert…");
  expect(tags[0]?.entries.filter(({ kind }) => kind === "check")).toHaveLength(40);
  expect(lines(tags[0]?.entries ?? []).at(-1)).toBe("More in Culvert…");
});

test("a click on a check entry wishes the opposite, and the entries for all name every connection", () => {
  const two = state([{ name: "A", tags: ["t"] }, statuses.error], [{ name: "B", tags: ["t"] }]);
  const [a, b] = two.connections;
  const menu = trayMenu(two, "linux");
  expect(find(menu, "A (certificate not trusted)")).toEqual({ do: "set-on", ids: [a?.id], on: false });
  expect(find(menu, "B")).toEqual({ do: "set-on", ids: [b?.id], on: true });
  expect(find(menu, "Turn all on")).toEqual({ do: "set-on", ids: [a?.id, b?.id], on: true });
  expect(find(menu, "Turn all off")).toEqual({ do: "set-on", ids: [a?.id, b?.id], on: false });
  expect(find(menu, "Turn all off (1)")).toEqual({ do: "set-on", ids: [a?.id], on: false });
  expect(find(menu, "Turn all on…")).toEqual({ do: "ask-turn-all-on" });
  expect(find(menu, "Quit")).toEqual({ do: "quit" });
});

test.each([
  ["a & b", "a && b"],
  ["&File", "&&File"],
  ["_x", "_x"],
  ["line\nbreak\tand\u0000zero", "line break and zero"],
  ["evil\u202Egnp.exe", "evil gnp.exe"],
  ["\u2066\u2069", "Unnamed"],
  ["حساب", "\u2068حساب\u2069"],
  ["👩‍💻 dev", "👩‍💻 dev"],
  ["x".repeat(200), `${"x".repeat(20)}…${"x".repeat(19)}`],
  [`${"👩‍💻".repeat(30)}${"z".repeat(30)}`, `${"👩‍💻".repeat(20)}…${"z".repeat(19)}`],
  [`${"&".repeat(60)}`, `${"&&".repeat(20)}…${"&&".repeat(19)}`],
])("the name %j is shown as %j", (name, shown) => {
  for (const platform of platforms)
    expect(lines(trayMenu(state([{ name, destination: ":1", pinned: true }]), platform))).toContain(`[ ] ${shown}`);
});

test("the tooltip and the picture tell the state", () => {
  expect(trayTooltip(picture)).toBe("Culvert: 4 on, 1 error");
  expect(trayTooltip(state())).toBe("Culvert: no connections");
  expect(trayTooltip(state([{}]))).toBe("Culvert: nothing on");
  const on = state([{}, statuses.connected]);
  const waiting = {
    ...on,
    signIns: [{ proxy: "https://access.example.com", startedAt: 0, openedAt: null, connections: [] }],
  };
  expect(trayTooltip(waiting)).toBe("Culvert: 1 on, waiting for sign-in");
  expect([state(), on, waiting, picture].map(trayIconOf)).toEqual(["off", "on", "attention", "attention"]);
});
