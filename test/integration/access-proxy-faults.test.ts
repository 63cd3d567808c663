import { once } from "node:events";
import dgram from "node:dgram";
import http2 from "node:http2";
import net from "node:net";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  capsuleReader,
  datagramCapsule,
  headlessSignIn,
  startAccessProxy,
  type AccessProxy,
} from "../support/access-proxy/index.ts";
import { dialProxy, exchange, readHead, readSome } from "../support/access-proxy/raw-client.ts";

const { constants } = http2;
const connectLines = ["CONNECT echo.corp.test:7000 HTTP/1.1", "Host: echo.corp.test:7000"];

describe("faults of the Node front", () => {
  let echo: net.Server;
  let speaker: net.Server;
  let proxy: AccessProxy;
  const sessions: http2.ClientHttp2Session[] = [];

  beforeAll(async () => {
    echo = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => socket.destroy());
      socket.pipe(socket);
    });
    speaker = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => socket.destroy());
      socket.end("goodbye");
    });
    echo.listen(0, "127.0.0.1");
    speaker.listen(0, "127.0.0.1");
    await Promise.all([once(echo, "listening"), once(speaker, "listening")]);
  });

  afterAll(() => {
    echo.close();
    speaker.close();
  });

  beforeEach(async () => {
    const at = (server: net.Server) => ({ host: "127.0.0.1", port: (server.address() as net.AddressInfo).port });
    proxy = await startAccessProxy({
      routes: [
        { host: "echo.corp.test", port: 7000, upstream: at(echo), policy: "public" },
        { host: "speaker.corp.test", port: 7000, upstream: at(speaker), policy: "public" },
      ],
    });
  });

  afterEach(async () => {
    for (const session of sessions.splice(0)) session.destroy();
    await proxy.close();
  });

  function openSession(): http2.ClientHttp2Session {
    const session = http2.connect(proxy.origin, { ca: proxy.caPem });
    session.on("error", () => session.destroy());
    sessions.push(session);
    return session;
  }

  function open(session: http2.ClientHttp2Session, authority = "echo.corp.test:7000"): http2.ClientHttp2Stream {
    const stream = session.request({ ":method": "CONNECT", ":authority": authority }, { endStream: false });
    stream.on("error", () => stream.destroy());
    return stream;
  }

  async function statusOf(stream: http2.ClientHttp2Stream): Promise<number | undefined> {
    const [headers] = (await once(stream, "response")) as [http2.IncomingHttpHeaders];
    return Number(headers[":status"]);
  }

  /** The code of a reset that comes without any (further) answer. */
  async function resetCode(stream: http2.ClientHttp2Stream): Promise<number | undefined> {
    let answered = false;
    stream.once("response", () => {
      answered = true;
    });
    await new Promise((resolve) => stream.once("close", resolve));
    return answered ? undefined : stream.rstCode;
  }

  /** How a connection ends: an error code, or "end". */
  async function endOf(port: number): Promise<string> {
    const socket = net.connect({ host: "127.0.0.1", port });
    return await new Promise((resolve) => {
      socket.once("error", (error: NodeJS.ErrnoException) => {
        resolve(error.code ?? error.message);
      });
      socket.once("end", () => {
        resolve("end");
      });
      socket.once("connect", () => socket.write("x"));
      socket.resume();
    });
  }

  test("TCP: reset and close at accept", async () => {
    proxy.faults.set({ tcp: "reset" });
    expect(await endOf(proxy.port)).toBe("ECONNRESET");
    proxy.faults.set({ tcp: "close" });
    expect(["end", "ECONNRESET"]).toContain(await endOf(proxy.port));
    expect(proxy.counters.accepted()).toBe(2);
    expect(proxy.counters.handshakes()).toBe(0);
  });

  test("TLS: dropped when the ClientHello is in", async () => {
    proxy.faults.set({ tls: "drop" });
    await expect(dialProxy(proxy)).rejects.toMatchObject({ code: "ECONNRESET" });
    proxy.faults.clear();
    expect((await exchange(proxy, connectLines)).status).toBe(200);
  });

  test("silence at accept and before the TLS answer", async () => {
    for (const change of [{ tcp: "silent" }, { tls: "silent" }] as const) {
      proxy.faults.clear();
      proxy.faults.set(change);
      const before = proxy.counters.handshakes();
      const socket = net.connect({ host: "127.0.0.1", port: proxy.port });
      await once(socket, "connect");
      await new Promise<void>((resolve) => socket.write(Buffer.alloc(600), () => resolve()));
      expect(proxy.counters.handshakes()).toBe(before);
      socket.destroy();
    }
  });

  test("CONNECTs are held until released", async () => {
    proxy.faults.set({ holdConnects: true });
    const stream = open(openSession());
    await proxy.faults.whenHeld();
    expect(proxy.faults.held()).toBe(1);
    proxy.faults.release();
    expect(await statusOf(stream)).toBe(200);
    expect(proxy.faults.held()).toBe(0);
  });

  test("a held CONNECT is let go of when its client leaves, and when the proxy closes", async () => {
    proxy.faults.set({ holdConnects: true });
    const { raw, socket } = await dialProxy(proxy);
    socket.write(`${connectLines.join("\r\n")}\r\n\r\n`);
    await proxy.faults.whenHeld();
    raw.resetAndDestroy();
    open(openSession());
    await proxy.faults.whenHeld();
    await proxy.close();
  });

  test.each([
    ["reset-protocol-error", constants.NGHTTP2_PROTOCOL_ERROR],
    ["reset-http-1-1-required", constants.NGHTTP2_HTTP_1_1_REQUIRED],
  ] as const)("HTTP/2 that fails every CONNECT: %s", async (h2, code) => {
    proxy.faults.set({ h2 });
    expect(await resetCode(open(openSession()))).toBe(code);
    expect((await exchange(proxy, connectLines)).status).toBe(200);
  });

  test("HTTP/2 that is not offered, and that closes behind the preface", async () => {
    proxy.faults.set({ h2: "off" });
    const { socket, raw } = await dialProxy(proxy, { alpn: ["h2", "http/1.1"] });
    expect((socket as unknown as { alpnProtocol: string }).alpnProtocol).toBe("http/1.1");
    raw.destroy();
    proxy.faults.set({ h2: "close-after-preface" });
    await once(openSession(), "close");
  });

  test("the next n streams are refused, no more", async () => {
    proxy.faults.set({ refuseStreams: 1 });
    const session = openSession();
    expect(await resetCode(open(session))).toBe(constants.NGHTTP2_REFUSED_STREAM);
    expect(await statusOf(open(session))).toBe(200);
  });

  test("SETTINGS as ordered", async () => {
    proxy.faults.set({ maxConcurrentStreams: 2, windowBytes: 65_535, extendedConnect: true });
    const session = openSession();
    await once(session, "remoteSettings");
    expect(session.remoteSettings).toMatchObject({
      maxConcurrentStreams: 2,
      initialWindowSize: 65_535,
      enableConnectProtocol: true,
    });
  });

  test("GOAWAY without an error leaves streams alone, with an error it ends them", async () => {
    const session = openSession();
    const stream = open(session);
    await statusOf(stream);
    const goaway = once(session, "goaway");
    proxy.faults.goaway();
    expect((await goaway)[0]).toBe(constants.NGHTTP2_NO_ERROR);
    stream.write("hello");
    expect(String((await once(stream, "data"))[0])).toBe("hello");
    const second = openSession();
    const doomed = open(second);
    await statusOf(doomed);
    proxy.faults.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    await resetCode(doomed);
  });

  test("streams and connections reset and dropped midway", async () => {
    for (const [code, wanted] of [
      ["internal-error", constants.NGHTTP2_INTERNAL_ERROR],
      ["cancel", constants.NGHTTP2_CANCEL],
    ] as const) {
      const stream = open(openSession());
      await statusOf(stream);
      let ended = false;
      stream.once("end", () => {
        ended = true;
      });
      proxy.faults.resetStreams(code);
      expect(await resetCode(stream)).toBe(wanted);
      expect(ended).toBe(false);
    }
    const { socket } = await dialProxy(proxy);
    socket.write(`${connectLines.join("\r\n")}\r\n\r\n`);
    await readHead(socket);
    const failed = new Promise((resolve) => socket.once("error", resolve));
    socket.resume();
    proxy.faults.resetConnections();
    expect(await failed).toMatchObject({ code: "ECONNRESET" });
    const session = openSession();
    await once(session, "remoteSettings");
    proxy.faults.dropConnections();
    await once(session, "close");
  });

  test("an upstream that ends first leaves the client's direction open, unless Envoy's manners are asked for", async () => {
    const usual = open(openSession(), "speaker.corp.test:7000");
    expect(await text(usual)).toBe("goodbye");
    expect(usual.aborted).toBe(false);
    proxy.faults.set({ resetAfterEnd: true });
    const cut = open(openSession(), "speaker.corp.test:7000");
    await statusOf(cut);
    const closed = resetCode(cut);
    expect(await text(cut)).toBe("goodbye");
    expect(await closed).toBe(constants.NGHTTP2_NO_ERROR);
    // The client's own direction was open: the reset took it away.
    expect(cut.aborted).toBe(true);
  });

  test("answers that are none, or not a Pomerium's", async () => {
    const page = ["GET /.pomerium/api/v1/login HTTP/1.1", "Host: echo.corp.test"];
    proxy.faults.set({ answer: { kind: "junk" } });
    await expect(exchange(proxy, connectLines)).rejects.toThrow(/early|Not an HTTP/);
    const confused = openSession();
    await new Promise((resolve) => confused.once("close", resolve));
    proxy.faults.set({ answer: { kind: "web-server" } });
    expect(await exchange(proxy, page)).toMatchObject({ status: 200 });
    expect(await exchange(proxy, ["GET /.well-known/pomerium HTTP/1.1", "Host: a.test"])).toMatchObject({
      status: 404,
    });
    proxy.faults.set({ answer: { kind: "status", status: 418 } });
    expect(await exchange(proxy, connectLines)).toMatchObject({ status: 418, reason: "Unknown" });
    expect(await exchange(proxy, page)).toMatchObject({ status: 400 });
    proxy.faults.set({ answer: { kind: "status", status: 307, location: "https://x.test/", pages: true } });
    expect((await exchange(proxy, page)).headers.get("location")).toBe("https://x.test/");
  });

  test("421 only on a connection that was opened for another name", async () => {
    proxy.faults.set({ misdirectedHosts: ["echo.corp.test"] });
    expect(await statusOf(open(openSession()))).toBe(421);
    const session = http2.connect(proxy.origin, { ca: proxy.caPem, servername: "echo.corp.test" });
    sessions.push(session);
    expect(await statusOf(open(session))).toBe(200);
  });

  test("PINGs stay unanswered while streams live on", async () => {
    proxy.faults.set({ filterFrames: true });
    const session = openSession();
    const stream = open(session);
    await statusOf(stream);
    const ping = (): Promise<void> => new Promise((resolve) => session.ping(() => resolve()));
    await ping();
    proxy.faults.set({ ignorePings: true });
    let answered = false;
    void ping().then(() => {
      answered = true;
    });
    stream.write("hello");
    expect(String((await once(stream, "data"))[0])).toBe("hello");
    expect(answered).toBe(false);
  });

  test("a silenced connection stays open and says nothing; new ones work", async () => {
    const session = openSession();
    const stream = open(session);
    await statusOf(stream);
    expect(proxy.faults.silence()).toBe(1);
    let heard = false;
    session.ping(() => {
      heard = true;
    });
    stream.on("data", () => {
      heard = true;
    });
    stream.write("anybody?");
    // A whole exchange on another connection: had the first been alive, its answers would be here before.
    const { socket, raw } = await dialProxy(proxy);
    socket.write(`${connectLines.join("\r\n")}\r\n\r\n`);
    await readHead(socket);
    socket.write("ping");
    expect(String(await readSome(socket))).toBe("ping");
    raw.destroy();
    expect(heard).toBe(false);
    expect(session.destroyed).toBe(false);
  });

  test("login API and sign-in page out of order", async () => {
    const query = new URLSearchParams({ pomerium_redirect_uri: "http://127.0.0.1:1/cb" }).toString();
    const lines = [`GET /.pomerium/api/v1/login?${query} HTTP/1.1`, `Host: localhost:${proxy.port}`];
    const url = (await exchange(proxy, lines)).body;
    proxy.control.setLoginApi("error");
    expect((await exchange(proxy, lines)).status).toBe(500);
    proxy.control.setLoginApi("junk");
    expect(URL.canParse((await exchange(proxy, lines)).body)).toBe(false);
    proxy.control.setSignIn("deny");
    expect((await headlessSignIn(url, { caPem: proxy.caPem })).status).toBe(403);
    proxy.control.setSignIn("form");
    expect((await headlessSignIn(url, { caPem: proxy.caPem })).body).toContain('id="approve"');
    expect(proxy.control.browserVisits()).toBe(2);
    expect(proxy.control.loginRequests()).toBe(3);
  });

  test.each(["h2", "101"] as const)("CONNECT-UDP by the book: %s", async (way) => {
    const udp = dgram.createSocket("udp4");
    udp.on("message", (payload, from) => {
      udp.send(payload, from.port, from.address);
    });
    udp.bind(0, "127.0.0.1");
    await once(udp, "listening");
    const upstream = { host: "127.0.0.1", port: udp.address().port };
    proxy.control.setRoute({ host: "dns.corp.test", port: 53, upstream, type: "udp", policy: "public" });
    proxy.faults.set({ extendedConnect: true, udpSwitchingProtocols: true });
    const path = "/.well-known/masque/udp/dns.corp.test/53/";
    const payloads: Buffer[] = [];
    const read = capsuleReader((payload) => payloads.push(payload));
    let carrier: Duplex;
    if (way === "h2") {
      const session = openSession();
      await once(session, "remoteSettings");
      const stream = session.request(
        { ":method": "CONNECT", ":protocol": "connect-udp", ":scheme": "https", ":path": path, ":authority": "a.test" },
        { endStream: false },
      );
      expect(await statusOf(stream)).toBe(200);
      carrier = stream;
    } else {
      const { socket } = await dialProxy(proxy);
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: connect-udp\r\n\r\n`);
      expect((await readHead(socket)).status).toBe(101);
      carrier = socket;
    }
    carrier.on("data", read);
    carrier.write(datagramCapsule(Buffer.alloc(65_000, 1)));
    while (payloads.length === 0) await once(carrier, "data");
    expect(payloads[0]?.length).toBe(65_000);
    carrier.destroy();
    udp.close();
  });

  test("counters see sessions, streams and bytes", async () => {
    const session = openSession();
    const streams = [open(session), open(session)];
    for (const stream of streams) await statusOf(stream);
    expect(proxy.counters.streamsPerSession()).toEqual([2]);
    streams[0]?.write("four");
    await once(streams[0] ?? session, "data");
    expect([proxy.counters.bytesUp(), proxy.counters.bytesDown()]).toEqual([4, 4]);
    expect([proxy.counters.h2Sessions(), proxy.counters.streamsTotal(), proxy.counters.open()]).toEqual([1, 2, 1]);
  });
});
