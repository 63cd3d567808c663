import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { UdpDrops } from "../../../../src/engine/tunnel/udp-drops.ts";
import { UdpPause } from "../../../../src/engine/tunnel/udp-pause.ts";
import { UdpQueue } from "../../../../src/engine/tunnel/udp-queue.ts";
import { AppError } from "../../../../src/shared/errors.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("what waits for a path", () => {
  it("is bounded in number and in bytes, and keeps the first ones in order", () => {
    const queue = new UdpQueue({ udpQueueBytes: 10, udpQueuePackets: 3 });
    expect(["aaaa", "bbbb", "cccc", "", "d", "e"].map((text) => queue.add(Buffer.from(text)))).toEqual([
      true,
      true,
      false,
      true,
      false,
      false,
    ]);
    expect(queue.take().map(String)).toEqual(["aaaa", "bbbb", ""]);
    expect(queue.length).toBe(0);
    expect(queue.add(Buffer.alloc(10))).toBe(true);
  });
});

describe("drops", () => {
  it("the first of a reason is told at once, further ones together, and none twice", () => {
    const told: [string, number][] = [];
    const drops = new UdpDrops(1_000, (reason, count) => told.push([reason, count]));
    for (let number = 0; number < 5; number += 1) drops.add("proxy-slow", 1);
    drops.add("too-large", 1);
    expect(told).toEqual([
      ["proxy-slow", 1],
      ["too-large", 1],
    ]);
    vi.advanceTimersByTime(1_000);
    expect(told.slice(2)).toEqual([["proxy-slow", 4]]);
    drops.add("proxy-slow", 2);
    drops.close();
    drops.close();
    expect(told.slice(3)).toEqual([["proxy-slow", 2]]);
    expect(drops.total).toBe(8);
  });

  it("after a quiet time the next one is told at once again", () => {
    const told: number[] = [];
    const drops = new UdpDrops(1_000, (_, count) => told.push(count));
    drops.add("proxy-slow", 1);
    vi.advanceTimersByTime(5_000);
    drops.add("proxy-slow", 1);
    expect(told).toEqual([1, 1]);
    drops.close();
  });
});

describe("the pause after a failure", () => {
  const limits = { udpPauseFirstMs: 1_000, udpPauseMostMs: 30_000 };
  const refused = new AppError("refused", "No.", { retryable: true });

  it("doubles with each failure in a row, up to its bound, and ends with success", () => {
    const pause = new UdpPause(limits);
    const waits: number[] = [];
    for (let failure = 0; failure < 7; failure += 1) {
      pause.failed(refused);
      let ms = 0;
      for (; pause.holds(); ms += 500) vi.advanceTimersByTime(500);
      waits.push(ms);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    pause.failed(refused);
    pause.end();
    expect(pause.holds()).toBe(false);
    pause.failed(refused);
    vi.advanceTimersByTime(1_000);
    expect(pause.holds()).toBe(false);
  });

  it("clients that failed together are one failure", () => {
    const pause = new UdpPause(limits);
    for (let client = 0; client < 20; client += 1) pause.failed(refused);
    vi.advanceTimersByTime(1_000);
    expect(pause.holds()).toBe(false);
  });

  it.each(["cancelled", "sign-in-timeout", "sign-in-refused", "sign-in-failed"] as const)(
    "after %s a person is left in peace for longer",
    (code) => {
      const pause = new UdpPause(limits);
      pause.failed(new AppError(code, "No."));
      vi.advanceTimersByTime(29_000);
      expect(pause.holds()).toBe(true);
      vi.advanceTimersByTime(1_000);
      expect(pause.holds()).toBe(false);
    },
  );
});
