import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import {
  findPortHolder,
  fromLsof,
  fromPowerShell,
  listeningInodes,
} from "../../../../src/engine/tunnel/port-holder.ts";

describe("/proc/net/tcp", () => {
  const table = [
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
    "   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100 0 0 10 0",
    "   1: 0100007F:1538 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 222 1 0 20 4 30 10 -1",
    "   2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1 0 100 0 0 10 0",
    "   3: 0100007F:D431 0100007F:1538 01 00000000:00000000 00:00000000 00000000     0        0 444 1 0 20 4 30 10 -1",
    "",
  ].join("\n");
  const table6 = [
    "  sl  local_address                         remote_address                        st",
    "   0: 00000000000000000000000000000000:1538 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 555 1 0 100 0 0 10 0",
  ].join("\n");

  it("tells the inodes of those who listen on the port, and of nobody else", () => {
    expect(listeningInodes(table, 5432)).toEqual(["111"]);
    expect(listeningInodes(table, 80)).toEqual(["333"]);
    expect(listeningInodes(table6, 5432)).toEqual(["555"]);
    // Someone's connection from that port is not a listener; 0x538 must not match 0x1538.
    expect(listeningInodes(table, 0xd431)).toEqual([]);
    expect(listeningInodes(table, 0x538)).toEqual([]);
  });

  it.each(["", "junk", "a\nb c\n\n", "head\n 0: x:1538 y 0A"])("takes %j for nothing", (text) => {
    expect(listeningInodes(text, 5432)).toEqual([]);
  });
});

describe("lsof -Fpc", () => {
  it.each([
    ["p4711\ncpostgres\n", { pid: 4711, name: "postgres" }],
    ["p4711\ncpostgres\nf7\np4712\ncother\n", { pid: 4711, name: "postgres" }],
    ["p4711\ncGoogle Chrome Helper\n", { pid: 4711, name: "Google Chrome Helper" }],
    ["p4711\n", { pid: 4711, name: "a program" }],
    ["", null],
    ["lsof: no such thing\n", null],
  ])("%j", (output, holder) => {
    expect(fromLsof(output)).toEqual(holder);
  });
});

describe("Get-NetTCPConnection", () => {
  it.each([
    ["4711 postgres\r\n", { pid: 4711, name: "postgres" }],
    ["4711 My Program\r\n", { pid: 4711, name: "My Program" }],
    ["4711 \r\n", { pid: 4711, name: "a program" }],
    ["4711", { pid: 4711, name: "a program" }],
    ["", null],
    [" \r\n", null],
    ["Get-NetTCPConnection : not found", null],
  ])("%j", (output, holder) => {
    expect(fromPowerShell(output)).toEqual(holder);
  });
});

describe("the real look-up", () => {
  const children: ChildProcess[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    }
  });

  it.runIf(process.platform === "linux").each(["127.0.0.1", "::"])(
    "names another process that listens on %s",
    async (host) => {
      const script = `
      const server = require("node:net").createServer();
      server.on("error", () => process.exit(1));
      server.listen(0, ${JSON.stringify(host)}, () => process.stdout.write(String(server.address().port)));
    `;
      const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
      children.push(child);
      const [text] = (await once(child.stdout, "data")) as [Buffer];
      const holder = await findPortHolder(Number(text.toString()));
      expect(holder).toMatchObject({ pid: child.pid });
      // The thread's name, which Node chooses ("node", "MainThread").
      expect(holder?.name).toMatch(/^\S[^\n]*$/);
    },
  );

  it.runIf(process.platform === "linux")("knows nobody for a free port", async () => {
    const server = net.createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as net.AddressInfo;
    expect(await findPortHolder(port)).toMatchObject({ pid: process.pid });
    server.close();
    await once(server, "close");
    expect(await findPortHolder(port)).toBeNull();
  });

  it("never fails where the platform or its tool is missing", async () => {
    expect(await findPortHolder(1, "tcp", "aix")).toBeNull();
    if (process.platform === "linux") expect(await findPortHolder(1, "udp", "win32")).toBeNull();
  });
});
