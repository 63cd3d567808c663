import { once } from "node:events";
import { readFileSync } from "node:fs";
import http2 from "node:http2";
import net from "node:net";
import dgram from "node:dgram";
import http from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  capsuleReader,
  createHeadlessBrowser,
  datagramCapsule,
  envoyBinary,
  headlessSignIn,
  startAccessProxy,
  type AccessProxy,
} from "../support/access-proxy/index.ts";
import { dialProxy, exchange, readHead, readSome, type RawAnswer } from "../support/access-proxy/raw-client.ts";

interface Recorded {
  readonly jwt: { readonly header: object; readonly claims: Record<string, unknown> };
  readonly callback: string;
  readonly exchanges: readonly {
    readonly name: string;
    readonly request: readonly string[];
    readonly status: number;
    readonly reason: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  }[];
}

const recorded = JSON.parse(
  readFileSync(new URL("../fixtures/pomerium-answers.json", import.meta.url), "utf8"),
) as Recorded;

const fronts: ("node" | "envoy")[] = ["node"];
if (envoyBinary() !== null) fronts.push("envoy");
else if (process.env["CI"] === undefined) console.log("Envoy front skipped: not installed");

test.runIf(process.env["CI"] !== undefined)("a CI run has Envoy", () => {
  expect(envoyBinary()).not.toBeNull();
});

const size = 3_000_000;

/** Takes out what differs from run to run: ids, times, signatures, and the port that only a test has. */
function normalise(value: string): string {
  return value
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<uuid>")
    .replace(/(pomerium_(?:expiry|issued|idp_id|signature|traceparent)=)[^&"]*/g, "$1<…>")
    .replace(/"id":"[0-9a-f]{16}"/g, '"id":"<id>"')
    .replace(/Expires=[^;]*/, "Expires=<…>")
    .replace(/(authenticate\.corp\.test):\d+/g, "$1");
}

const isHtml = (headers: ReadonlyMap<string, string>): boolean =>
  headers.get("content-type")?.startsWith("text/html") ?? false;

/** The parts of an answer that must be as recorded. */
function shape(status: number, reason: string, given: ReadonlyMap<string, string>, body: string): object {
  const headers = new Map(given);
  expect(headers.get("date")).toMatch(/^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$/);
  headers.delete("date");
  headers.delete("x-envoy-upstream-service-time");
  // How long a body is (and how it is framed) depends on ids, ports and pages; that it is all there was read already.
  const variable = isHtml(headers) || body.includes("https://");
  if (variable) for (const name of ["content-length", "transfer-encoding"]) headers.delete(name);
  const entries = [...headers].map(([name, value]) => [name, normalise(value)] as const);
  return {
    status,
    reason,
    headers: Object.fromEntries(entries.sort(([a], [b]) => a.localeCompare(b))),
    body: isHtml(headers) ? "(an HTML page for people)" : normalise(body),
  };
}

const shapeOf = (answer: RawAnswer): object => shape(answer.status, answer.reason, answer.headers, answer.body);

interface Upstreams {
  readonly echoPort: number;
  readonly latePort: number;
  readonly udpPort: number;
  /** What the late upstream had received when the client's end came. */
  readonly received: number[];
  readonly events: net.Server;
  close(): void;
}

/** An echo, an upstream that answers 3 MB only after the client's end, and a UDP echo. */
async function startUpstreams(): Promise<Upstreams> {
  const received: number[] = [];
  const echo = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    socket.pipe(socket);
  });
  const late = net.createServer({ allowHalfOpen: true }, (socket) => {
    let count = 0;
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      count += chunk.length;
    });
    socket.on("end", () => {
      received.push(count);
      late.emit("ended");
      socket.end(Buffer.alloc(size, 7));
    });
  });
  const udp = dgram.createSocket("udp4");
  udp.on("message", (payload, from) => {
    udp.send(payload, from.port, from.address);
  });
  echo.listen(0, "127.0.0.1");
  late.listen(0, "127.0.0.1");
  udp.bind(0, "127.0.0.1");
  await Promise.all([once(echo, "listening"), once(late, "listening"), once(udp, "listening")]);
  return {
    echoPort: (echo.address() as net.AddressInfo).port,
    latePort: (late.address() as net.AddressInfo).port,
    udpPort: udp.address().port,
    received,
    events: late,
    close: () => {
      echo.close();
      late.close();
      udp.close();
    },
  };
}

