import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FileLog } from "../../../../src/main/log/file-log.ts";
import { lineOf, withoutSecrets } from "../../../../src/main/log/log-line.ts";
import { AppError } from "../../../../src/shared/errors.ts";

let root: string;
let folder: string;
const logs: FileLog[] = [];

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "culvert-log-"));
  folder = path.join(root, "logs");
});

afterEach(async () => {
  await Promise.all(logs.splice(0).map((log) => log.close()));
  rmSync(root, { recursive: true, force: true });
});

function open(more: Partial<ConstructorParameters<typeof FileLog>[0]> = {}): FileLog {
  const log = new FileLog({ folder, level: "info", now: () => new Date(0), ...more });
  logs.push(log);
  return log;
}
const linesOf = (name = "culvert.log"): Record<string, unknown>[] =>
  readFileSync(path.join(folder, name), "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const error = new AppError("refused", "access.test refused the connection.", { requestId: "r1" }).toData();

test("events and failures become lines of JSON, in order, for this user only", async () => {
  const log = open();
  log.event({ type: "tunnel-listening", tunnel: "t", address: "127.0.0.1:1", destination: "pg:5432" });
  log.event({ type: "peer-failed", tunnel: "t", peer: 1, destination: "pg:5432", step: "connect", ms: 3, error });
  log.failure(error, "start");
  log.write("info", "app-started", { version: "1" });
  await log.flush();
  const time = "1970-01-01T00:00:00.000Z";
  expect(linesOf()).toEqual([
    { time, level: "info", event: "tunnel-listening", tunnel: "t", address: "127.0.0.1:1", destination: "pg:5432" },
    {
      time,
      level: "error",
      event: "peer-failed",
      tunnel: "t",
      peer: 1,
      destination: "pg:5432",
      step: "connect",
      ms: 3,
      error,
    },
    { time, level: "error", event: "failure", about: "start", error },
    { time, level: "info", event: "app-started", version: "1" },
  ]);
  if (process.platform !== "win32") {
    expect([statSync(folder).mode & 0o777, statSync(log.path).mode & 0o777]).toEqual([0o700, 0o600]);
  }
});

test("the level decides, and can change", async () => {
  const log = open({ level: "error" });
  const all = (name: string): void => {
    for (const level of ["error", "info", "debug"] as const) log.write(level, `${name}-${level}`);
  };
  all("a");
  log.level = "debug";
  all("b");
  log.level = "info";
  all("c");
  log.event({ type: "peer-opened", tunnel: "t", peer: 1, from: "127.0.0.1:2" });
  log.event({ type: "sign-in-failed", proxy: "https://a", ms: 1, error: new AppError("cancelled", "x").toData() });
  await log.close();
  expect(linesOf().map(({ event, level }) => `${String(event)}:${String(level)}`)).toEqual([
    "a-error:error",
    "b-error:error",
    "b-info:info",
    "b-debug:debug",
    "c-error:error",
    "c-info:info",
    "sign-in-failed:info",
  ]);
});

test("a full file makes way; two files at most, no line torn, the newest kept", async () => {
  const log = open({ fileBytes: 2_000 });
  for (let number = 0; number < 200; number++) {
    log.write("info", "line", { number });
    if (number % 7 === 0) await log.flush();
  }
  await log.close();
  expect(readdirSync(folder).sort()).toEqual(["culvert.1.log", "culvert.log"]);
  const numbers = [...linesOf("culvert.1.log"), ...linesOf()].map(({ number }) => number as number);
  expect(numbers.at(-1)).toBe(199);
  expect(numbers).toEqual(numbers.map((_, index) => 200 - numbers.length + index));
  for (const name of readdirSync(folder)) expect(statSync(path.join(folder, name)).size).toBeLessThanOrEqual(2_000);
});

test("a later run goes on in the same file", async () => {
  const first = open();
  first.write("info", "one");
  await first.close();
  const second = open({ fileBytes: statSync(first.path).size + 10 });
  second.write("info", "two");
  await second.close();
  expect([linesOf("culvert.1.log").length, linesOf().length]).toEqual([1, 1]);
});

test("control characters cannot break a line or a terminal", async () => {
  const log = open();
  log.write("info", "odd", { text: "a\nb\u001b[2J\u202e\u2028\u0000\ud800", ["n\u009bame"]: 1 });
  await log.flush();
  const text = readFileSync(log.path, "utf8");
  expect(text.slice(0, -1)).toMatch(/^[\x20-\x7e]+$/);
  expect(linesOf()[0]).toMatchObject({ text: "a\nb\u001b[2J\u202e\u2028\u0000\ud800" });
});

describe("secrets", () => {
  const jwt = `eyJhbGciOiJFUzI1NiJ9.${"a".repeat(40)}.${"b-_".repeat(20)}`;
  test.each([
    ["a JWT", `refused ${jwt}.`, "refused [hidden]."],
    ["a sign-in URL", "open https://a.test/x?sig=SECRET&y=1 now", "open https://a.test/x?[hidden] now"],
    ["a callback", `http://127.0.0.1:5/p#${jwt}`, "http://127.0.0.1:5/p?[hidden]"],
    ["a key", "x -----BEGIN EC PRIVATE KEY-----\nSECRET\n-----END EC PRIVATE KEY----- y", "x [hidden] y"],
    ["half a key", "x -----BEGIN PRIVATE KEY-----\nSECRET", "x [hidden]"],
    ["none", "https://a.test:8443 eyJ.x pg.corp.test:5432?", "https://a.test:8443 eyJ.x pg.corp.test:5432?"],
  ])("%s", (_what, text, expected) => {
    expect(withoutSecrets(text)).toBe(expected);
    expect(JSON.parse(lineOf(new Date(0), "info", "x", { deep: [{ text }] }))).toMatchObject({
      deep: [{ text: expected }],
    });
  });

  test("one that stands where a text is cut is not left half", () => {
    const line = lineOf(new Date(0), "info", "x", { text: `${"-".repeat(8 * 1024 - 30)} ${jwt}` });
    expect(line).not.toContain("eyJ");
  });
});

describe("what cannot be written", () => {
  test("is left out and counted, never thrown", async () => {
    writeFileSync(folder, "a file where the folder should be");
    const log = open();
    log.write("info", "one");
    log.write("info", "two");
    await log.flush();
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    log.write("info", "cycle", cycle);
    rmSync(folder);
    log.write("info", "three");
    await log.close();
    expect(linesOf().map(({ event, leftOut }) => [event, leftOut])).toEqual([
      ["log-incomplete", 3],
      ["three", undefined],
    ]);
  });

  test("a flood is bounded in memory", async () => {
    const log = open({ waitingBytes: 2_000 });
    for (let number = 0; number < 1_000; number++) log.write("info", "line", { number });
    await log.flush();
    log.write("info", "last");
    await log.close();
    const lines = linesOf();
    const written = lines.filter(({ event }) => event === "line").length;
    const leftOut = lines.reduce((sum, line) => sum + Number(line["leftOut"] ?? 0), 0);
    expect(written).toBeGreaterThan(5);
    expect(written + leftOut).toBe(1_000);
    expect(lines.at(-1)).toMatchObject({ event: "last" });
  });

  test("a huge text is cut, a huge line says so", () => {
    expect(lineOf(new Date(0), "info", "x", { text: "y".repeat(1_000_000) }).length).toBeLessThan(9_000);
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`f${index}`, "y".repeat(10_000)]));
    expect(JSON.parse(lineOf(new Date(0), "info", "x", many))).toMatchObject({ note: "too long to be written" });
  });

  test.skipIf(process.platform === "win32")("a link in its place is not followed", async () => {
    mkdirSync(folder);
    const target = path.join(root, "target");
    writeFileSync(target, "");
    symlinkSync(target, path.join(folder, "culvert.log"));
    const log = open();
    log.write("info", "one");
    await log.close();
    expect(readFileSync(target, "utf8")).toBe("");
  });

  test("after it is closed nothing more is written, and closing again is fine", async () => {
    const log = open();
    log.write("info", "one");
    await Promise.all([log.close(), log.close()]);
    log.write("info", "two");
    await log.flush();
    expect(linesOf()).toHaveLength(1);
  });
});
