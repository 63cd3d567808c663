import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { EngineEvent } from "../src/shared/events.ts";
import { startAccessProxy, type AccessProxy } from "../test/support/access-proxy/index.ts";
import { openApp } from "./demo-app.ts";
import { askRedis, MiniRedis } from "../test/support/mini-redis.ts";

/**
 * `npm run demo`: the main job with nothing to configure. A stand-in Pomerium guards a small database; `culvert tcp`
 * opens a local port, signs in, and a client's query goes through; then the app opens beside it, where it can. `--once`
 * ends after the proof.
 */
const onlyOnce = process.argv.includes("--once");
const destination = "redis.corp.test:6379";
/** The whole proof takes a second or two; a person at the sign-in page may take longer. */
const patienceMs = 5 * 60_000;

const began = performance.now();
const say = (text: string): void =>
  console.log(`${((performance.now() - began) / 1000).toFixed(2).padStart(6)} s  ${text}`);

/** A browser for a person is used where there is one and somebody to see it. */
function hasBrowser(): boolean {
  if (onlyOnce || !process.stdout.isTTY || process.env["CI"]) return false;
  return process.platform !== "linux" || Boolean(process.env["DISPLAY"] ?? process.env["WAYLAND_DISPLAY"]);
}

const closers: (() => void | Promise<void>)[] = [];
async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

async function startCulvert(
  args: readonly string[],
  home: string,
): Promise<{ child: ChildProcess; events: AsyncIterable<string> }> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "../src/cli/index.ts"), ...args], {
    env: { ...process.env, CULVERT_HOME: home },
    stdio: ["ignore", "inherit", "pipe"],
  });
  await once(child, "spawn");
  closers.push(async () => {
    if (child.exitCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  });
  return { child, events: createInterface({ input: child.stderr }) };
}

async function main(): Promise<void> {
  const redis = await MiniRedis.start();
  closers.push(() => redis.close());
  say(`a small database listens on port ${redis.port}; only the proxy may talk to it`);

  const [host = "", port = ""] = destination.split(":");
  const person = hasBrowser();
  const proxy = await startAccessProxy({
    routes: [{ host, port: Number(port), upstream: { host: "127.0.0.1", port: redis.port } }],
    signIn: person ? "form" : "approve",
    authenticateOverHttp: true,
  });
  closers.push(() => proxy.close());
  say(`a stand-in Pomerium guards it as ${destination}, at ${proxy.origin}`);

  const home = mkdtempSync(path.join(os.tmpdir(), "culvert-demo-"));
  closers.push(() => rmSync(home, { recursive: true, force: true }));
  const browser = `"${process.execPath}" "${path.join(import.meta.dirname, "demo-browser.ts")}" "${proxy.caFile}"`;
  const args = ["tcp", destination, "--pomerium-url", proxy.origin, "--alternate-ca-path", proxy.caFile];
  const { child, events } = await startCulvert(
    [...args, "--json", ...(person ? [] : ["--browser-cmd", browser])],
    home,
  );
  say(`$ culvert ${args.join(" ")}`);
  child.once("exit", (code) => {
    if (code !== 0) fail(new Error(`culvert ended with exit code ${code}`));
  });

  const queries: (readonly string[])[] = [
    ["PING"],
    ["SET", "greeting", "hello through the tunnel"],
    ["GET", "greeting"],
  ];
  for await (const line of events) {
    const event = JSON.parse(line) as { event?: EngineEvent["type"]; message: string; address?: string };
    say(`culvert: ${event.message}`);
    if (event.event !== "tunnel-listening") continue;
    const local = { host: "127.0.0.1", port: Number(event.address?.split(":").at(-1)) };
    // The events go on being printed while the queries run.
    void ask(local, queries).then(() => proven(local, person, proxy), fail);
  }
}

async function ask(local: { host: string; port: number }, queries: (readonly string[])[]): Promise<void> {
  for (const words of queries) {
    const started = performance.now();
    say(`> ${words.join(" ")}`);
    const answer = await askRedis(local, words);
    say(`< ${answer}   (${Math.round(performance.now() - started)} ms)`);
    if (words[0] === "GET" && answer !== '"hello through the tunnel"')
      throw new Error(`the database answered ${answer}`);
  }
}

async function proven(local: { host: string; port: number }, person: boolean, proxy: AccessProxy): Promise<void> {
  say(`It works: the first query had to sign in${person ? "" : " (without a window)"}, the others had not.`);
  if (onlyOnce) return finish(0);
  closers.push(openApp({ destination, pomeriumUrl: proxy.origin, caPem: proxy.caPem }, say));
  console.log(
    `\nThe tunnel stays open. In another terminal:\n\n  redis-cli -p ${local.port} get greeting\n\nCtrl-C ends it.`,
  );
}

let finishing = false;
async function finish(code: number): Promise<void> {
  if (finishing) return;
  finishing = true;
  await closeAll();
  process.exit(code);
}

function fail(error: unknown): void {
  if (finishing) return;
  console.error(`The demo failed: ${error instanceof Error ? error.message : String(error)}`);
  void finish(1);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void finish(0));
setTimeout(() => fail(new Error("nothing was proven in time")), patienceMs).unref();
main().catch(fail);
