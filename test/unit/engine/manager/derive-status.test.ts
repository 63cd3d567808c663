import { describe, expect, test } from "vitest";
import { deriveStatus, type StatusFacts } from "../../../../src/engine/manager/derive-status.ts";
import type { AppErrorData } from "../../../../src/shared/errors.ts";

const lost: AppErrorData = { code: "no-answer", message: "No answer.", retryable: true };
const denied: AppErrorData = { code: "access-denied", message: "No.", retryable: false };
const proxy = "https://pg.corp.example";
const address = "127.0.0.1:5432";
const signingIn = { waiting: 2, since: 20, proxy };
const retry = { error: lost, since: 30, attempt: 4, nextAt: 99 };
const trouble = { error: denied, since: 40 };

const facts: StatusFacts = {
  on: true,
  address,
  listeningSince: 10,
  connected: 0,
  signingIn: null,
  openedInMs: 38,
  retry: null,
  trouble: null,
};

describe("the status", () => {
  test.each<[string, Partial<StatusFacts>, unknown]>([
    ["off", { on: false }, { kind: "off" }],
    ["starting", { address: null }, { kind: "starting" }],
    ["could not open the port", { address: null, trouble }, { kind: "error", address: null, clients: 0, ...trouble }],
    ["listening", {}, { kind: "listening", address, since: 10 }],
    ["connected", { connected: 3 }, { kind: "connected", address, since: 10, clients: 3, openedInMs: 38 }],
    ["signing in", { signingIn }, { kind: "signing-in", address, proxy, clients: 0, waiting: 2, since: 20 }],
    ["retrying", { retry }, { kind: "retrying", address, clients: 0, error: lost, since: 30, attempt: 4, nextAt: 99 }],
    ["error", { trouble }, { kind: "error", address, clients: 0, error: denied, since: 40 }],
  ])("%s", (_, some, expected) => {
    expect(deriveStatus({ ...facts, ...some })).toEqual(expected);
  });

  test("follows one order for every set of facts", () => {
    const either = [true, false];
    const all = either.flatMap((on) =>
      either.flatMap((bound) =>
        [0, 2].flatMap((connected) =>
          either.flatMap((signs) =>
            either.flatMap((retries) => either.map((fails) => ({ on, bound, connected, signs, retries, fails }))),
          ),
        ),
      ),
    );
    expect(all).toHaveLength(64);
    for (const { on, bound, connected, signs, retries, fails } of all) {
      const status = deriveStatus({
        ...facts,
        on,
        address: bound ? address : null,
        connected,
        signingIn: signs ? signingIn : null,
        retry: retries ? retry : null,
        trouble: fails ? trouble : null,
      });
      const whileBound = signs
        ? "signing-in"
        : retries
          ? "retrying"
          : fails
            ? "error"
            : connected
              ? "connected"
              : "listening";
      const kind = !on ? "off" : !bound ? (fails ? "error" : "starting") : whileBound;
      expect(status.kind).toBe(kind);
      if ("clients" in status) expect(status.clients).toBe(bound ? connected : 0);
      if ("address" in status) expect(status.address).toBe(bound ? address : null);
    }
  });
});
