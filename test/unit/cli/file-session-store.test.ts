import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FileSessionStore } from "../../../src/cli/store/file-session-store.ts";
import { culvertHome } from "../../../src/cli/store/home.ts";
import { sessionFileName } from "../../../src/cli/store/session-file.ts";
import type { Session } from "../../../src/engine/index.ts";

let home: string;
let sessions: string;
let store: FileSessionStore;
const children = new Set<ChildProcess>();

beforeEach(() => {
  const root = mkdtempSync(path.join(tmpdir(), "culvert-store-"));
  home = path.join(root, "home");
  sessions = path.join(home, "sessions");
  store = new FileSessionStore(home);
});

afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
  rmSync(path.dirname(home), { recursive: true, force: true });
});

const session = (jwt: string, createdAt: number, more: Partial<Session> = {}): Session => ({
  proxy: "https://redis.corp.test",
  jwt,
  createdAt,
  pomerium: "https://authenticate.corp.test",
  verified: true,
  ...more,
});
const never = new AbortController().signal;
const modeOf = (file: string): number => statSync(file).mode & 0o777;
const fileOf = (one: Session): string => path.join(sessions, sessionFileName(one));

function worker(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "store-worker.ts"), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.add(child);
  return child;
}

const exitOf = async (child: ChildProcess): Promise<unknown> => ((await once(child, "exit")) as unknown[])[0];

describe("sessions", () => {
  test("nothing is made before something is stored", async () => {
    expect(await store.list()).toEqual([]);
    await store.remove(session("a.b.c", 1));
    expect(existsSync(home)).toBe(false);
  });

  test("come back whole, newest first", async () => {
    const one = session("a.b.1", 1, { user: { email: "ada@x", name: "Ada" }, expiresAt: 99, pomerium: null });
    const two = session("a.b.2", 2, { proxy: "https://[2001:db8::1]:8443", verified: false });
    await store.put(one);
    await store.put(two);
    expect(await store.list()).toEqual([two, one]);
  });

  test("a newer one replaces those of the same proxy, an older one does not", async () => {
    await store.put(session("a.b.1", 1));
    await store.put(session("a.b.2", 2));
    expect((await store.list()).map(({ jwt }) => jwt)).toEqual(["a.b.2"]);
    await store.put(session("a.b.0", 0));
    expect((await store.list())[0]?.jwt).toBe("a.b.2");
  });

  test("remove takes exactly the one it was given", async () => {
    const other = session("a.b.2", 2, { proxy: "https://pg.corp.test" });
    await store.put(session("a.b.1", 1));
    await store.put(other);
    await store.remove(session("a.b.9", 1));
    expect(await store.list()).toHaveLength(2);
    await store.remove(session("a.b.1", 1));
    expect(await store.list()).toEqual([other]);
  });

  test("only this user can read them, also where the folder or a file was looser", async () => {
    mkdirSync(sessions, { recursive: true });
    chmodSync(sessions, 0o755);
    const one = session("a.b.1", 1);
    await store.put(one);
    expect([modeOf(sessions), modeOf(fileOf(one))]).toEqual([0o700, 0o600]);
    chmodSync(fileOf(one), 0o644);
    expect(await store.list()).toEqual([one]);
    expect(modeOf(fileOf(one))).toBe(0o600);
  });

  test("an umask cannot loosen or block them", async () => {
    const before = process.umask(0);
    try {
      await store.put(session("a.b.1", 1));
    } finally {
      process.umask(before);
    }
    expect([modeOf(home), modeOf(sessions), modeOf(fileOf(session("a.b.1", 1)))]).toEqual([0o700, 0o700, 0o600]);
  });

  test("junk is left out and left where it is", async () => {
    const good = session("a.b.1", 1);
    await store.put(good);
    const text = readFileSync(fileOf(good), "utf8");
    const other = session("a.b.2", 2);
    const junk: Record<string, string> = {
      [sessionFileName(other)]: text,
      [sessionFileName(session("a.b.3", 3))]: "{",
      [sessionFileName(session("a.b.4", 4))]: '{"version":2}',
      [sessionFileName(session("a.b.5", 5))]: `"${"x".repeat(100_000)}"`,
      "notes.txt": "hello",
    };
    for (const [name, content] of Object.entries(junk)) writeFileSync(path.join(sessions, name), content);
    const outside = path.join(home, "outside.json");
    const linked = session("a.b.6", 6);
    writeFileSync(outside, JSON.stringify({ version: 1, session: linked }));
    symlinkSync(outside, fileOf(linked));
    execFileSync("mkfifo", [fileOf(session("a.b.7", 7))]);
    expect(await store.list()).toEqual([good]);
    expect(readdirSync(sessions)).toHaveLength(8);
  });

  test("a folder that is a link is not trusted", async () => {
    mkdirSync(home);
    symlinkSync(tmpdir(), sessions);
    await expect(store.put(session("a.b.1", 1))).rejects.toMatchObject({ code: "storage-failed" });
  });

  test("a file in place of the folder is told with the folder's name", async () => {
    writeFileSync(home, "");
    await expect(store.put(session("a.b.1", 1))).rejects.toMatchObject({
      code: "storage-failed",
      message: expect.stringContaining(sessions) as string,
    });
  });

  test("their number is bounded; the oldest go", async () => {
    mkdirSync(sessions, { recursive: true });
    for (let index = 0; index < 300; index++) {
      const one = session("a.b.c", index, { proxy: `https://p${index}.x` });
      writeFileSync(fileOf(one), JSON.stringify({ version: 1, session: one }));
    }
    await store.put(session("a.b.c", 1_000));
    const kept = await store.list();
    expect(kept).toHaveLength(256);
    expect([kept[0]?.createdAt, kept.at(-1)?.createdAt]).toEqual([1_000, 45]);
  });

  test("clear takes sessions and old temporary files, and nothing else", async () => {
    await store.put(session("a.b.1", 1));
    await store.put(session("a.b.1", 1, { proxy: "https://pg.corp.test" }));
    const left = path.join(sessions, `.${"0".repeat(24)}.tmp`);
    const fresh = path.join(sessions, `.${"1".repeat(24)}.tmp`);
    for (const file of [left, fresh, path.join(sessions, "notes.txt")]) writeFileSync(file, "");
    utimesSync(left, 1, 1);
    expect(await store.clear()).toBe(2);
    expect(readdirSync(sessions).sort()).toEqual([path.basename(fresh), "notes.txt"]);
  });

  test("several processes at once neither lose nor tear anything", async () => {
    const churning = ["https://a.x", "https://a.x", "https://b.x", "https://a.x"].map((proxy) =>
      worker("churn", home, proxy, "40"),
    );
    expect(await Promise.all(churning.map(exitOf))).toEqual([0, 0, 0, 0]);
    const names = readdirSync(sessions);
    expect(names.filter((name) => name.endsWith(".tmp"))).toEqual([]);
    const left = await store.list();
    expect(left).toHaveLength(names.length);
    for (const proxy of new Set(left.map((one) => one.proxy))) {
      const newest = session("a.b.end", Date.now() + 1_000, { proxy });
      await store.put(newest);
      expect((await store.list()).filter((one) => one.proxy === proxy)).toEqual([newest]);
    }
  });
});

