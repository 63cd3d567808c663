import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectRemote, type Connected } from "../../../../src/engine/tls/remote-key/connect.ts";
import { Lines } from "../../../../src/engine/tls/remote-key/lines.ts";
import { listedLine, programEvent } from "../../../../src/engine/tls/remote-key/messages.ts";
import { limits as defaultLimits, type Limits } from "../../../../src/shared/limits.ts";
import { AppError } from "../../../../src/shared/errors.ts";
import { CertificateFolder } from "../../../support/certificates.ts";
import { scriptedProgram } from "../../../support/key-program.ts";

let folder: CertificateFolder;
let proxy: net.Server;
/** What the proxy has on its side of the connection. */
let atProxy: Promise<net.Socket>;

const limits = { ...defaultLimits, keyProgramStartMs: 2_000, keyUseMs: 2_000, tlsMs: 2_000 };
const silent = (): AppError => new AppError("no-answer", "The proxy is silent.");

async function dialled(): Promise<net.Socket> {
  const raw = net.connect({ port: (proxy.address() as net.AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true });
  await once(raw, "connect");
  await atProxy;
  return raw;
}

interface Options {
  readonly limits?: Partial<Limits>;
  readonly signal?: AbortSignal;
  readonly input?: (via: number) => string;
}

/** Connects through a program that does what the script says. */
async function through(script: string, options: Options = {}): Promise<Connected> {
  return connectRemote(
    await dialled(),
    {
      path: script === "" ? path.join(folder.path, "nothing") : scriptedProgram(folder.path, script),
      input: options.input ?? (() => "{}"),
      limits: { ...limits, ...options.limits },
      silent,
      where: "the card",
    },
    options.signal ?? new AbortController().signal,
  );
}

/** The test is the program's connection, so that a script can be the rest of it. */
function ownConnection(): { own: Promise<net.Socket>; port: string; input: (via: number) => string } {
  const port = path.join(folder.path, "port");
  let connected: (socket: net.Socket) => void = () => undefined;
  const own = new Promise<net.Socket>((resolve) => (connected = resolve));
  const input = (via: number): string => {
    const socket = net.connect({ port: via, host: "127.0.0.1", allowHalfOpen: true });
    socket.on("error", () => undefined);
    socket.once("connect", () => {
      writeFileSync(port, String(socket.localPort));
      connected(socket);
    });
    return "{}";
  };
  return { own, port, input };
}

/** Says that it is connected and ready, and goes on with `rest`. */
const readyThen = (port: string, rest: string): string => `read -r line
while [ ! -s '${port}' ]; do sleep 0.02; done
echo '{"event":"connected","port":'"$(cat '${port}')"'}' >&2
echo '{"event":"ready","alpn":"h2","protocol":"TLSv1.3"}' >&2
${rest}`;

/** Settles whatever the end is. */
const closed = (socket: Duplex): Promise<unknown> =>
  socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once("close", resolve));

/** Reads to the end and leaves the other direction as it is. */
function readAll(socket: Duplex): Promise<string> {
  return new Promise((resolve, reject) => {
    let got = "";
    socket.on("data", (bytes: Buffer) => (got += bytes.toString()));
    socket.once("end", () => resolve(got)).once("error", reject);
  });
}

