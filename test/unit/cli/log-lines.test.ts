import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { entryOf, lineOf, type Scope } from "../../../src/cli/log/entry.ts";
import { Log } from "../../../src/cli/log/log.ts";
import { wantsColor } from "../../../src/cli/log/stderr.ts";
import { clock, duration, printable, printableJson, size } from "../../../src/cli/log/text.ts";
import { AppError, type AppErrorData } from "../../../src/shared/errors.ts";
import type { EngineEvent } from "../../../src/shared/events.ts";

const time = new Date(2026, 10, 21, 17, 57, 3);
const plain = { json: false, color: false };
const tunnel = "pg.x:5432";
const proxy = "https://pg.x";
const denied: AppErrorData = {
  code: "access-denied",
  message: "You may not use this route",
  retryable: false,
  userAction: "Ask its owner.",
  requestId: "r-1",
  status: 403,
};
const cancelled: AppErrorData = { code: "cancelled", message: "Cancelled.", retryable: false };

const cases: readonly (readonly [EngineEvent, string])[] = [
  [
    { type: "tunnel-listening", tunnel, address: "127.0.0.1:52046", destination: tunnel },
    "5:57PM INF listening on 127.0.0.1:52046",
  ],
  [
    { type: "tunnel-failed", tunnel, destination: tunnel, error: denied },
    "5:57PM ERR You may not use this route. Ask its owner. (request id r-1)",
  ],
  [{ type: "tunnel-stopped", tunnel, address: "127.0.0.1:1" }, "5:57PM INF stopped listening on 127.0.0.1:1"],
  [
    { type: "tunnel-retrying", tunnel, destination: tunnel, attempt: 4, inMs: 8_000, error: denied },
    "5:57PM WRN You may not use this route. Ask its owner. (request id r-1) Trying again in 8.0 s.",
  ],
  [{ type: "tunnel-recovered", tunnel, destination: tunnel }, "5:57PM INF pg.x:5432 can be reached again"],
  [
    { type: "tunnel-given-up", tunnel, destination: tunnel, error: denied },
    "5:57PM ERR You may not use this route. Ask its owner. (request id r-1)",
  ],
  [
    { type: "peer-waiting", tunnel, peer: 3, destination: tunnel, error: denied },
    "5:57PM INF client 3 waits until pg.x:5432 can be reached",
  ],
  [{ type: "session-changed", proxy }, "5:57PM INF the session at https://pg.x has changed"],
  [{ type: "peer-opened", tunnel, peer: 3, from: "127.0.0.1:9" }, "5:57PM INF client 3 from 127.0.0.1:9"],
  [{ type: "peer-signing-in", tunnel, peer: 3, proxy }, "5:57PM INF client 3 waits for the sign-in at https://pg.x"],
  [
    { type: "peer-connected", tunnel, peer: 3, destination: tunnel, via: "h2", ms: 84 },
    "5:57PM INF client 3 connected to pg.x:5432 in 84 ms (HTTP/2)",
  ],
  [
    { type: "peer-connected", tunnel, peer: 3, destination: tunnel, via: "http/1.1", ms: 84 },
    "5:57PM INF client 3 connected to pg.x:5432 in 84 ms (HTTP/1.1)",
  ],
  [
    { type: "peer-failed", tunnel, peer: 3, destination: tunnel, step: "connect", ms: 1, error: denied },
    "5:57PM ERR client 3: You may not use this route. Ask its owner. (request id r-1)",
  ],
  [
    { type: "peer-failed", tunnel, peer: 3, destination: tunnel, step: "sign-in", ms: 1, error: cancelled },
    "5:57PM INF client 3: Cancelled.",
  ],
  [
    { type: "peer-closed", tunnel, peer: 3, how: "ended", clientEnded: true, sent: 1_500, received: 12, ms: 2_400 },
    "5:57PM INF client 3 closed after 2.4 s, sent 1.5 kB, received 12 B",
  ],
  [
    { type: "peer-closed", tunnel, peer: 3, how: "reset-by-client", clientEnded: false, sent: 0, received: 0, ms: 1 },
    "5:57PM INF client 3 was reset by the local program after 1 ms, sent 0 B, received 0 B",
  ],
  [
    { type: "peer-closed", tunnel, peer: 3, how: "reset-by-proxy", clientEnded: false, sent: 0, received: 0, ms: 1 },
    "5:57PM WRN client 3 was cut off from the proxy's side after 1 ms, sent 0 B, received 0 B",
  ],
  [
    { type: "peer-closed", tunnel, peer: 3, how: "stopped", clientEnded: false, sent: 0, received: 0, ms: 1 },
    "5:57PM INF client 3 was stopped after 1 ms, sent 0 B, received 0 B",
  ],
  [
    {
      type: "peer-closed",
      tunnel,
      peer: 3,
      how: "idle",
      clientEnded: false,
      sent: 40,
      received: 0,
      datagrams: { sent: 1, received: 0, dropped: 3 },
      ms: 120_000,
    },
    "5:57PM INF client 3 was silent and is forgotten after 2 min 0 s, sent 40 B, received 0 B, dropped 3 datagrams",
  ],
  [
    { type: "datagrams-dropped", tunnel, destination: tunnel, reason: "too-large", count: 2 },
    "5:57PM WRN 2 datagrams were dropped: larger than fits on the way",
  ],
  [{ type: "sign-in-started", proxy }, "5:57PM INF signing in at https://pg.x"],
  [
    { type: "sign-in-joined", proxy, at: "https://a.x" },
    "5:57PM INF https://pg.x waits for the sign-in at https://a.x",
  ],
  [{ type: "sign-in-finished", proxy, ms: 3_200 }, "5:57PM INF signed in at https://pg.x in 3.2 s"],
  [
    { type: "sign-in-failed", proxy, ms: 1, error: denied },
    "5:57PM ERR sign-in at https://pg.x: You may not use this route. Ask its owner. (request id r-1)",
  ],
  [
    {
      type: "browser-failed",
      proxy,
      error: { code: "sign-in-failed", message: "Culvert could not open x.", retryable: true },
    },
    "5:57PM WRN Culvert could not open x.",
  ],
  [{ type: "session-ended", proxy }, "5:57PM INF the session at https://pg.x has ended"],
  [
    { type: "session-shared", proxy, from: "https://a.x" },
    "5:57PM INF using the sign-in of https://a.x at https://pg.x",
  ],
  [
    { type: "half-close-not-carried", proxy },
    "5:57PM WRN HTTP/1.1 with https://pg.x cannot carry one-way ends: when a program ends its side first, what a service answers after a pause of more than a second is lost",
  ],
  [
    { type: "transfer-cut-short", proxy, destination: "bulk.x:80" },
    "5:57PM WRN https://pg.x dropped the rest of a transfer that its client took slowly; clients of bulk.x:80 use HTTP/1.1 from now on, so try it again",
  ],
  [
    { type: "http2-given-up", proxy, reason: "no SETTINGS" },
    "5:57PM WRN HTTP/2 does not work with https://pg.x (no SETTINGS); using HTTP/1.1 for a while",
  ],
  [
    { type: "storage-failed", error: { code: "storage-failed", message: "Disk full.", retryable: false } },
    "5:57PM WRN Disk full.",
  ],
];

