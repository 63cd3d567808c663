import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { placeOf, type Rectangle, type WindowState } from "../../../../src/main/store/window-place.ts";
import { WindowStateStore } from "../../../../src/main/store/window-state-store.ts";
import { FaultyFile } from "./faulty-file.ts";

const primary: Rectangle = { x: 0, y: 25, width: 1_440, height: 875 };
const second: Rectangle = { x: -1_920, y: 0, width: 1_920, height: 1_080 };
const state = (bounds: Partial<Rectangle>, more: Partial<WindowState> = {}): WindowState => ({
  bounds: { x: 100, y: 100, width: 1_000, height: 700, ...bounds },
  maximised: false,
  listWidth: 400,
  ...more,
});

describe("the place of the window", () => {
  test("is the middle of the first display at first", () => {
    expect(placeOf(null, [primary, second])).toEqual({
      bounds: { x: 240, y: 143, width: 960, height: 640 },
      maximised: false,
      listWidth: 384,
    });
    expect(placeOf(null, []).bounds).toMatchObject({ width: 960, height: 640 });
  });

  test("is where it was, on any display", () => {
    for (const saved of [state({}), state({ x: -1_800, y: 10 }, { maximised: true, listWidth: 320 })]) {
      expect(placeOf(saved, [primary, second])).toEqual(saved);
    }
  });

  test.each([
    ["the display is gone", state({ x: -1_800 })],
    ["its toolbar is above the screen", state({ y: -200 })],
    ["its toolbar is below the screen", state({ y: 890 })],
    ["only a sliver shows", state({ x: 1_400 })],
  ])("is the middle, with its size, when %s", (_why, saved) => {
    expect(placeOf(saved, [primary]).bounds).toEqual({ x: 220, y: 113, width: 1_000, height: 700 });
  });

  test("fits its display and keeps its smallest size", () => {
    expect(placeOf(state({ x: 0, y: 25, width: 5_000, height: 5_000 }), [primary]).bounds).toEqual(primary);
    const small = placeOf(state({ width: 10, height: 10 }, { listWidth: 9 }), [primary]);
    expect(small).toMatchObject({ bounds: { width: 480, height: 400 }, listWidth: 320 });
    expect(placeOf(state({}, { listWidth: 9_999 }), [primary]).listWidth).toBe(480);
  });

  test("is always one that can be dragged, at a usable size", () => {
    const pixel = fc.double({ min: -20_000, max: 20_000, noNaN: true });
    const area = fc.record({
      x: fc.integer({ min: -5_000, max: 5_000 }),
      y: fc.integer({ min: -5_000, max: 5_000 }),
      width: fc.integer({ min: 640, max: 5_000 }),
      height: fc.integer({ min: 480, max: 3_000 }),
    });
    const saved = fc.record({
      bounds: fc.record({ x: pixel, y: pixel, width: pixel, height: pixel }),
      maximised: fc.boolean(),
      listWidth: pixel,
    });
    fc.assert(
      fc.property(saved, fc.array(area, { minLength: 1, maxLength: 4 }), (remembered, areas) => {
        const { bounds } = placeOf(remembered, areas);
        expect(bounds.width).toBeGreaterThanOrEqual(480);
        expect(bounds.height).toBeGreaterThanOrEqual(400);
        expect(
          areas.some(
            ({ x, y, width, height }) =>
              Math.min(bounds.x + bounds.width, x + width) - Math.max(bounds.x, x) >= 95 &&
              Math.min(bounds.y + 48, y + height) - Math.max(bounds.y, y) >= 23,
          ),
        ).toBe(true);
      }),
    );
  });
});

describe("what is remembered of it", () => {
  let folder: string;
  let file: FaultyFile;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "culvert-window-"));
    file = new FaultyFile(path.join(folder, "window.json"));
  });

  afterEach(() => {
    vi.useRealTimers();
    rmSync(folder, { recursive: true, force: true });
  });

  test("is written once for many moves, and at the latest when it closes", () => {
    vi.useFakeTimers();
    const store = new WindowStateStore(file);
    expect(store.load()).toBeNull();
    for (let x = 0; x < 100; x++) store.note(state({ x }));
    expect(file.writes).toBe(0);
    vi.advanceTimersByTime(5_000);
    expect(file.writes).toBe(1);
    store.note(state({ x: 7 }));
    store.close();
    expect(new WindowStateStore(file).load()).toEqual(state({ x: 7 }));
    expect(file.writes).toBe(2);
  });

  test.each(["", "{}", '{"version":1,"window":{"bounds":{"x":1e400}}}', '{"version":2}'])(
    "is nothing where the file says %s",
    (content) => {
      writeFileSync(file.path, content);
      expect(new WindowStateStore(file).load()).toBeNull();
      expect(readFileSync(file.path, "utf8")).toBe(content);
    },
  );

  test("a full disk is for the log only", () => {
    const failures: unknown[] = [];
    const store = new WindowStateStore(file, (failure) => failures.push(failure?.message ?? null));
    file.fault = "ENOSPC";
    store.note(state({}));
    store.close();
    expect(failures).toEqual(["Changes could not be saved: the disk is full."]);
  });
});
