import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { text } from "node:stream/consumers";
import { describe, expect, it, test } from "vitest";
import { limits } from "../../src/shared/limits.ts";
import { Authority, derOf } from "../support/certificates.ts";
import { closedAfterEach } from "../support/closers.ts";
import { keyProgram } from "../support/key-program.ts";
import { NssDatabase } from "../support/nss-database.ts";
import { sealAsBefore2020 } from "../support/old-nss-keys.ts";
import { lacks } from "../support/services/programs.ts";
import { endAll, liveClient, refusedClient } from "./connector-clients.ts";
import { openSearching, remoteKeyTools, startRig, storeOf } from "./remote-key-rig.ts";

const closers = closedAfterEach();
const corp = await Authority.root("CN=Corp CA");

async function database(password = ""): Promise<NssDatabase> {
  const made = await NssDatabase.create({ password });
  closers.push(() => made.remove());
  return made;
}

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly error: { readonly code?: string; readonly message?: string };
}

/** Runs the program itself. */
async function run(command: readonly string[], input: string): Promise<Said> {
  const child = spawn(keyProgram.path, command);
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const code = new Promise<number>((resolve) => child.once("close", (status) => resolve(status ?? -1)));
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), code]);
  const [last = "{}"] = stderr.trim().split("\n").slice(-1);
  return { code: status, stdout, error: last === "" ? {} : (JSON.parse(last) as Said["error"]) };
}

const lacking = lacks(...remoteKeyTools) || process.platform !== "linux";
const nothing = '{"database":null,"password":null}';

