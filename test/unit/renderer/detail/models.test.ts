import { expect, test } from "vitest";
import { exportName, factsOf, logJson, logModel, logText, newest } from "../../../../src/renderer/detail/log-model.ts";
import { errorReport } from "../../../../src/renderer/detail/report.ts";
import { routeOf, sessionFacts } from "../../../../src/renderer/detail/route-model.ts";
import { areaPath, sparkPath } from "../../../../src/renderer/detail/sparkline.ts";
import { signInWords } from "../../../../src/renderer/detail/sign-in-callout.tsx";
import type { AppErrorData, ErrorCode } from "../../../../src/shared/errors.ts";
import type { LogEntry, SessionInfo } from "../../../../src/shared/model/activity.ts";
import type { ConnectionStatus } from "../../../../src/shared/model/status.ts";
import { connectionOf } from "../store/fake-main.ts";

const connection = connectionOf(1, { name: "Orders", listen: "5432" });
const session: SessionInfo = {
  proxy: "https://access.example",
  createdAt: 0,
  user: "ada@example",
  expiresAt: 3_600_000,
  inUseBy: 1,
};
const error = (code: ErrorCode, more: Partial<AppErrorData> = {}): AppErrorData => ({
  code,
  message: "It failed",
  retryable: false,
  ...more,
});
const shape = (status: ConnectionStatus): string =>
  routeOf(connection, status, session, 0)
    .map(({ state, pipe, words }) => `${state} ${pipe} ${words}`)
    .join(" | ");

const bound = { address: "127.0.0.1:5432", since: 0 } as const;

test("the route says how far it goes", () => {
  expect(shape({ kind: "off" })).toBe("idle gap  | idle gap ada@example, 1 h left | idle gap ");
  expect(shape({ kind: "starting" })).toBe("wait gap opening | idle gap ada@example, 1 h left | idle gap ");
  expect(shape({ kind: "listening", ...bound })).toBe("ok gap no clients | idle gap ada@example, 1 h left | idle gap ");
  expect(shape({ kind: "connected", ...bound, clients: 2, openedInMs: 38 })).toBe(
    "ok flow 2 clients | ok flow ada@example, 1 h left | ok gap opened in 38 ms",
  );
  expect(shape({ kind: "signing-in", ...bound, waiting: 1, proxy: "https://access.example", clients: 0 })).toBe(
    "ok gap 1 client waiting | wait gap waiting for you to sign in | idle gap not tried yet",
  );
});

test("it is broken where the error was", () => {
  const failed = (code: ErrorCode, clients = 0): ConnectionStatus => ({
    kind: "error",
    ...bound,
    clients,
    error: error(code),
  });
  expect(shape(failed("port-in-use"))).toMatch(/^bad gap Port 5432 is in use \| idle/);
  expect(shape(failed("certificate-not-trusted"))).toBe(
    "ok cut no clients | bad gap Certificate not trusted | idle gap not tried yet",
  );
  // Who waits for a retry is there as well.
  const retrying = { kind: "retrying", ...bound, attempt: 1, nextAt: 0, clients: 0, error: error("refused") } as const;
  expect(routeOf(connection, retrying, null, 0, 1)[0]).toMatchObject({ words: "1 client waiting", pipe: "cut" });
  expect(routeOf(connection, retrying, null, 0)[0]).toMatchObject({ words: "no clients" });
  expect(shape(failed("upstream-unavailable", 1))).toBe(
    "ok flow 1 client | ok cut ada@example, 1 h left | bad gap Destination unreachable",
  );
});

test("of a session only what is known is said", () => {
  expect(sessionFacts(connection, null, 0)).toBe("");
  expect(sessionFacts(connection, { ...session, expiresAt: null }, 0)).toBe("ada@example");
  expect(sessionFacts(connection, { ...session, user: null }, 0)).toBe("signed in, 1 h left");
  expect(sessionFacts(connection, session, 3_600_000)).toBe("");
  expect(sessionFacts({ ...connection, auth: { kind: "token" } }, session, 0)).toBe("service account");
});

test("the newest second is at the right edge, and the highest at the top", () => {
  expect(sparkPath([])).toBe("");
  expect(sparkPath([5])).toBe("");
  expect(sparkPath([0, 10])).toBe("M255.6 38.0L260.0 2.0");
  expect(sparkPath([0, 0])).toBe("M255.6 38.0L260.0 38.0");
  expect(sparkPath(Array.from({ length: 99 }, () => 1))).toMatch(/^M0\.0 2\.0/);
  expect(areaPath([0, 10])).toBe("M255.6 38.0L260.0 2.0L260 40L255.6 40Z");
});

