import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RetryGate, retryWait } from "../../../../src/engine/tunnel/retry-gate.ts";
import { AppError } from "../../../../src/shared/errors.ts";

const limits = { retryFirstMs: 1_000, retryMostMs: 30_000 };
const down = (text = "No answer."): AppError => new AppError("no-answer", text, { retryable: true });
const denied = new AppError("access-denied", "The policy says no.");

/** Something that a test settles by hand. */
interface Call {
  readonly succeed: () => void;
  readonly fail: (error: AppError) => void;
  readonly signal?: AbortSignal;
}

class Bench {
  readonly said: string[] = [];
  readonly probes: Call[] = [];
  readonly gate = new RetryGate({
    limits,
    probe: (signal) =>
      new Promise<void>((resolve, reject) => this.probes.push({ succeed: resolve, fail: reject, signal })),
    retrying: (attempt, inMs) => this.said.push(`retrying ${attempt} in ${inMs}`),
    recovered: () => this.said.push("recovered"),
    givenUp: (error) => this.said.push(`given up: ${error.code}`),
  });

  client(): Client {
    return new Client(this.gate);
  }
}

class Client {
  readonly tries: Call[] = [];
  readonly waits: string[] = [];
  readonly #leaver = new AbortController();
  outcome = "none";

  constructor(gate: RetryGate) {
    const open = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const { signal } = this.#leaver;
        const gone = (): void => reject(new AppError("cancelled", "Gone."));
        if (signal.aborted) return gone();
        signal.addEventListener("abort", gone);
        this.tries.push({ succeed: () => resolve("open"), fail: reject });
      });
    gate
      .pass(open, (error) => this.waits.push(error.message), this.#leaver.signal)
      .then(
        (path) => (this.outcome = path),
        (error: AppError) => (this.outcome = error.code),
      );
  }

  get latest(): Call {
    const call = this.tries.at(-1);
    if (!call) throw new Error("it has not tried yet");
    return call;
  }

  leave(): void {
    this.#leaver.abort(new AppError("cancelled", "Gone."));
  }
}

/** Lets everything happen that waits for no timer. */
const soon = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
const after = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("the waits double up to the longest", () => {
  expect([1, 2, 3, 4, 5, 6, 7, 2_000].map((failed) => retryWait(failed, limits))).toEqual([
    1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
  ]);
});

describe("an open gate", () => {
  test("lets everybody try at the same time and says nothing", async () => {
    const bench = new Bench();
    const clients = [bench.client(), bench.client()];
    await soon();
    expect(clients.map(({ tries }) => tries.length)).toEqual([1, 1]);
    for (const { latest } of clients) latest.succeed();
    await soon();
    expect(clients.map(({ outcome }) => outcome)).toEqual(["open", "open"]);
    expect(bench.said).toEqual([]);
  });

  test("resets a client whose error stays, and waits for nothing", async () => {
    const bench = new Bench();
    const client = bench.client();
    client.latest.fail(denied);
    await after(120_000);
    expect([client.outcome, client.tries.length, bench.said]).toEqual(["access-denied", 1, []]);
    expect(bench.probes).toEqual([]);
  });
});