describe.skipIf(lacking)("the program for NSS", () => {
  test.each([
    ["nothing", ""],
    ["no end of the line", nothing],
    ["no JSON", "hello\n"],
    ["half an object", '{"database":null\n'],
    ["something behind it", `${nothing}x\n`],
    ["a list", "[]\n"],
    ["an object within", '{"database":{}}\n'],
    ["a field twice", '{"database":null,"database":null}\n'],
    ["a NUL", '{"database":"a\\u0000b"}\n'],
    ["half a character", '{"database":"\\ud800"}\n'],
    ["a line break in a text", '{"database":"a\rb\tc"}\n'],
    ["an unknown escape", '{"database":"\\x"}\n'],
    ["a negative number", '{"via":-1}\n'],
    ["a large number", '{"via":12345678901}\n'],
    ["too many fields", `{${Array.from({ length: 17 }, (_, at) => `"${at}":1`).join(",")}}\n`],
    ["too long a list", `{"roots":[${'"",'.repeat(5_000)}""]}\n`],
    ["too long a line", `{"database":"${"x".repeat(1_200_000)}"}\n`],
  ])("takes no input with %s", async (_what, input) => {
    for (const command of ["list", "connect"])
      expect(await run([command], input)).toMatchObject({ code: 2, stdout: "", error: { code: "CULVERT_TLS" } });
  });

  it("knows its commands, and no others", async () => {
    expect(await run(["version"], "")).toMatchObject({ code: 0, stdout: "culvert-tls 1 linux\n" });
    for (const command of [[], ["export"], ["list", "more"], ["--help"]])
      expect(await run(command, `${nothing}\n`)).toMatchObject({ code: 2, stdout: "" });
    expect(await run(["connect"], `${nothing}\n`)).toMatchObject({ code: 1, error: { code: "CULVERT_TLS" } });
    expect(await run(["list"], '{"database":"sql:/nowhere/at all","password":null}\n')).toMatchObject({
      code: 1,
      stdout: "",
      error: { code: "CULVERT_STORE" },
    });
  });

  it("reads every escape of JSON", async () => {
    const nss = await database('Päss "w\\örd/ 😀');
    await nss.add(await corp.issue({ subject: "CN=ada" }));
    const escaped = String.raw`P\u00e4ss \"w\\\u00F6rd\/ \ud83d\ude00`;
    const input = (password: string): string => `{ "database" : "sql:${nss.folder}" ,\t"password":"${password}" }\n`;
    const locked = /"key":"stays","where":"NSS database","locked":true/;
    expect((await run(["list"], input(escaped))).stdout).toMatch(/"key":"stays","where":"NSS database"\}/);
    expect((await run(["list"], input("another"))).stdout).toMatch(locked);
  });

  it("sends the name and the protocols of the request, says what was chosen, and ends each direction alone", async () => {
    const nss = await database();
    const issued = await corp.issue({ subject: "CN=ada" });
    await nss.add(issued);
    await sealAsBefore2020(nss.folder);
    const store = storeOf({ nss, token: { pin: "" } } as never, { password: null });
    const [found] = await store.certificates();
    const key = await found?.key();
    if (key?.kind !== "stays") throw new Error("the key does not stay");
    const offered: unknown[] = [];
    const identity = await corp.issue({ subject: "CN=server", usage: "server", names: ["localhost"] });
    const server = tls.createServer(
      {
        ...identity,
        ca: corp.pem,
        requestCert: true,
        allowHalfOpen: true,
        ALPNCallback: ({ servername, protocols }) => {
          offered.push([servername, ...protocols]);
          return protocols.at(-1);
        },
      },
      (socket) => {
        let request = "";
        // Answers only once the request has ended.
        socket.on("data", (bytes: Buffer) => (request += bytes.toString()));
        socket.once("end", () => socket.end(`${String(socket.getPeerCertificate().subject.CN)} said ${request}`));
      },
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    closers.push(() => server.close());
    const connect = async (host: string, alpn: string[], verify: boolean) => {
      const raw = net.connect({
        port: (server.address() as net.AddressInfo).port,
        host: "127.0.0.1",
        allowHalfOpen: true,
      });
      await once(raw, "connect");
      const request = {
        host,
        alpn,
        verify,
        ca: [corp.pem],
        chain: [derOf(issued.cert)],
        limits,
        silent: () => new Error() as never,
      };
      return key.remote.connect(raw, request, new AbortController().signal);
    };
    const first = await connect("localhost", ["h2", "http/1.1"], true);
    expect(first.alpn).toBe("http/1.1");
    first.socket.end("hello");
    expect(await text(first.socket)).toBe("ada said hello");
    const second = await connect("127.0.0.1", ["x", "y", "z"], false);
    expect(second.alpn).toBe("z");
    second.socket.destroy();
    await expect(connect("127.0.0.1", ["h2"], true)).rejects.toMatchObject({ code: "ERR_TLS_CERT_ALTNAME_INVALID" });
    expect(offered.slice(0, 2)).toEqual([
      ["localhost", "h2", "http/1.1"],
      [false, "x", "y", "z"],
    ]);
  });

  it("uses keys of a database as old as before 2020, which this process cannot open", async () => {
    const nss = await database();
    await nss.add(await corp.issue({ subject: "CN=ec" }));
    await sealAsBefore2020(nss.folder);
    const card = { nss, token: { pin: null } } as unknown as Parameters<typeof storeOf>[0];
    const store = storeOf(card, { password: null });
    expect(await store.lock?.()).toBe("open");
    const { rig } = await startRig(corp, store, closers);
    await endAll(rig, [await liveClient(await openSearching(rig))]);
    expect(rig.seen("client-certificate-searched")).toMatchObject([
      { chosen: { subject: "ec", keyStaysIn: "NSS database" } },
    ]);
    const { rig: without } = await startRig(
      corp,
      storeOf(card, { password: null, helper: "/nowhere/culvert-tls" }),
      closers,
    );
    const { error } = await refusedClient(without, await openSearching(without));
    expect(error.message).toMatch(/cannot be read: encrypted in a way that is not known here/);
    expect(without.seen("client-certificate-searched")).toEqual([]);
  });
});