describe.skipIf(process.platform === "win32")("a program that uses keys", () => {
  beforeEach(async () => {
    folder = new CertificateFolder();
    proxy = net.createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    atProxy = new Promise((resolve) =>
      proxy.once("connection", (socket) => resolve(socket.on("error", () => undefined))),
    );
  });
  afterEach(async () => {
    (await atProxy).destroy();
    proxy.close();
    folder.remove();
  });

  test.each([
    ["is not there", "", "CULVERT_PROGRAM", "it cannot be started (ENOENT)"],
    ["ends at once", "exit 0", "CULVERT_PROGRAM", "it ended before TLS began"],
    ["fails without a word", "exit 3", "CULVERT_PROGRAM", "it ended with 3"],
    ["crashes", "kill -SEGV $$", "CULVERT_PROGRAM", "it ended with SIGSEGV"],
    ["says a word of its own", "echo oops >&2; echo '{\"event\":1}' >&2; exit 1", "CULVERT_PROGRAM", "it ended with 1"],
    ["says too much", "head -c 20000000 /dev/zero >&2; sleep 30", "CULVERT_PROGRAM", "it says too much"],
    ["hangs", "exec sleep 30", "CULVERT_PROGRAM", "it does not start"],
    [
      "says what is wrong",
      `echo '{"event":"error","code":"CERT_HAS_EXPIRED","message":"old"}' >&2; exit 1`,
      "CERT_HAS_EXPIRED",
      "old",
    ],
    ["makes codes up", `echo '{"event":"error","code":"rm -rf","message":"x"}' >&2; exit 1`, "CULVERT_TLS", "x"],
  ])("%s", async (_what, script, code, message) => {
    await expect(through(script, { limits: { keyProgramStartMs: 1_000 } })).rejects.toMatchObject({ code, message });
    // The connection that it was to use is gone with it.
    const raw = await atProxy;
    raw.resume();
    await closed(raw);
  });

  test("connects from a port that it does not name, and is not let in", async () => {
    let other: net.Socket | undefined;
    const input = (via: number): string => {
      other = net.connect({ port: via, host: "127.0.0.1" });
      other.on("error", () => undefined);
      return "{}";
    };
    const script = `echo '{"event":"connected","port":1}' >&2; exec sleep 30`;
    const failed = through(script, { input, limits: { keyUseMs: 300 } });
    await expect(failed).rejects.toMatchObject({
      code: "storage-failed",
      message: expect.stringMatching(/^The key in the card was not released within/) as string,
    });
    expect(other?.bytesRead).toBe(0);
    if (other) await closed(other);
  });

  test.skipIf(process.platform !== "linux")("only its own address will do, whatever the port", async () => {
    let other: net.Socket | undefined;
    const port = path.join(folder.path, "port");
    const input = (via: number): string => {
      other = net.connect({ port: via, host: "127.0.0.1", localAddress: "127.0.0.2" }).on("error", () => undefined);
      other.once("connect", () => writeFileSync(port, String(other?.localPort)));
      other.write("let me in");
      return "{}";
    };
    const failed = through(readyThen(port, "exec sleep 30").replace(/.*"ready".*\n/, ""), {
      input,
      limits: { keyUseMs: 500 },
    });
    await expect(failed).rejects.toMatchObject({ code: "storage-failed" });
    expect((await atProxy).bytesRead).toBe(0);
  });

  test("is ended when it is no longer wanted", async () => {
    const aborter = new AbortController();
    const mark = path.join(folder.path, "mark");
    const connecting = through(`echo $$ > '${mark}'; exec sleep 30`, { signal: aborter.signal });
    connecting.catch(() => undefined);
    const pid = (): number => (existsSync(mark) ? Number(readFileSync(mark, "utf8")) : 0);
    while (pid() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const isThere = (): boolean => {
      try {
        return process.kill(pid(), 0);
      } catch {
        return false;
      }
    };
    expect(isThere()).toBe(true);
    aborter.abort();
    await expect(connecting).rejects.toMatchObject({ code: "cancelled" });
    while (isThere()) await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(through("exit 0", { signal: aborter.signal })).rejects.toMatchObject({ code: "cancelled" });
  });

  test("is told no more than it takes in", async () => {
    const input = (): string => "x".repeat(2_000);
    await expect(through("exec cat", { input, limits: { keyProgramLineBytes: 1_000 } })).rejects.toMatchObject({
      code: "setting-invalid",
    });
  });

  test("carries bytes both ways, and only its own connection reaches the proxy", async () => {
    const { own, port, input } = ownConnection();
    let stranger: net.Socket | undefined;
    const both = (via: number): string => {
      stranger = net.connect({ port: via, host: "127.0.0.1" }).on("error", () => undefined);
      stranger.write("let me in");
      return input(via);
    };
    const { socket, alpn } = await through(readyThen(port, "exec cat"), { input: both });
    expect(alpn).toBe("h2");
    const ciphertext = await own;
    const raw = await atProxy;
    ciphertext.write("sealed");
    expect(String((await once(raw, "data"))[0])).toBe("sealed");
    raw.write("answer");
    expect(String((await once(ciphertext, "data"))[0])).toBe("answer");
    expect(socket.bytesRead).toBe(6);
    const got = readAll(socket);
    socket.end("hello");
    // Its end is the program's: it has sent all that it was given.
    ciphertext.end();
    expect(await got).toBe("hello");
    raw.end();
    await closed(socket);
    if (stranger) await closed(stranger);
  });

  test.each([
    [
      "an error behind bytes",
      `printf sent; echo '{"event":"error","code":"ECONNRESET","message":"m"}' >&2; exit 1`,
      "ECONNRESET",
    ],
    ["a crash behind bytes", "printf sent; kill -KILL $$", "CULVERT_PROGRAM"],
  ])("%s: the bytes come first", async (_what, rest, code) => {
    const { port, input } = ownConnection();
    const { socket } = await through(readyThen(port, rest), { input });
    let got = "";
    socket.on("data", (bytes: Buffer) => (got += bytes.toString()));
    const [error] = (await once(socket, "error").catch((thrown: unknown) => [thrown])) as [unknown];
    expect(error).toMatchObject({ code });
    expect(got).toBe("sent");
  });

  test("says why it takes no more, rather than that a pipe is broken", async () => {
    const { port, input } = ownConnection();
    const rest = `exec 0<&-; sleep 0.2
echo '{"event":"error","code":"ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED","message":"m"}' >&2; exit 1`;
    const { socket } = await through(readyThen(port, rest), { input });
    socket.resume();
    const failed = once(socket, "error").catch((thrown: unknown) => [thrown]);
    socket.write(Buffer.alloc(1_000_000));
    expect((await failed)[0]).toMatchObject({ code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" });
  });

  test.each([
    ["which its word makes certain at once", `echo '{"event":"end"}' >&2;`, 60_000],
    ["after a while also without a word", "", 100],
  ])("ends its output and stays: that is an end, %s", async (_what, word, keyProgramSilentMs) => {
    const { own, port, input } = ownConnection();
    const script = readyThen(port, `printf bye; ${word} exec 1>&-; exec cat >&2`);
    const { socket } = await through(script, { input, limits: { keyProgramSilentMs } });
    expect(await readAll(socket)).toBe("bye");
    // The other direction is open still.
    socket.end("more");
    (await own).end();
    (await atProxy).resume().end();
    await closed(socket);
  });
});

describe("what a program says", () => {
  test("lines are put together, and bounded", () => {
    const got: string[] = [];
    const lines = new Lines({ line: 5, all: 20 }, (line) => got.push(line));
    for (const piece of ["a", "b\ncd", "\n\nef", "ghi\n"]) lines.push(Buffer.from(piece));
    expect(got).toEqual(["ab", "cd", "", "efghi"]);
    expect(() => lines.push(Buffer.from("toolong"))).toThrow("a line of more than 5 bytes");
    expect(() => lines.push(Buffer.alloc(20))).toThrow("more than 20 bytes");
  });

  test.each([
    "",
    "p11-kit: a module failed",
    "[]",
    "null",
    '{"event":"connected"}',
    '{"event":"connected","port":0}',
    '{"event":"connected","port":65536}',
    '{"event":"connected","port":"80"}',
    '{"event":"other"}',
    "{",
  ])("%j says nothing", (line) => expect(programEvent(line)).toBeNull());

  test("an error keeps what can be used of it", () => {
    const line = JSON.stringify({ event: "error", code: 7, message: "a\u0000b", chain: ["MAA=", "no base64!", 5] });
    expect(programEvent(line)).toMatchObject({
      event: "error",
      error: { code: "CULVERT_TLS", chain: [Buffer.from("MAA=", "base64")] },
    });
  });

  test("a listed certificate is taken whole or not at all", () => {
    const good = { id: "1", der: "MAA=", key: "stays", where: "a card" };
    expect(listedLine(JSON.stringify(good))).toEqual({ ...good, der: Buffer.from([0x30, 0]), locked: false });
    expect(listedLine(JSON.stringify({ ...good, locked: true }))).toMatchObject({ locked: true });
    expect(listedLine('{"end":true}')).toBe("end");
    for (const bad of [
      { id: "" },
      { id: "x".repeat(201) },
      { id: 1 },
      { der: "M" },
      { der: "" },
      { der: "MAA=MAA=" },
      { key: "yes" },
    ])
      expect(listedLine(JSON.stringify({ ...good, ...bad }))).toBeNull();
  });
});
