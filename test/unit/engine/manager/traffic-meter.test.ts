import { expect, test } from "vitest";
import { TrafficMeter } from "../../../../src/engine/manager/traffic-meter.ts";

const bytes = (received: number, sent = 0): { received: number; sent: number } => ({ received, sent });

test("samples are what came in each second since it was turned on", () => {
  const meter = new TrafficMeter(100);
  expect(meter.sample(bytes(10, 1), 101, 1)).toEqual(bytes(10, 1));
  expect(meter.sample(bytes(10, 1), 102, 1)).toEqual(bytes(0));
  expect(meter.sample(bytes(15, 1), 103, 1)).toEqual(bytes(5));
  expect(meter.traffic(bytes(16, 1), 103)).toEqual({
    ...bytes(16, 1),
    samples: [bytes(10, 1), bytes(0), bytes(5)],
  });
  expect(new TrafficMeter(103).traffic(bytes(0), 103)).toEqual({ ...bytes(0), samples: [] });
});

test("the last 60 seconds are kept", () => {
  const meter = new TrafficMeter(0);
  for (let tick = 1; tick <= 500; tick += 1) meter.sample(bytes(tick * 7), tick, 1);
  const { samples, received } = meter.traffic(bytes(3_500), 500);
  expect([samples.length, received, new Set(samples.map((sample) => sample.received))]).toEqual([
    60,
    3_500,
    new Set([7]),
  ]);
  expect(meter.traffic(bytes(3_500), 530).samples.map((sample) => sample.received)).toEqual([
    ...Array<number>(30).fill(7),
    ...Array<number>(30).fill(0),
  ]);
  expect(meter.traffic(bytes(3_500), 900).samples).toEqual(Array(60).fill(bytes(0)));
});

test("what came while the computer slept is spread over that time", () => {
  const meter = new TrafficMeter(0);
  expect(meter.sample(bytes(100), 4, 4)).toEqual(bytes(25));
  expect(meter.traffic(bytes(100), 4).samples).toEqual(Array(4).fill(bytes(25)));
  expect(meter.sample(bytes(6_100), 64, 3_600)).toEqual(bytes(100));
  expect(meter.traffic(bytes(6_100), 64).samples).toEqual(Array(60).fill(bytes(100)));
});

test("the bytes of a tunnel that was closed count on", () => {
  const meter = new TrafficMeter(0);
  meter.sample(bytes(10), 1, 1);
  meter.carry(bytes(12));
  expect(meter.traffic(bytes(0), 1).received).toBe(12);
  expect(meter.sample(bytes(1), 2, 1)).toEqual(bytes(3));
  expect(meter.traffic(bytes(1), 2)).toEqual({ ...bytes(13), samples: [bytes(10), bytes(3)] });
});