describe("a gate that has shut", () => {
  /** One client has failed and waits. */
  const shut = async (): Promise<{ bench: Bench; first: Client }> => {
    const bench = new Bench();
    const first = bench.client();
    first.latest.fail(down());
    await soon();
    return { bench, first };
  };

  test("counts a burst of failures once, and each wait is longer", async () => {
    const bench = new Bench();
    const clients = [bench.client(), bench.client(), bench.client()];
    for (const { latest } of clients) latest.fail(down());
    await soon();
    expect(bench.said).toEqual(["retrying 1 in 1000"]);
    expect(clients.map(({ waits }) => waits.length)).toEqual([1, 1, 1]);
    await after(999);
    expect(clients.map(({ tries }) => tries.length)).toEqual([1, 1, 1]);
    await after(1);
    expect(clients.map(({ tries }) => tries.length)).toEqual([2, 1, 1]);
    clients[0]?.latest.fail(down());
    await after(2_000);
    expect(bench.said).toEqual(["retrying 1 in 1000", "retrying 2 in 2000"]);
    expect(clients.map(({ tries }) => tries.length).sort()).toEqual([1, 2, 2]);
  });

  test("lets all go on when the one that tries gets through", async () => {
    const { bench, first } = await shut();
    const late = [bench.client(), bench.client()];
    await after(1_000);
    expect(late.map(({ tries }) => tries.length)).toEqual([0, 0]);
    first.latest.succeed();
    await soon();
    expect(bench.said).toEqual(["retrying 1 in 1000", "recovered"]);
    for (const { latest } of late) latest.succeed();
    await soon();
    expect([first, ...late].map(({ outcome }) => outcome)).toEqual(["open", "open", "open"]);
    bench.client().latest.fail(down());
    await soon();
    expect(bench.said.at(-1)).toBe("retrying 1 in 1000");
  });

  test("resets all when the one that tries meets an error that stays", async () => {
    const { bench, first } = await shut();
    const late = bench.client();
    await after(1_000);
    first.latest.fail(denied);
    await after(60_000);
    expect([first.outcome, late.outcome, late.tries.length]).toEqual(["access-denied", "access-denied", 0]);
    expect(bench.said).toEqual(["retrying 1 in 1000", "given up: access-denied"]);
    expect(bench.client().tries).toHaveLength(1);
  });

  test("opens when the proxy asks for a sign-in, but keeps count of what failed", async () => {
    const { bench, first } = await shut();
    const late = bench.client();
    await after(1_000);
    bench.gate.reached();
    await soon();
    expect([bench.said.at(-1), late.tries.length]).toEqual(["recovered", 1]);
    late.latest.fail(down());
    await soon();
    expect(bench.said.at(-1)).toBe("retrying 2 in 2000");
    first.latest.succeed();
    await soon();
    expect(bench.said.at(-1)).toBe("recovered");
  });

  test("lets another try when the one that tries leaves, at once and without counting", async () => {
    const { bench, first } = await shut();
    const late = bench.client();
    await after(1_000);
    first.leave();
    await soon();
    expect([first.outcome, late.tries.length, bench.said]).toEqual(["cancelled", 1, ["retrying 1 in 1000"]]);
    late.leave();
    await soon();
    expect([late.outcome, bench.probes.length]).toEqual(["cancelled", 1]);
  });

  test("lets go of a client that leaves while it waits", async () => {
    const { first } = await shut();
    first.leave();
    await soon();
    expect([first.outcome, first.tries.length]).toEqual(["cancelled", 1]);
  });

  test("tries by itself when nobody waits, until it is reached", async () => {
    const { bench, first } = await shut();
    first.leave();
    await after(1_000);
    bench.probes[0]?.fail(down());
    await after(2_000);
    expect(bench.said).toEqual(["retrying 1 in 1000", "retrying 2 in 2000"]);
    const late = bench.client();
    await soon();
    expect(late.tries).toHaveLength(0);
    bench.probes[1]?.succeed();
    await after(60_000);
    expect([bench.said.at(-1), late.tries.length, bench.probes.length]).toEqual(["recovered", 1, 2]);
  });

  test("gives up when its own try meets an error that stays", async () => {
    const { bench, first } = await shut();
    first.leave();
    await after(1_000);
    const late = bench.client();
    bench.probes[0]?.fail(denied);
    await after(60_000);
    expect([late.outcome, bench.said.at(-1), bench.probes.length]).toEqual([
      "access-denied",
      "given up: access-denied",
      1,
    ]);
  });

  test("opens for a client that had set out before and got through after all", async () => {
    const bench = new Bench();
    const [slow, quick] = [bench.client(), bench.client()];
    quick.latest.fail(down());
    await soon();
    slow.latest.succeed();
    await soon();
    expect([bench.said, quick.tries.length]).toEqual([["retrying 1 in 1000", "recovered"], 2]);
  });

  test("is not shut again by a failure from before it opened", async () => {
    const bench = new Bench();
    const [slow, quick] = [bench.client(), bench.client()];
    quick.latest.fail(down());
    await after(1_000);
    quick.latest.succeed();
    await soon();
    slow.latest.fail(down());
    await soon();
    expect([bench.said.at(-1), slow.tries.length]).toEqual(["recovered", 2]);
  });
});