describe("a line for every event", () => {
  test.each(cases.map(([event, line]) => [event.type, event, line] as const))("%s", (_type, event, line) => {
    expect(lineOf(entryOf(event, "one"), time, plain)).toBe(line);
    const json = JSON.parse(lineOf(entryOf(event, "one"), time, { json: true, color: false })) as object;
    const { type, ...fields } = event;
    expect(json).toMatchObject({ ...fields, event: type, time: time.toISOString() });
    expect(Object.keys(json)).toEqual(expect.arrayContaining(["time", "level", "event", "message"]));
  });

  test("with several tunnels a line says which one", () => {
    const line = (event: EngineEvent): string => lineOf(entryOf(event, "several"), time, plain);
    expect(line({ type: "tunnel-listening", tunnel, address: "127.0.0.1:1", destination: tunnel })).toBe(
      "5:57PM INF listening on 127.0.0.1:1 for pg.x:5432",
    );
    expect(line({ type: "peer-opened", tunnel, peer: 3, from: "127.0.0.1:9" })).toBe(
      "5:57PM INF pg.x:5432: client 3 from 127.0.0.1:9",
    );
  });

  test("UDP is named where it listens, and not repeated in every line", () => {
    const address = "127.0.0.1:5353";
    const listening: EngineEvent = { type: "tunnel-listening", tunnel, address, destination: tunnel };
    const line = (event: EngineEvent, scope: Scope = "one"): string =>
      lineOf(entryOf(event, scope, "udp"), time, plain);
    expect(line(listening)).toBe("5:57PM INF listening on 127.0.0.1:5353 (UDP)");
    expect(line(listening, "several")).toBe("5:57PM INF listening on 127.0.0.1:5353 (UDP) for pg.x:5432");
    expect(line({ type: "tunnel-stopped", tunnel, address })).toBe(
      "5:57PM INF stopped listening on 127.0.0.1:5353 (UDP)",
    );
    expect(line({ type: "peer-opened", tunnel, peer: 3, from: "127.0.0.1:9" })).toBe(
      "5:57PM INF client 3 from 127.0.0.1:9",
    );
    const protocolOf = (protocol: "tcp" | "udp"): unknown =>
      (
        JSON.parse(lineOf(entryOf(listening, "one", protocol), time, { json: true, color: false })) as {
          protocol: unknown;
        }
      ).protocol;
    expect([protocolOf("tcp"), protocolOf("udp")]).toEqual(["tcp", "udp"]);
  });

  test("where one destination is open over TCP and UDP, a failure names the tunnel", () => {
    const event = { type: "tunnel-failed", tunnel: "dns.x:53 (UDP)", destination: "dns.x:53", error: denied } as const;
    expect(entryOf(event, "several", "udp").message).toMatch(/^dns\.x:53 \(UDP\): You may not/);
    const lost = { type: "datagrams-dropped", reason: "too-large", count: 2 } as const;
    expect(entryOf({ ...lost, tunnel: "dns.x:53 (UDP)", destination: "dns.x:53" }, "several", "udp").message).toMatch(
      /^dns\.x:53 \(UDP\): 2 datagrams were dropped/,
    );
  });

  test("with stdin and stdout there is no client to be named", () => {
    const failed: EngineEvent = {
      type: "peer-failed",
      tunnel,
      peer: 1,
      destination: tunnel,
      step: "connect",
      ms: 1,
      error: denied,
    };
    expect(entryOf(failed, "stdio").message).toBe("You may not use this route. Ask its owner. (request id r-1)");
  });

  test("colours are only added around the time and the level", () => {
    const entry = entryOf({ type: "session-ended", proxy }, "one");
    expect(lineOf(entry, time, { json: false, color: true })).toBe(
      "\u001b[90m5:57PM\u001b[0m \u001b[32mINF\u001b[0m the session at https://pg.x has ended",
    );
  });
});