describe.each(fronts)("access proxy stand-in, %s front", (front) => {
  let upstreams: Upstreams;
  let proxy: AccessProxy;
  let jwt: string;

  beforeAll(async () => {
    upstreams = await startUpstreams();
    const echo = { host: "127.0.0.1", port: upstreams.echoPort };
    proxy = await startAccessProxy({
      front,
      routes: [
        { host: "echo.corp.test", port: 7000, upstream: echo },
        { host: "bulk.corp.test", port: 7002, upstream: { host: "127.0.0.1", port: upstreams.latePort } },
        { host: "pg.corp.test", port: 5432, upstream: null },
        { host: "dns.corp.test", port: 7001, upstream: { host: "127.0.0.1", port: upstreams.udpPort }, type: "udp" },
        { host: "denied.corp.test", port: 7000, upstream: echo, policy: "deny" },
      ],
    });
    jwt = proxy.control.issueJwt();
  });

  afterAll(async () => {
    await proxy.close();
    upstreams.close();
  });

  test.each(recorded.exchanges)("recorded: $name", async ({ request, status, reason, headers, body }) => {
    // The recorded sign-out must not end the session that the other exchanges use.
    const token = request[0]?.includes("sign_out") === true ? proxy.control.issueJwt() : jwt;
    const answer = await exchange(
      proxy,
      request.map((line) => line.replace("<jwt>", token)),
    );
    expect(shapeOf(answer)).toEqual(
      shape(status, reason, new Map(Object.entries(headers)), body.replaceAll("<uuid>", uuid)),
    );
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("the JWT has the recorded claims and no others", () => {
    const [header = "", claims = ""] = jwt.split(".");
    const decode = (part: string): unknown => JSON.parse(Buffer.from(part, "base64url").toString());
    expect(decode(header)).toEqual(recorded.jwt.header);
    expect(Object.keys(decode(claims) as object).sort()).toEqual(Object.keys(recorded.jwt.claims).sort());
  });

  async function connectH2(session: http2.ClientHttp2Session, authority: string): Promise<http2.ClientHttp2Stream> {
    const stream = session.request(
      { ":method": "CONNECT", ":authority": authority, authorization: `Pomerium ${jwt}`, accept: "application/json" },
      { endStream: false },
    );
    stream.on("error", () => stream.destroy());
    const [headers] = (await once(stream, "response")) as [http2.IncomingHttpHeaders];
    expect(headers[":status"]).toBe(200);
    return stream;
  }

  async function withSession(work: (session: http2.ClientHttp2Session) => Promise<void>): Promise<void> {
    const session = http2.connect(proxy.origin, { ca: proxy.caPem });
    session.on("error", () => session.destroy());
    try {
      await work(session);
    } finally {
      session.destroy();
    }
  }

  test("HTTP/2 carries a one-way end: all bytes come back after the client's END_STREAM", async () => {
    await withSession(async (session) => {
      const stream = await connectH2(session, "bulk.corp.test:7002");
      const ended = once(upstreams.events, "ended");
      let back = 0;
      stream.on("data", (chunk: Buffer) => {
        back += chunk.length;
      });
      stream.end(Buffer.alloc(size));
      await Promise.all([ended, once(stream, "end")]);
      expect(upstreams.received.at(-1)).toBe(size);
      expect(back).toBe(size);
    });
  });

  test("HTTP/1.1 cuts: the upstream gets everything, its answer after the client's end is thrown away", async () => {
    const { socket, raw } = await dialProxy(proxy);
    socket.write(
      `CONNECT bulk.corp.test:7002 HTTP/1.1\r\nHost: bulk.corp.test:7002\r\nAuthorization: Pomerium ${jwt}\r\n\r\n`,
    );
    expect((await readHead(socket)).status).toBe(200);
    const ended = once(upstreams.events, "ended");
    let back = 0;
    socket.on("data", (chunk) => {
      back += chunk.length;
    });
    const closed = once(socket, "end");
    socket.end(Buffer.alloc(size));
    await Promise.all([ended, closed]);
    expect(upstreams.received.at(-1)).toBe(size);
    expect(back).toBeLessThan(size);
    raw.destroy();
  });

  test("an upstream that ends first: Envoy ends the stream, resets it with NO_ERROR and leaves the upstream", async () => {
    const speaker = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => socket.destroy());
      socket.end("goodbye");
      socket.resume();
      socket.once("end", () => speaker.emit("left"));
    });
    speaker.listen(0, "127.0.0.1");
    await once(speaker, "listening");
    const upstream = { host: "127.0.0.1", port: (speaker.address() as net.AddressInfo).port };
    const own = await startAccessProxy({
      front,
      routes: [{ host: "speaker.corp.test", port: 7, upstream, policy: "public" }],
    });
    if (front === "node") own.faults.set({ resetAfterEnd: true });
    const session = http2.connect(own.origin, { ca: own.caPem });
    const left = once(speaker, "left");
    const stream = session.request({ ":method": "CONNECT", ":authority": "speaker.corp.test:7" }, { endStream: false });
    const closed = new Promise((resolve) => stream.once("close", resolve));
    expect(await text(stream)).toBe("goodbye");
    await Promise.all([closed, left]);
    expect([stream.aborted, stream.rstCode]).toEqual([true, http2.constants.NGHTTP2_NO_ERROR]);
    session.destroy();
    await own.close();
    speaker.close();
  });

  test("a refused CONNECT on HTTP/2 is answered, ended and then reset", async () => {
    await withSession(async (session) => {
      const open = (authority: string): http2.ClientHttp2Stream =>
        session.request(
          {
            ":method": "CONNECT",
            ":authority": authority,
            authorization: `Pomerium ${jwt}`,
            accept: "application/json",
          },
          { endStream: false },
        );
      const refused = open("pg.corp.test:5432");
      refused.on("error", () => refused.destroy());
      const body = text(refused);
      const closed = new Promise((resolve) => refused.once("close", resolve));
      const [headers] = (await once(refused, "response")) as [http2.IncomingHttpHeaders];
      expect(headers[":status"]).toBe(503);
      expect(await body).toContain("Connection_refused");
      await closed;
      expect(refused.rstCode).toBe(http2.constants.NGHTTP2_CONNECT_ERROR);
    });
  });

  test("a CONNECT to a UDP route drains the HTTP/2 connection, and open tunnels live on", async () => {
    await withSession(async (session) => {
      const tunnel = await connectH2(session, "echo.corp.test:7000");
      const goaway = once(session, "goaway");
      const wrong = session.request(
        { ":method": "CONNECT", ":authority": "dns.corp.test:7001", authorization: `Pomerium ${jwt}` },
        { endStream: false },
      );
      wrong.resume();
      const [headers] = (await once(wrong, "response")) as [http2.IncomingHttpHeaders];
      expect(headers[":status"]).toBe(403);
      expect((await goaway)[0]).toBe(http2.constants.NGHTTP2_NO_ERROR);
      tunnel.write("still here");
      expect(String((await once(tunnel, "data"))[0])).toBe("still here");
    });
  });

  test("datagrams go both ways in capsules inside chunks", async () => {
    const { socket, raw } = await dialProxy(proxy);
    const path = "/.well-known/masque/udp/dns.corp.test/7001/";
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: dns.corp.test\r\nConnection: Upgrade\r\nUpgrade: connect-udp\r\nCapsule-Protocol: ?1\r\nAuthorization: Pomerium ${jwt}\r\n\r\n`,
    );
    expect((await readHead(socket)).status).toBe(200);
    const payload = Buffer.alloc(1200, 5);
    socket.write(datagramCapsule(payload));
    const payloads: Buffer[] = [];
    const read = capsuleReader((one) => payloads.push(one));
    let chunks = Buffer.alloc(0);
    while (payloads.length === 0) {
      chunks = Buffer.concat([chunks, await readSome(socket)]);
      const mark = chunks.indexOf("\r\n");
      const length = Number.parseInt(chunks.subarray(0, mark).toString(), 16);
      if (mark < 0 || chunks.length < mark + 4 + length) continue;
      read(chunks.subarray(mark + 2, mark + 2 + length));
      chunks = chunks.subarray(mark + 4 + length);
    }
    expect(payloads[0]?.equals(payload)).toBe(true);
    raw.destroy();
  });

  async function withCallback(work: (redirect: string, seen: string[]) => Promise<void>): Promise<void> {
    const seen: string[] = [];
    const server = http.createServer((request, response) => {
      seen.push(`GET ${request.url ?? ""}`);
      response.end("signed in");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as net.AddressInfo;
    try {
      await work(`http://127.0.0.1:${port}/cb/xyz?state=abc`, seen);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  }

  const loginUrl = async (redirect: string, host: string): Promise<string> => {
    const query = new URLSearchParams({ pomerium_redirect_uri: redirect }).toString();
    const answer = await exchange(proxy, [`GET /.pomerium/api/v1/login?${query} HTTP/1.1`, `Host: ${host}`]);
    expect(answer.status).toBe(200);
    return answer.body;
  };

  test("a login ends at the callback with a JWT that opens tunnels, until the browser signs out", async () => {
    await withCallback(async (redirect, seen) => {
      const host = `echo.corp.test:${proxy.port}`;
      const browser = createHeadlessBrowser({ caPem: proxy.caPem });
      const page = await browser.visit(await loginUrl(redirect, host));
      expect(page).toMatchObject({ status: 200, body: "signed in" });
      const token = new URL(page.url).searchParams.get("pomerium_jwt") ?? "";
      expect(seen).toEqual([recorded.callback.replace("<jwt>", token)]);
      const status = async (): Promise<number> => {
        const lines = ["CONNECT echo.corp.test:7000 HTTP/1.1", "Host: echo.corp.test:7000", "Accept: application/json"];
        return (await exchange(proxy, [...lines, `Authorization: Bearer Pomerium-${token}`])).status;
      };
      expect(await status()).toBe(200);
      await browser.visit(`https://${host}/.pomerium/sign_out`);
      expect(await status()).toBe(401);
    });
  });

  test("a Host header without the proxy's port sends the browser to the usual port", async () => {
    const url = await loginUrl("http://127.0.0.1:5555/cb", "echo.corp.test");
    expect(new URL(url).searchParams.get("pomerium_callback_uri")).toMatch(/^https:\/\/echo\.corp\.test\/\.pomerium/);
  });

  test("a sign-in URL that was tampered with is refused", async () => {
    const url = await loginUrl("http://127.0.0.1:5555/cb", `localhost:${proxy.port}`);
    const page = await headlessSignIn(url.replace("5555", "5556"), { caPem: proxy.caPem });
    expect(page.status).toBe(400);
  });

  test("the session's end stands in the user page", async () => {
    const lines = ["GET /.pomerium/ HTTP/1.1", "Host: echo.corp.test", `Authorization: Pomerium ${jwt}`];
    const page = await exchange(proxy, lines);
    const data = /window\.POMERIUM_DATA = (\{.*?\});</.exec(page.body)?.[1] ?? "{}";
    const { session } = JSON.parse(data) as { session: { expiresAt: string } };
    expect(Date.parse(session.expiresAt)).toBeGreaterThan(Date.now());
  });

  test("policy and sessions change at run time", async () => {
    const token = proxy.control.issueJwt();
    const lines = ["CONNECT pg.corp.test:5432 HTTP/1.1", "Host: pg.corp.test:5432", "Accept: application/json"];
    const ask = async (): Promise<number> =>
      (await exchange(proxy, [...lines, `Authorization: Pomerium ${token}`])).status;
    proxy.control.setPolicy("pg.corp.test:5432", "device");
    expect(await ask()).toBe(450);
    proxy.control.setPolicy("pg.corp.test:5432", "allow");
    expect(await ask()).toBe(503);
    proxy.control.revoke(token);
    expect(await ask()).toBe(401);
  });
});

const uuid = "00000000-0000-0000-0000-000000000000";
