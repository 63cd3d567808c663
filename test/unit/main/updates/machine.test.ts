import fc from "fast-check";
import { expect, test } from "vitest";
import { nextUpdateStatus, type UpdateEvent } from "../../../../src/main/updates/machine.ts";
import { restingStatus, type UpdateStatus } from "../../../../src/shared/model/update.ts";

const error = { code: "update-failed", message: "It did not work.", retryable: true } as const;
const found: UpdateEvent = { type: "found", version: "1.5.0", size: 100 };
const after = (...events: readonly UpdateEvent[]): UpdateStatus => events.reduce(nextUpdateStatus, restingStatus);
const downloaded: readonly UpdateEvent[] = [
  { type: "check-started" },
  found,
  { type: "download-started" },
  { type: "received", received: 40 },
  { type: "downloaded", postponed: false },
];

test("from a check to an installation", () => {
  const kinds: string[] = [];
  let status: UpdateStatus = restingStatus;
  for (const event of [...downloaded, { type: "postponed" }, { type: "install-started" }] as const) {
    status = nextUpdateStatus(status, event);
    kinds.push(status.kind);
  }
  expect(kinds).toEqual(["checking", "available", "downloading", "downloading", "ready", "ready", "installing"]);
  expect(status).toEqual({ kind: "installing", version: "1.5.0", size: 100, postponed: true });
});

test("a check that fails keeps when the last good one was, and takes nothing away from what is ready", () => {
  expect(after({ type: "check-started" }, { type: "nothing-newer", at: 7 })).toEqual({
    kind: "resting",
    checkedAt: 7,
    error: null,
  });
  const failed = { type: "check-failed", error, checkedAt: 7 } as const;
  expect(after({ type: "check-started" }, failed)).toEqual({ kind: "resting", checkedAt: 7, error });
  const ready = after(...downloaded);
  expect(after(...downloaded, { type: "check-started" }, failed)).toEqual(ready);
});

test("a release that is withdrawn is no longer offered; another one takes the place of what is ready", () => {
  expect(after(...downloaded, { type: "nothing-newer", at: 9 }).kind).toBe("resting");
  expect(after(...downloaded, { ...found, version: "1.5.1" })).toMatchObject({ kind: "available", version: "1.5.1" });
  expect(after(...downloaded, found)).toMatchObject({ kind: "ready", version: "1.5.0" });
});

test("a failure to download or to install leads back to where it can be tried again", () => {
  const start = downloaded.slice(0, 3);
  expect(after(...start, { type: "download-failed", error })).toMatchObject({ kind: "available", error });
  const installing = [...downloaded, { type: "install-started" }] as const;
  expect(after(...installing, { type: "install-stopped", error })).toMatchObject({ kind: "available", error });
  expect(after(...installing, { type: "install-stopped", error: null })).toEqual(after(...downloaded));
});

test("turning it off forgets all but a running installation", () => {
  const off = { type: "turned-off", checkedAt: 3 } as const;
  expect(after(...downloaded, off)).toEqual({ kind: "resting", checkedAt: 3, error: null });
  expect(after(...downloaded, { type: "install-started" }, off).kind).toBe("installing");
});

test("whatever happens, in any order: nothing is ready that was not downloaded, and where nothing can be updated nothing is", () => {
  const event = fc.oneof(
    fc.constantFrom<UpdateEvent>(...downloaded, { type: "postponed" }, { type: "install-started" }),
    fc.constantFrom<UpdateEvent>(
      { type: "nothing-newer", at: 1 },
      { type: "check-failed", error, checkedAt: null },
      { type: "download-failed", error },
      { type: "install-stopped", error: null },
      { type: "install-stopped", error },
      { type: "turned-off", checkedAt: null },
    ),
  );
  const none: UpdateStatus = { kind: "none", why: "no-feed" };
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      expect(events.reduce(nextUpdateStatus, none)).toBe(none);
      let status: UpdateStatus = restingStatus;
      for (const one of events) {
        const before = status.kind;
        status = nextUpdateStatus(status, one);
        if (status.kind === "ready") expect(["downloading", "ready", "installing"]).toContain(before);
        if (status.kind === "installing") expect(["ready", "installing"]).toContain(before);
      }
    }),
  );
});