test("no control character of a terminal passes, in words or as JSON", () => {
  const evil = "a\u001b[2Jb\u009bc\r\nd\u202ee\u2028f\ud800g";
  expect(printable(evil)).toBe("a?[2Jb?c??d?e?f?g");
  expect(JSON.parse(printableJson({ evil }))).toEqual({ evil });
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.boolean(), fc.boolean(), (reason, json, color) => {
      const line = lineOf(entryOf({ type: "http2-given-up", proxy, reason }, "one"), time, { json, color });
      const shown = color ? line.replace(/\p{Cc}\[\d+m/gu, "") : line;
      expect(shown).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e]/u);
      if (json) expect(JSON.parse(line)).toMatchObject({ reason });
    }),
  );
});

test("clock, durations and sizes", () => {
  const at = (hours: number, minutes: number): string => clock(new Date(2026, 0, 1, hours, minutes));
  expect([at(0, 5), at(11, 59), at(12, 0), at(23, 30)]).toEqual(["12:05AM", "11:59AM", "12:00PM", "11:30PM"]);
  expect([0, 999, 1_000, 59_940, 60_000, 3_599_000, 7_800_000].map(duration)).toEqual([
    "0 ms",
    "999 ms",
    "1.0 s",
    "59.9 s",
    "1 min 0 s",
    "59 min 59 s",
    "2 h 10 min",
  ]);
  expect([0, 999, 1_000, 999_960, 3_200_000, 5e12].map(size)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "1.0 MB",
    "3.2 MB",
    "5.0 TB",
  ]);
});

describe("the log of a run", () => {
  const recorded = (json = false): { log: Log; lines: string[] } => {
    const lines: string[] = [];
    return { lines, log: new Log({ json, color: false, now: () => time, write: (line) => lines.push(line) }) };
  };

  test("quiet keeps warnings, errors and sign-ins", () => {
    const { log, lines } = recorded();
    log.scope = "stdio";
    for (const [event] of cases) log.event(event);
    expect(lines.filter((line) => line.includes(" INF "))).toEqual([
      "5:57PM INF signing in at https://pg.x",
      "5:57PM INF signed in at https://pg.x in 3.2 s",
    ]);
    expect(lines.filter((line) => / (WRN|ERR) /.test(line))).toHaveLength(11);
  });

  test("knows which tunnels carry UDP", () => {
    const { log, lines } = recorded();
    log.udpTunnels = new Set(["b.x:1"]);
    for (const id of ["a.x:1", "b.x:1"])
      log.event({ type: "tunnel-listening", tunnel: id, address: "127.0.0.1:1", destination: id });
    log.event({ type: "session-ended", proxy });
    expect(lines.slice(0, 2)).toEqual([
      "5:57PM INF listening on 127.0.0.1:1",
      "5:57PM INF listening on 127.0.0.1:1 (UDP)",
    ]);
  });

  test("a failure that an event has told is not told again", () => {
    const { log, lines } = recorded();
    log.event({ type: "tunnel-failed", tunnel, destination: tunnel, error: denied });
    log.failure(new AppError(denied.code, denied.message, denied));
    log.failure(new Error("boom\u001b[2J"));
    expect(lines).toHaveLength(2);
    expect(lines[1]).toBe("5:57PM ERR Something went wrong inside Culvert: boom?[2J.");
  });
});

test("colours need a terminal, and can be turned off", () => {
  const terminal = { isTTY: true };
  expect(wantsColor(terminal, {})).toBe(true);
  expect(wantsColor(terminal, { NO_COLOR: "" })).toBe(true);
  expect(wantsColor(terminal, { NO_COLOR: "1" })).toBe(false);
  expect(wantsColor(terminal, { TERM: "dumb" })).toBe(false);
  expect(wantsColor({}, {})).toBe(false);
});
