import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startAccessProxy } from "../support/access-proxy/index.ts";
import { networkDiary } from "../support/network-diary.ts";
import { culvert, startCulvert } from "../support/run-culvert.ts";
import { connectTo, receiveAll, Upstream } from "../support/streams.ts";

/** A home of its own, and everything that is done on the network. */
function watched() {
  const home = mkdtempSync(path.join(os.tmpdir(), "culvert-quiet-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const diary = networkDiary();
  return {
    diary,
    env: {
      HOME: home,
      CULVERT_HOME: path.join(home, "culvert"),
      ...diary.env,
      NODE_OPTIONS: `--require ${JSON.stringify(diary.script)}`,
    },
  };
}

test("the command line speaks to the proxy that it is told, and to nobody else", async () => {
  const upstream = await Upstream.start();
  const proxy = await startAccessProxy({
    routes: [{ host: "echo.corp.test", port: 7, upstream: upstream.address }],
  });
  onTestFinished(async () => {
    await proxy.close();
    await upstream.close();
  });
  const { diary, env } = watched();
  const running = startCulvert(
    [
      ...["tcp", "echo.corp.test:7=127.0.0.1:0", "--pomerium-url", proxy.origin, "--alternate-ca-path", proxy.caFile],
      ...["--service-account", proxy.control.issueJwt()],
    ],
    env,
  );
  const port = Number((await running.said(/listening on 127\.0\.0\.1:(\d+)/))[1]);
  // Nobody is spoken to before a client comes.
  expect(diary.entries()).toEqual(["watching"]);
  const client = await connectTo({ host: "127.0.0.1", port });
  client.end("hello");
  expect(await receiveAll(client)).toMatchObject({ bytes: 5 });
  running.child.kill("SIGTERM");
  expect((await running.ended).code).toBe(0);
  const { hostname, port: proxyPort } = new URL(proxy.origin);
  const others = diary
    .entries()
    .filter((entry) => ![`tcp ${hostname}:${proxyPort}`, `dns ${hostname}`].includes(entry));
  expect(others).toEqual(["watching"]);
  expect(diary.entries()).toContain(`tcp ${hostname}:${proxyPort}`);
});

test.each([[["version"]], [["help"]], [["sessions"]], [["cache", "location"]], [["logout"]]])(
  "culvert %s speaks to nobody",
  async (args) => {
    const { diary, env } = watched();
    expect((await culvert(args, env)).code).toBe(0);
    expect(diary.entries()).toEqual(["watching"]);
  },
);