describe("exclusive", () => {
  test("gives back what the work gives back, and lets go when it fails", async () => {
    expect(await store.exclusive("one", never, () => Promise.resolve(7))).toBe(7);
    await expect(store.exclusive("one", never, () => Promise.reject(new Error("boom")))).rejects.toThrow("boom");
    expect(await store.exclusive("one", never, () => Promise.resolve(8))).toBe(8);
  });

  test("other names do not wait", async () => {
    const inner = await store.exclusive("one", never, () => store.exclusive("two", never, () => Promise.resolve("in")));
    expect(inner).toBe("in");
  });

  test("waits within one process too, and waiting can be aborted", async () => {
    const order: string[] = [];
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    let first: Promise<void> = Promise.resolve();
    await new Promise<void>((entered) => {
      first = store.exclusive("one", never, async () => {
        entered();
        await held;
        order.push("first");
      });
    });
    const second = store.exclusive("one", never, () => Promise.resolve(order.push("second")));
    const controller = new AbortController();
    const third = store.exclusive("one", controller.signal, () => Promise.resolve(order.push("third")));
    controller.abort();
    await expect(third).rejects.toMatchObject({ code: "cancelled" });
    letGo();
    await Promise.all([first, second]);
    expect(order).toEqual(["first", "second"]);
  });

  test("never two at once among processes that come and go, and leaves few files", async () => {
    const log = path.join(path.dirname(home), "turns");
    writeFileSync(log, "");
    const killed = worker("turns", home, log, "100000");
    const working = Array.from({ length: 4 }, () => worker("turns", home, log, "15"));
    const done = Promise.all(working.map(exitOf));
    while (readFileSync(log, "utf8").split("\n").length < 20) await new Promise((resolve) => setTimeout(resolve, 10));
    killed.kill("SIGKILL");
    expect(await done).toEqual([0, 0, 0, 0]);
    let holder: string | null = null;
    for (const line of readFileSync(log, "utf8").trim().split("\n")) {
      const pid = line.slice(1);
      if (line.startsWith("+")) {
        expect(holder === null || holder === String(killed.pid)).toBe(true);
        holder = pid;
      } else {
        expect(holder).toBe(pid);
        holder = null;
      }
    }
    expect(readdirSync(path.join(home, "locks")).length).toBeLessThan(16);
  });

  test("is taken over from a process that was killed, at once", async () => {
    const holder = worker("hold", home);
    if (holder.stdout) await once(holder.stdout, "data");
    let entered = false;
    const waiting = store.exclusive("one", never, () => Promise.resolve((entered = true)));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(entered).toBe(false);
    const killedAt = performance.now();
    holder.kill("SIGKILL");
    await waiting;
    expect(performance.now() - killedAt).toBeLessThan(3_000);
  });

  test.runIf(process.platform === "linux")(
    "is an error where nobody can make a folder, rather than for ever",
    async () => {
      const nowhere = new FileSessionStore("/proc/culvert");
      const failure = nowhere.exclusive("one", never, () => Promise.resolve());
      await expect(failure).rejects.toMatchObject({ code: "storage-failed" });
    },
  );

  test("is taken over soon from a process that died before it could write its name", async () => {
    await store.exclusive("one", never, () => Promise.resolve());
    const [first = ""] = readdirSync(path.join(home, "locks"));
    writeFileSync(path.join(home, "locks", first.replace(/\.1$/, ".2")), "", { mode: 0o600 });
    const startedAt = performance.now();
    await store.exclusive("one", never, () => Promise.resolve());
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  test("is not taken from a process that is only stopped", async () => {
    const holder = worker("hold", home);
    if (holder.stdout) await once(holder.stdout, "data");
    holder.kill("SIGSTOP");
    const lock = readdirSync(path.join(home, "locks"))[0] ?? "";
    utimesSync(path.join(home, "locks", lock), 1, 1);
    const controller = new AbortController();
    const waiting = store.exclusive("one", controller.signal, () => Promise.resolve());
    setTimeout(() => controller.abort(), 500);
    await expect(waiting).rejects.toMatchObject({ code: "cancelled" });
  });

  test("a pid that has passed on to another process does not hold it", async () => {
    await store.exclusive("one", never, () => Promise.resolve());
    const locks = path.join(home, "locks");
    const file = path.join(locks, readdirSync(locks)[0] ?? "");
    const owner = JSON.parse(readFileSync(file, "utf8").slice(1)) as object;
    writeFileSync(file, `H${JSON.stringify({ ...owner, pid: process.pid, started: "1" })}\n`);
    expect(await store.exclusive("one", never, () => Promise.resolve("in"))).toBe("in");
  });

  test("junk among the locks is no lock", async () => {
    await store.exclusive("one", never, () => Promise.resolve());
    appendFileSync(path.join(home, "locks", "readme"), "x");
    expect(await store.exclusive("one", never, () => Promise.resolve("in"))).toBe("in");
  });
});

describe("the folder", () => {
  test.each([
    ["linux", {}, "/home/a/.local/state/culvert"],
    ["linux", { XDG_STATE_HOME: "/s" }, "/s/culvert"],
    ["linux", { XDG_STATE_HOME: "s" }, "/home/a/.local/state/culvert"],
    ["freebsd", {}, "/home/a/.local/state/culvert"],
    ["darwin", { XDG_STATE_HOME: "/s" }, "/home/a/Library/Application Support/Culvert"],
    ["linux", { CULVERT_HOME: "/c" }, "/c"],
  ] as const)("%s %j", (platform, env, folder) => {
    expect(culvertHome(platform, env, "/home/a")).toBe(folder);
  });

  test("Windows", () => {
    const local = String.raw`C:\Users\a\AppData\Local`;
    expect(culvertHome("win32", { LOCALAPPDATA: local }, String.raw`C:\Users\a`)).toBe(`${local}\\Culvert`);
    expect(culvertHome("win32", {}, String.raw`C:\Users\a`)).toBe(`${local}\\Culvert`);
  });
});
