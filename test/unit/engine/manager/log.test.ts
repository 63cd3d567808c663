import { describe, expect, test } from "vitest";
import { draftOf, notedEntry, startFailure } from "../../../../src/engine/manager/log-entries.ts";
import { LogRing } from "../../../../src/engine/manager/log-ring.ts";
import type { AppErrorData } from "../../../../src/shared/errors.ts";
import type { EngineEvent } from "../../../../src/shared/events.ts";

const tunnel = "a";
const destination = "pg.x:5432";
const proxy = "https://pg.x";
const denied: AppErrorData = {
  code: "access-denied",
  message: "You may not use pg.x:5432.",
  retryable: false,
  userAction: "Ask the owner of the route.",
  requestId: "r-1",
  status: 403,
};
const cancelled: AppErrorData = { code: "cancelled", message: "The client hung up.", retryable: false };
const closed = { type: "peer-closed", tunnel, peer: 1, sent: 31_400, received: 2_400_000, ms: 372_000 } as const;
const failed = { type: "peer-failed", tunnel, peer: 1, destination, step: "connect", ms: 12 } as const;

const cases: readonly (readonly [EngineEvent, string])[] = [
  [{ type: "tunnel-listening", tunnel, address: "127.0.0.1:1", destination }, "info Listening on 127.0.0.1:1"],
  [{ type: "tunnel-failed", tunnel, destination, error: denied }, "error You may not use pg.x:5432."],
  [{ type: "tunnel-failed", tunnel, destination, error: cancelled }, "info The client hung up."],
  [{ type: "tunnel-stopped", tunnel, address: "127.0.0.1:1" }, "info Stopped listening on 127.0.0.1:1"],
  [
    { type: "tunnel-retrying", tunnel, destination, attempt: 4, inMs: 8_000, error: denied },
    "warning You may not use pg.x:5432. Trying again in 8 s.",
  ],
  [{ type: "tunnel-recovered", tunnel, destination }, "info pg.x:5432 can be reached again"],
  [{ type: "tunnel-given-up", tunnel, destination, error: denied }, "error You may not use pg.x:5432."],
  [{ type: "peer-opened", tunnel, peer: 1, from: "127.0.0.1:9" }, "info Client connected"],
  [{ type: "peer-signing-in", tunnel, peer: 1, proxy }, "info Pomerium asked for a sign-in"],
  [
    { type: "peer-connected", tunnel, peer: 1, destination, via: "h2", ms: 41_000, openMs: 38 },
    "info Tunnel open over HTTP/2 in 38 ms",
  ],
  [
    { type: "peer-connected", tunnel, peer: 1, destination, via: "http/1.1", ms: 212 },
    "info Tunnel open over HTTP/1.1 in 212 ms",
  ],
  [{ type: "peer-waiting", tunnel, peer: 1, destination, error: denied }, "info Client waits for the next attempt"],
  [{ ...failed, error: denied }, "error You may not use pg.x:5432."],
  [{ ...failed, error: cancelled }, "info The client hung up."],
  [{ ...closed, how: "ended", clientEnded: true }, "info Client closed after 6 min, received 2.40 MB, sent 31 KB"],
  [
    { ...closed, how: "reset-by-proxy", clientEnded: true },
    "info Cut off from the proxy's side after 6 min, received 2.40 MB, sent 31 KB",
  ],
  [
    { ...closed, how: "reset-by-proxy", clientEnded: false },
    "warning Cut off from the proxy's side after 6 min, received 2.40 MB, sent 31 KB",
  ],
  [{ type: "sign-in-started", proxy }, "info Signing in at pg.x"],
  [{ type: "sign-in-joined", proxy, at: "https://a.x" }, "info Waiting for the sign-in at a.x"],
  [{ type: "sign-in-finished", proxy, ms: 3_200 }, "info Signed in at pg.x"],
  [{ type: "sign-in-failed", proxy, ms: 1, error: cancelled }, "info The client hung up."],
  [{ type: "sign-in-failed", proxy, ms: 1, error: denied }, "error You may not use pg.x:5432."],
  [{ type: "browser-failed", proxy, error: denied }, "warning You may not use pg.x:5432."],
  [{ type: "session-ended", proxy }, "info The session at pg.x has ended"],
  [{ type: "session-shared", proxy, from: "https://a.x" }, "info Using the sign-in of a.x"],
  [
    { type: "http2-given-up", proxy, reason: "no SETTINGS" },
    "warning HTTP/2 does not work with this proxy (no SETTINGS); using HTTP/1.1 for a while",
  ],
];

describe("the words of the log", () => {
  test.each(cases.map(([event, line]) => [line, event] as const))("%s", (line, event) => {
    const draft = draftOf(event);
    expect(`${draft?.level} ${draft?.message}`).toBe(line);
    expect([draft?.event, draft?.error]).toEqual([
      event.type,
      "error" in event && event.type !== "peer-waiting" ? event.error : undefined,
    ]);
  });

  test.each<EngineEvent>([
    { type: "half-close-not-carried", proxy },
    { type: "transfer-cut-short", proxy, destination },
  ])("warns of $type", (event) => {
    expect(draftOf(event)?.level).toBe("warning");
  });

  test.each<EngineEvent>([
    { type: "session-changed", proxy },
    { type: "storage-failed", error: denied },
  ])("have none for $type", (event) => {
    expect(draftOf(event)).toBeNull();
  });

  test("carry the details as facts", () => {
    expect(draftOf({ ...failed, error: denied })?.facts).toEqual({
      "What to do": "Ask the owner of the route.",
      Status: "403",
      "Request ID": "r-1",
      After: "12 ms",
    });
    expect(
      draftOf({ type: "peer-connected", tunnel, peer: 1, destination, via: "h2", ms: 41_000, openMs: 38 })?.facts,
    ).toEqual({
      Protocol: "HTTP/2",
      "Time to open": "38 ms",
      "Since the client came": "41 s",
    });
    expect(notedEntry("turned-on")).toEqual({ level: "info", event: "turned-on", message: "Turned on", facts: {} });
    expect(startFailure(denied)).toMatchObject({ level: "error", event: "tunnel-failed", error: denied });
  });
});

test("a ring keeps the newest entries in order, and never gives a number twice", () => {
  const ring = new LogRing(3);
  const numbers = (): number[] => ring.all().map(({ id }) => id);
  expect(numbers()).toEqual([]);
  for (let at = 1; at <= 8; at += 1) {
    const entry = ring.add({ at, level: "info", event: "changed", message: "", client: null, facts: {} });
    expect([entry.id, entry.at]).toEqual([at, at]);
    expect(numbers()).toEqual([at - 2, at - 1, at].filter((id) => id > 0));
  }
});
