import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  ConnectionManager,
  type ManagedEngine,
  type Tunnel,
  type TunnelSettings,
} from "../../../../src/engine/index.ts";
import { parseLocalAddress, parseTarget } from "../../../../src/shared/address.ts";
import { AppError } from "../../../../src/shared/errors.ts";

/** A tunnel that opens and closes when the test says so: no real one can be made to take its time. */
class SlowTunnel implements Tunnel {
  readonly id: string;
  readonly address = { host: "127.0.0.1", port: 5432 };
  readonly peers = 0;
  readonly graces: number[] = [];
  bytes = { sent: 0, received: 0 };
  triesNow = 0;
  quick = false;
  finish: () => void = () => undefined;
  readonly closed = new Promise<void>((resolve) => (this.finish = resolve));

  constructor(id: string) {
    this.id = id;
  }

  clients = (): [] => [];
  disconnect = (): boolean => false;
  totals = (): { sent: number; received: number } => this.bytes;
  dropped = (): number => 0;
  tryNow = (): void => void (this.triesNow += 1);
  close({ graceMs }: { graceMs: number }): Promise<void> {
    this.graces.push(graceMs);
    if (this.quick) this.finish();
    return this.closed;
  }
}

interface Opening {
  readonly settings: TunnelSettings;
  readonly signal: AbortSignal;
  readonly listen: () => SlowTunnel;
  readonly fail: (error: AppError) => void;
}

class Bench {
  readonly openings: Opening[] = [];
  readonly changes: string[] = [];
  ticks = 0;
  readonly manager = new ConnectionManager({
    settingsOf: () =>
      Promise.resolve({
        target: parseTarget("pg.corp.test:5432", ""),
        listen: parseLocalAddress("5432"),
        tls: { verify: true, ca: [] },
        auth: { kind: "browser" },
      }),
    changed: (id) => this.changes.push(`${id} ${this.manager.status(id).kind}`),
    logged: () => undefined,
    ticked: () => void (this.ticks += 1),
  });

  constructor() {
    const engine: ManagedEngine = {
      openTunnel: (settings, signal) =>
        new Promise((resolve, reject) => {
          const listen = (): SlowTunnel => {
            const tunnel = new SlowTunnel(settings.id);
            const { id } = settings;
            this.manager.events({
              type: "tunnel-listening",
              tunnel: id,
              address: "127.0.0.1:5432",
              destination: "x:1",
            });
            resolve(tunnel);
            return tunnel;
          };
          this.openings.push({ settings, signal, listen, fail: reject });
        }),
    };
    this.manager.attach(engine);
  }

  kind(): string {
    return this.manager.status("a").kind;
  }

  async opening(index: number): Promise<Opening> {
    await vi.advanceTimersByTimeAsync(0);
    const opening = this.openings[index];
    if (!opening) throw new Error(`there is no opening ${index}`);
    return opening;
  }

  async on(): Promise<SlowTunnel> {
    this.manager.turnOn("a");
    const tunnel = (await this.opening(this.openings.length)).listen();
    await vi.advanceTimersByTimeAsync(0);
    return tunnel;
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a tunnel that takes its time", () => {
  test("is asked to retry, under the id of its connection", async () => {
    const bench = new Bench();
    await bench.on();
    expect(bench.openings[0]?.settings).toMatchObject({ id: "a", retry: true });
    expect(bench.changes).toEqual(["a starting", "a listening"]);
  });

  test("is closed before the next one opens, and has no part in it", async () => {
    const bench = new Bench();
    const first = await bench.on();
    first.bytes = { sent: 5, received: 7 };
    bench.manager.turnOff("a");
    expect(bench.kind()).toBe("off");
    bench.manager.turnOn("a");
    await vi.advanceTimersByTimeAsync(5_000);
    expect([bench.kind(), bench.openings.length, first.graces]).toEqual(["starting", 1, [0]]);
    expect(bench.manager.activity("a").traffic).toMatchObject({ sent: 0, received: 0 });
    bench.manager.events({
      type: "tunnel-retrying",
      tunnel: "a",
      destination: "x:1",
      attempt: 1,
      inMs: 1,
      error: gone,
    });
    expect([bench.kind(), bench.manager.rates()]).toEqual(["starting", { sent: 0, received: 0 }]);
    first.finish();
    (await bench.opening(1)).listen();
    await vi.advanceTimersByTimeAsync(0);
    expect(bench.kind()).toBe("listening");
    expect(bench.manager.activity("a").traffic).toMatchObject({ sent: 0, received: 0 });
  });

  test("that opens too late is closed again", async () => {
    const bench = new Bench();
    bench.manager.turnOn("a");
    const opening = await bench.opening(0);
    bench.manager.turnOff("a");
    expect(opening.signal.aborted).toBe(true);
    const late = opening.listen();
    await vi.advanceTimersByTimeAsync(0);
    expect([bench.kind(), late.graces]).toEqual(["off", [0]]);
    late.finish();
    await bench.on();
    expect([bench.kind(), bench.openings.length]).toEqual(["listening", 2]);
  });

  test("closes sooner when closing is asked for again", async () => {
    const bench = new Bench();
    const tunnel = await bench.on();
    const closing = [bench.manager.close({ graceMs: 5_000 })];
    await vi.advanceTimersByTimeAsync(0);
    closing.push(bench.manager.close({ graceMs: 0 }));
    expect(tunnel.graces).toEqual([5_000, 0]);
    tunnel.finish();
    await Promise.all(closing);
    expect(vi.getTimerCount()).toBe(0);
  });
});

