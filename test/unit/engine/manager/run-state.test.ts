import { describe, expect, test } from "vitest";
import { RunState, type TunnelEvent } from "../../../../src/engine/manager/run-state.ts";
import type { AppErrorData, ErrorCode } from "../../../../src/shared/errors.ts";

const tunnel = "a";
const destination = "pg.x:5432";
const error = (code: ErrorCode, message = "Oh."): AppErrorData => ({ code, message, retryable: false });

/** A run that listens since 1, and then hears events a millisecond apart, from 2 on. */
function after(...events: readonly TunnelEvent[]): RunState {
  let now = 0;
  const state = new RunState(() => (now += 1));
  state.proxy = "https://pg.x";
  state.apply({ type: "tunnel-listening", tunnel, address: "127.0.0.1:1", destination });
  for (const event of events) state.apply(event);
  return state;
}
const kindAfter = (...events: readonly TunnelEvent[]): string => after(...events).status(true).kind;

const opened = (peer: number): TunnelEvent => ({ type: "peer-opened", tunnel, peer, from: "127.0.0.1:9" });
const connected = (peer: number, more: { ms?: number; openMs?: number } = {}): TunnelEvent => ({
  type: "peer-connected",
  tunnel,
  peer,
  destination,
  via: "h2",
  ms: 38,
  ...more,
});
const signingIn = (peer: number): TunnelEvent => ({ type: "peer-signing-in", tunnel, peer, proxy: "https://pg.x" });
const waiting = (peer: number): TunnelEvent => ({
  type: "peer-waiting",
  tunnel,
  peer,
  destination,
  error: error("no-answer"),
});
const failed = (peer: number, code: ErrorCode, message?: string): TunnelEvent => ({
  type: "peer-failed",
  tunnel,
  peer,
  destination,
  step: "connect",
  ms: 1,
  error: error(code, message),
});
const closed = (peer: number): TunnelEvent => ({
  type: "peer-closed",
  tunnel,
  peer,
  how: "ended",
  clientEnded: true,
  sent: 1,
  received: 1,
  ms: 1,
});
const retrying = (attempt: number): TunnelEvent => ({
  type: "tunnel-retrying",
  tunnel,
  destination,
  attempt,
  inMs: 1_000,
  error: error("no-answer"),
});
const recovered: TunnelEvent = { type: "tunnel-recovered", tunnel, destination };

describe("one run", () => {
  test("counts its clients, and knows how fast the newest way opened", () => {
    expect(kindAfter(opened(1))).toBe("listening");
    const state = after(opened(1), connected(1), opened(2), connected(2, { ms: 9_000, openMs: 41 }));
    expect(state.status(true)).toMatchObject({ kind: "connected", clients: 2, openedInMs: 41, since: 1 });
    state.apply(closed(1));
    expect(state.status(true)).toMatchObject({ clients: 1 });
    state.apply(closed(2));
    expect(state.status(true)).toEqual({ kind: "listening", address: "127.0.0.1:1", since: 1 });
    expect(state.status(false)).toEqual({ kind: "off" });
  });

  test("counts who waits for a sign-in, since the first of them", () => {
    const state = after(connected(9), signingIn(1), signingIn(2));
    expect(state.status(true)).toMatchObject({ kind: "signing-in", waiting: 2, clients: 1, since: 2 });
    expect(state.waitsForSignIn).toBe(true);
    state.apply(connected(1));
    state.apply(failed(2, "cancelled"));
    expect(state.status(true)).toMatchObject({ kind: "connected", clients: 2 });
    expect(state.waitsForSignIn).toBe(false);
    expect(kindAfter(signingIn(1), waiting(1))).toBe("listening");
  });

  test("retries since the first failure, until something works", () => {
    const state = after(retrying(1), waiting(1), retrying(2));
    expect(state.status(true)).toMatchObject({ kind: "retrying", attempt: 2, since: 2 });
    state.apply(recovered);
    expect(state.status(true).kind).toBe("listening");
    expect(kindAfter(retrying(1), connected(1))).toBe("connected");
    expect(kindAfter(failed(1, "access-denied"), retrying(1))).toBe("retrying");
    expect(kindAfter(failed(1, "access-denied"), retrying(1), recovered)).toBe("listening");
  });

  test("retries at a time on the clock", () => {
    const state = new RunState(() => 5_000);
    state.apply({ type: "tunnel-listening", tunnel, address: "127.0.0.1:1", destination });
    state.apply(retrying(1));
    expect(state.status(true)).toMatchObject({ nextAt: 6_000 });
  });

  test.each<ErrorCode>(["access-denied", "sign-in-timeout", "no-such-route", "certificate-expired"])(
    "keeps %s until something works",
    (code) => {
      const state = after(failed(1, code), failed(2, code));
      expect(state.status(true)).toMatchObject({ kind: "error", since: 2, error: { code }, address: "127.0.0.1:1" });
      state.apply(failed(3, code, "Another sentence."));
      expect(state.status(true)).toMatchObject({ kind: "error", error: { message: "Another sentence." } });
      state.apply(connected(4));
      expect(state.status(true).kind).toBe("connected");
      expect(kindAfter(failed(1, code), recovered)).toBe("listening");
    },
  );

  test.each<ErrorCode>(["cancelled", "closed", "too-many-connections"])("keeps nothing of %s", (code) => {
    expect(kindAfter(failed(1, code))).toBe("listening");
    expect(kindAfter(failed(1, "access-denied"), failed(2, code))).toBe("error");
  });

  test("stops retrying when that is given up", () => {
    const state = after(retrying(1), {
      type: "tunnel-given-up",
      tunnel,
      destination,
      error: error("access-denied"),
    });
    expect(state.status(true)).toMatchObject({ kind: "error", error: { code: "access-denied" } });
    expect(state.trouble?.error.code).toBe("access-denied");
  });

  test("that loses its port has no address any more", () => {
    const state = after(retrying(1));
    state.failed(error("listen-failed"));
    expect(state.status(true)).toMatchObject({ kind: "error", address: null, error: { code: "listen-failed" } });
  });
});