const entry = (id: number, more: Partial<LogEntry> = {}): LogEntry => ({
  id,
  at: Date.UTC(2026, 0, 1) + id,
  level: "info",
  event: "e",
  message: `message ${id}`,
  client: null,
  facts: {},
  ...more,
});
const log = [
  entry(1, { client: ":53580" }),
  entry(2, { level: "warning", facts: { Via: "HTTP/2" } }),
  entry(3, { level: "error", error: error("no-answer", { userAction: "Look at the network.", requestId: "r-1" }) }),
];
const idsOf = (level: "all" | "warning" | "error", text: string): readonly number[] =>
  logModel(log, level, text).entries.map(({ id }) => id);

test("the log is filtered by level and by words of all that it shows", () => {
  expect(logModel(log, "error", "x").counts).toEqual({ all: 3, warning: 1, error: 1 });
  expect(logModel(log, "all", " ").entries).toBe(log);
  expect(idsOf("warning", "")).toEqual([2]);
  expect(idsOf("all", "53580")).toEqual([1]);
  expect(idsOf("all", "HTTP/2 message")).toEqual([2]);
  expect(idsOf("all", "network")).toEqual([3]);
  expect(idsOf("warning", "network")).toEqual([]);
});

test("an entry opens to its facts", () => {
  expect(factsOf(entry(1))).toEqual([]);
  expect(factsOf(log[2] ?? entry(0))).toEqual([
    ["Cause", "It failed"],
    ["Next step", "Look at the network."],
    ["Code", "no-answer"],
    ["Request id", "r-1"],
  ]);
});

test("what is copied and exported is what is shown", () => {
  expect(logText(log.slice(0, 2))).toBe(
    "2026-01-01T00:00:00.001Z  info     message 1  :53580\n2026-01-01T00:00:00.002Z  warning  message 2\n    Via: HTTP/2",
  );
  expect(JSON.parse(logJson(log))).toMatchObject([{ id: 1, at: "2026-01-01T00:00:00.001Z" }, { id: 2 }, { id: 3 }]);
  expect(newest(log, 2).map(({ id }) => id)).toEqual([3, 2]);
});

test.each([
  ["Orders Postgres", "culvert-log-orders-postgres.txt"],
  ["../../Ünï/ße", "culvert-log-u-ni-e.txt"],
  ["日本", "culvert-log-connection.txt"],
  ["x".repeat(300), `culvert-log-${"x".repeat(60)}.txt`],
])("the log of %j is exported as a file name that every system takes", (name, expected) => {
  expect(exportName(name, "txt")).toMatch(/^[\w .-]+\.(json|txt)$/);
  if (!name.includes("Ü")) expect(exportName(name, "txt")).toBe(expected);
});

test("a report names what an administrator needs, and nothing that is secret", () => {
  const pem = { kind: "pem", certificate: "CERTIFICATE TEXT", label: "ada.pem" } as const;
  const report = errorReport(
    { ...connection, clientCertificate: pem },
    error("access-denied", { message: "You may not use this route", requestId: "r-9", status: 403 }),
    Date.UTC(2026, 0, 1),
    { platform: "linux", version: "1.0.0", versions: {}, browser: "Firefox" },
  );
  expect(report).toContain(
    "Connection: Orders\nDestination: host-1.example:5432\nProtocol: TCP\nPomerium: https://access.example\n",
  );
  expect(report).toContain("Code: access-denied\nAnswer: 403\nRequest id: r-9\n");
  expect(report).not.toContain("CERTIFICATE TEXT");
});

test("the words of a sign-in follow what happened", () => {
  const waiting = { proxy: "https://access.example", startedAt: 0, openedAt: 0, connections: [] };
  const say = (words: ReturnType<typeof signInWords>): string => `${words.before}HOST${words.behind}`;
  expect(say(signInWords(waiting, "Firefox", 24_000))).toBe(
    "The sign-in page of HOST opened in Firefox 24 s ago. This connection continues by itself when you are done.",
  );
  expect(say(signInWords(waiting, "Firefox", 5 * 60_000))).toContain(
    "Still waiting. Is the page open in another window?",
  );
  expect(signInWords({ ...waiting, openedAt: null }, "Firefox", 0).open).toBe("Open the page");
  expect(signInWords({ ...waiting, browserError: error("sign-in-failed") }, "Firefox", 0).title).toBe(
    "Browser did not open",
  );
});
