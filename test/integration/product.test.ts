import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { MiniRedis, askRedis } from "../support/mini-redis.ts";
import { startAccessProxy } from "../support/access-proxy/index.ts";
import { startCulvert } from "../support/run-culvert.ts";

const run = promisify(execFile);
const root = path.join(import.meta.dirname, "../..");
const folder = mkdtempSync(path.join(tmpdir(), "culvert-product-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("what a newcomer runs", () => {
  it("the demo proves the main job and ends", async () => {
    const { stdout } = await run(process.execPath, [path.join(root, "scripts/demo.ts"), "--once"], { timeout: 60_000 });
    expect(stdout).toMatch(/> GET greeting\n/);
    expect(stdout).toMatch(/< "hello through the tunnel" /);
    expect(stdout).toMatch(/It works:/);
    expect(stdout.match(/signed in at/g)).toHaveLength(1);
  });

  it("the built command line works far from its sources", async () => {
    const vite = path.join(root, "node_modules/vite/bin/vite.js");
    await run(
      process.execPath,
      [vite, "build", "--config", "vite.cli.config.ts", "--outDir", folder, "--emptyOutDir", "--logLevel", "error"],
      { cwd: root, timeout: 60_000 },
    );
    const program = path.join(folder, "index.js");
    expect((await run(process.execPath, [program, "version"], { cwd: folder })).stdout).toMatch(
      /^culvert \d+\.\d+\.\d+\n$/,
    );

    const redis = await MiniRedis.start();
    const upstream = { host: "127.0.0.1", port: redis.port };
    const proxy = await startAccessProxy({ routes: [{ host: "redis.corp.test", port: 6379, upstream }] });
    const running = startCulvert(
      ["tcp", "redis.corp.test:6379", "--pomerium-url", proxy.origin, "--alternate-ca-path", proxy.caFile],
      { CULVERT_HOME: path.join(folder, "home"), CULVERT_SERVICE_ACCOUNT: proxy.control.issueJwt() },
      [process.execPath, program],
    );
    const [, port = ""] = await running.said(/listening on 127\.0\.0\.1:(\d+)/);
    expect(await askRedis({ host: "127.0.0.1", port: Number(port) }, ["PING"])).toBe("PONG");
    running.child.kill("SIGTERM");
    expect(await running.ended).toMatchObject({ code: 0, stdout: "" });
    await proxy.close();
    await redis.close();
  });
});