describe("trying now", () => {
  test("ends the wait once, and leaves a try that runs alone", async () => {
    const bench = new Bench();
    const client = bench.client();
    client.latest.fail(down());
    await soon();
    bench.gate.tryNow();
    bench.gate.tryNow();
    await after(60_000);
    expect([client.tries.length, bench.probes.length]).toEqual([2, 0]);
    client.latest.fail(down());
    await soon();
    expect(bench.said.at(-1)).toBe("retrying 2 in 1000");
  });

  test.each(["while it waits", "while a try runs"])("begins with the shortest wait again, %s", async (when) => {
    const bench = new Bench();
    const client = bench.client();
    for (const wait of [1_000, 2_000, 4_000, 8_000]) {
      client.latest.fail(down());
      await after(wait);
    }
    if (when === "while it waits") {
      client.latest.fail(down());
      await soon();
    }
    bench.gate.tryNow();
    await soon();
    client.latest.fail(down());
    await soon();
    expect(bench.said.at(-1)).toMatch(/^retrying [56] in 1000$/);
    await after(1_000);
    client.latest.fail(down());
    await soon();
    expect(bench.said.at(-1)).toMatch(/^retrying [67] in 2000$/);
  });

  test("does nothing where nothing is wrong", async () => {
    const bench = new Bench();
    bench.gate.tryNow();
    bench.client().latest.succeed();
    await soon();
    bench.gate.tryNow();
    await soon();
    expect([bench.probes, bench.said]).toEqual([[], []]);
  });

  test.each([
    ["is over", (probe: Call) => probe.succeed(), "recovered"],
    ["still stands", (probe: Call) => probe.fail(denied), "given up: access-denied"],
    ["has become one that passes", (probe: Call) => probe.fail(down()), "retrying 1 in 1000"],
  ])("tells whether an error that stays %s, and keeps nobody waiting meanwhile", async (_, settle, said) => {
    const bench = new Bench();
    bench.client().latest.fail(denied);
    await soon();
    bench.gate.tryNow();
    bench.gate.tryNow();
    expect(bench.probes).toHaveLength(1);
    expect(bench.client().tries).toHaveLength(1);
    settle(bench.probes[0] as Call);
    await soon();
    expect(bench.said).toEqual([said]);
  });

  test("a cancelled sign-in is no error to test", async () => {
    const bench = new Bench();
    const client = bench.client();
    client.latest.fail(new AppError("cancelled", "The sign-in was cancelled."));
    await soon();
    bench.gate.tryNow();
    expect([client.outcome, bench.probes, bench.said]).toEqual(["cancelled", [], []]);
  });
});

test("closing sends everybody away, ends the gate's own try and leaves no timer", async () => {
  const bench = new Bench();
  const [tried, waiting] = [bench.client(), bench.client()];
  tried.latest.fail(down());
  waiting.latest.fail(down());
  await soon();
  const closed = new AppError("closed", "The tunnel was closed.");
  bench.gate.close(closed);
  bench.gate.close(closed);
  await soon();
  expect([tried.outcome, waiting.outcome, vi.getTimerCount()]).toEqual(["closed", "closed", 0]);
  bench.gate.tryNow();
  const late = bench.client();
  await soon();
  expect([late.outcome, bench.probes.length]).toEqual(["closed", 0]);

  const other = new Bench();
  const gone = other.client();
  gone.latest.fail(down());
  await soon();
  gone.leave();
  await after(1_000);
  other.gate.close(closed);
  expect(other.probes[0]?.signal?.aborted).toBe(true);
  other.probes[0]?.fail(down());
  await soon();
  expect([other.said, vi.getTimerCount()]).toEqual([["retrying 1 in 1000"], 0]);
});