test("wishes in any order end in the last one", async () => {
  const bench = new Bench();
  let answered = 0;
  const answer = (): void => {
    for (const opening of bench.openings.slice(answered)) opening.listen().quick = true;
    answered = bench.openings.length;
  };
  for (let i = 0; i < 1_000; i += 1) {
    const wish = (i * 7) % 5;
    if (wish < 2) bench.manager.turnOn("a");
    else if (wish === 2) void bench.manager.restart("a");
    else bench.manager.turnOff("a");
    if (i % 3 === 0) await Promise.resolve();
    if (i % 11 === 0) await vi.advanceTimersByTimeAsync(0);
    if (i % 13 === 0) answer();
  }
  expect(answered).toBeGreaterThan(20);
  for (const kind of ["listening", "off"]) {
    if (kind === "off") bench.manager.turnOff("a");
    else bench.manager.turnOn("a");
    // What is under way ends first, and then what is wanted begins.
    for (let round = 0; round < 3; round += 1) {
      await vi.advanceTimersByTimeAsync(0);
      answer();
    }
    await vi.advanceTimersByTimeAsync(0);
    expect(bench.kind()).toBe(kind);
  }
});

describe("the tick", () => {
  test("runs while something is on, and once more for the rates that are none", async () => {
    const bench = new Bench();
    expect(vi.getTimerCount()).toBe(0);
    const tunnel = await bench.on();
    tunnel.bytes = { sent: 1_000, received: 4_000 };
    await vi.advanceTimersByTimeAsync(1_000);
    expect([bench.ticks, bench.manager.rates()]).toEqual([1, { sent: 1_000, received: 4_000 }]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(bench.manager.activity("a").traffic.samples).toEqual([
      { sent: 1_000, received: 4_000 },
      { sent: 0, received: 0 },
      { sent: 0, received: 0 },
    ]);
    bench.manager.turnOff("a");
    tunnel.finish();
    await vi.advanceTimersByTimeAsync(1_000);
    expect([bench.ticks, vi.getTimerCount(), bench.manager.rates()]).toEqual([4, 0, { sent: 0, received: 0 }]);
  });

  test("keeps no process alive", async () => {
    vi.useRealTimers();
    const unref = vi.spyOn(global, "setInterval");
    const bench = new Bench();
    bench.manager.turnOn("a");
    expect((unref.mock.results[0]?.value as NodeJS.Timeout).hasRef()).toBe(false);
    unref.mockRestore();
    await bench.manager.close({ graceMs: 0 });
  });
});

test("trying again asks a tunnel that stands, and opens one that failed", async () => {
  const bench = new Bench();
  bench.manager.tryAgain("a");
  bench.manager.turnOn("a");
  (await bench.opening(0)).fail(new AppError("port-in-use", "In use."));
  await vi.advanceTimersByTimeAsync(60_000);
  expect([bench.manager.status("a"), bench.openings.length]).toMatchObject([{ kind: "error", address: null }, 1]);
  bench.manager.tryAgain("a");
  const tunnel = (await bench.opening(1)).listen();
  await vi.advanceTimersByTimeAsync(0);
  expect(tunnel.triesNow).toBe(0);
  bench.manager.tryAgain("a");
  expect([tunnel.triesNow, bench.openings.length]).toEqual([1, 2]);
});

test("events without a connection, and without a proxy, are nobody's", () => {
  const bench = new Bench();
  bench.manager.events({ type: "tunnel-recovered", tunnel: "unknown", destination: "x:1" });
  bench.manager.events({ type: "storage-failed", error: gone });
  expect([bench.changes, bench.manager.activity("unknown").log]).toEqual([[], []]);
});

const gone = { code: "no-answer", message: "No answer.", retryable: true } as const;
