import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { CallbackServer } from "../../../../src/engine/session/callback-server.ts";
import { limits as defaults, type Limits } from "../../../../src/shared/limits.ts";
import { comeBack, never, newJwt } from "./fakes.ts";

const open: CallbackServer[] = [];
const start = async (limits: Partial<Limits> = {}, host = "pg.corp.example"): Promise<CallbackServer> => {
  const server = await CallbackServer.open(host, { ...defaults, ...limits }, never);
  open.push(server);
  return server;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

const partsOf = (server: CallbackServer): { authority: string; path: string; port: number } => {
  const url = new URL(server.redirectUri);
  return { authority: url.host, path: url.pathname, port: Number(url.port) };
};

const dial = async (server: CallbackServer): Promise<Socket> => {
  const socket = connect({ host: "127.0.0.1", port: partsOf(server).port });
  await once(socket, "connect");
  return socket;
};

/** Sends a head as it is written here and gives back all that comes. */
async function raw(server: CallbackServer, lines: readonly string[]): Promise<{ status: number; text: string }> {
  const socket = await dial(server);
  socket.write([...lines, "", ""].join("\r\n"));
  const answer = await text(socket);
  return { status: Number(answer.split(" ")[1]), text: answer };
}

/** Says whether the server still takes the right callback. */
async function stillWaits(server: CallbackServer): Promise<void> {
  const jwt = newJwt();
  expect((await comeBack(server.redirectUri, jwt)).status).toBe(200);
  expect(await server.jwt).toBe(jwt);
}

describe("the callback", () => {
  it("is on loopback, on a path that cannot be guessed, and is taken once", async () => {
    const [server, other] = [await start(), await start()];
    const { path, authority } = partsOf(server);
    expect(server.redirectUri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[A-Za-z0-9_-]{43}$/);
    expect(path).not.toBe(partsOf(other).path);
    const jwt = newJwt();
    const first = await raw(server, [`GET ${path}?state=abc&pomerium_jwt=${jwt}&x=1 HTTP/1.1`, `Host: ${authority}`]);
    expect(first.status).toBe(200);
    expect(await server.jwt).toBe(jwt);
    const second = await raw(server, [`GET ${path}?pomerium_jwt=${newJwt()} HTTP/1.1`, `Host: ${authority}`]);
    expect(second.status).toBe(410);
    expect(await server.jwt).toBe(jwt);
  });

  it("shows a page that loads nothing, hides the JWT and escapes the host", async () => {
    const server = await start({}, `<img src=x onerror="alert('1')">&`);
    const { path, authority } = partsOf(server);
    const jwt = newJwt();
    const { text: answer } = await raw(server, [`GET ${path}?pomerium_jwt=${jwt} HTTP/1.1`, `Host: ${authority}`]);
    const [head = "", body = ""] = answer.split("\r\n\r\n");
    expect(body).toContain(
      "You are signed in to &lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;. Go back to your program; you can close this tab.",
    );
    expect(answer).not.toContain(jwt);
    expect(answer).not.toContain(path);
    expect(body).not.toMatch(/https?:|\ssrc=["']?h|@import|url\(/);
    const script = /<script>(.*?)<\/script>/s.exec(body)?.[1] ?? "";
    const style = /<style>(.*?)<\/style>/s.exec(body)?.[1] ?? "";
    expect(script).toMatch(/history\.replaceState\(.*window\.close\(\)/);
    const hash = (content: string): string => `'sha256-${createHash("sha256").update(content).digest("base64")}'`;
    const headers = head.toLowerCase();
    expect(head).toContain(`script-src ${hash(script)}`);
    expect(head).toContain(`style-src ${hash(style)}`);
    for (const line of [
      "cache-control: no-store",
      "referrer-policy: no-referrer",
      "x-content-type-options: nosniff",
      "connection: close",
      "default-src 'none'",
      "frame-ancestors 'none'",
    ])
      expect(headers).toContain(line);
  });

  const jwt = newJwt();
  const big = `a.${"b".repeat(defaults.jwtBytes)}.c`;
  const cases: [string, number, (at: { path: string; authority: string; port: number }) => string[]][] = [
    ["a favicon", 404, ({ authority }) => ["GET /favicon.ico HTTP/1.1", `Host: ${authority}`]],
    ["the root", 404, ({ authority }) => [`GET /?pomerium_jwt=${jwt} HTTP/1.1`, `Host: ${authority}`]],
    ["a longer path", 404, (p) => [`GET ${p.path}/?pomerium_jwt=${jwt} HTTP/1.1`, `Host: ${p.authority}`]],
    ["a shorter path", 404, (p) => [`GET ${p.path.slice(0, -1)}?pomerium_jwt=${jwt} HTTP/1.1`, `Host: ${p.authority}`]],
    [
      "an absolute target",
      404,
      (p) => [`GET http://${p.authority}${p.path}?pomerium_jwt=${jwt} HTTP/1.1`, `Host: ${p.authority}`],
    ],
    ["HEAD", 405, (p) => [`HEAD ${p.path}?pomerium_jwt=${jwt} HTTP/1.1`, `Host: ${p.authority}`]],
    ["POST", 405, (p) => [`POST ${p.path}?pomerium_jwt=${jwt} HTTP/1.1`, `Host: ${p.authority}`, "Content-Length: 0"]],
    ["OPTIONS", 405, (p) => [`OPTIONS ${p.path}?pomerium_jwt=${jwt} HTTP/1.1`, `Host: ${p.authority}`]],
    ["CONNECT", 405, (p) => [`CONNECT a.example:1 HTTP/1.1`, `Host: ${p.authority}`]],
    ["another host", 403, (p) => [`GET ${p.path}?pomerium_jwt=${jwt} HTTP/1.1`, "Host: rebound.example"]],
    ["localhost", 403, (p) => [`GET ${p.path}?pomerium_jwt=${jwt} HTTP/1.1`, `Host: localhost:${p.port}`]],
    ["a host without port", 403, (p) => [`GET ${p.path}?pomerium_jwt=${jwt} HTTP/1.1`, "Host: 127.0.0.1"]],
    ["no host", 403, (p) => [`GET ${p.path}?pomerium_jwt=${jwt} HTTP/1.1`, "Accept: */*"]],
    [
      "two hosts",
      403,
      (p) => [`GET ${p.path}?pomerium_jwt=${jwt} HTTP/1.1`, `Host: ${p.authority}`, "Host: b.example"],
    ],
    [
      "another origin",
      403,
      (p) => [`GET ${p.path}?pomerium_jwt=${jwt} HTTP/1.1`, `Host: ${p.authority}`, "Origin: https://evil.example"],
    ],
    [
      "an opaque origin",
      403,
      (p) => [`GET ${p.path}?pomerium_jwt=${jwt} HTTP/1.1`, `Host: ${p.authority}`, "Origin: null"],
    ],
    ["no JWT", 400, (p) => [`GET ${p.path} HTTP/1.1`, `Host: ${p.authority}`]],
    ["an empty JWT", 400, (p) => [`GET ${p.path}?pomerium_jwt= HTTP/1.1`, `Host: ${p.authority}`]],
    [
      "two JWTs",
      400,
      (p) => [`GET ${p.path}?pomerium_jwt=${jwt}&pomerium_jwt=${jwt} HTTP/1.1`, `Host: ${p.authority}`],
    ],
    ["a JWT of two parts", 400, (p) => [`GET ${p.path}?pomerium_jwt=a.b HTTP/1.1`, `Host: ${p.authority}`]],
    [
      "a JWT with a line end",
      400,
      (p) => [`GET ${p.path}?pomerium_jwt=a.b.c%0D%0Ax:1 HTTP/1.1`, `Host: ${p.authority}`],
    ],
    ["a JWT too long", 400, (p) => [`GET ${p.path}?pomerium_jwt=${big} HTTP/1.1`, `Host: ${p.authority}`]],
    ["a head too long", 400, (p) => [`GET ${p.path}?x=${"y".repeat(70_000)} HTTP/1.1`, `Host: ${p.authority}`]],
    ["no HTTP", 400, () => ["\u0016\u0003\u0001 hello"]],
  ];

  it.each(cases)("refuses %s with %i and goes on", async (_, status, lines) => {
    const server = await start();
    expect((await raw(server, lines(partsOf(server)))).status).toBe(status);
    await stillWaits(server);
  });

  it("takes its own origin, and a client that asks for an upgrade", async () => {
    const server = await start();
    const { path, authority } = partsOf(server);
    const head = [`GET ${path}?pomerium_jwt=${jwt} HTTP/1.1`, `Host: ${authority}`, `Origin: http://${authority}`];
    expect((await raw(server, [...head, "Connection: Upgrade", "Upgrade: h2c"])).status).toBe(200);
  });

  it("cuts off a head that does not come", async () => {
    const server = await start({ callbackHeadMs: 50 });
    const socket = await dial(server);
    socket.write("GET / HTTP/1.1\r\nHost:");
    socket.resume();
    await once(socket, "close");
    await stillWaits(server);
  });

  it("lets a browser in however many connections are held open", async () => {
    const server = await start({ callbackConnections: 4 });
    const held = await Promise.all(Array.from({ length: 4 }, () => dial(server)));
    const cut = once(held[0] as Socket, "close");
    await stillWaits(server);
    await cut;
    for (const socket of held) socket.destroy();
  });

  it("closes with the answer out and nothing left", async () => {
    const server = await start();
    const idle = await dial(server);
    const gone = once(idle, "close");
    idle.resume();
    const answer = comeBack(server.redirectUri, newJwt());
    await server.jwt;
    await Promise.all([server.close(), server.close()]);
    expect((await answer).body).toContain("Signed in");
    await gone;
    await expect(comeBack(server.redirectUri, newJwt())).rejects.toThrow("ECONNREFUSED");
  });

  it("takes a pasted URL once", async () => {
    const server = await start();
    expect(server.submit(`${server.redirectUri}?pomerium_jwt=nonsense`)).toBe(false);
    expect(server.submit(`${server.redirectUri}?pomerium_jwt=${jwt}`)).toBe(true);
    expect(server.submit(`${server.redirectUri}?pomerium_jwt=${jwt}`)).toBe(false);
    expect(await server.jwt).toBe(jwt);
    expect((await comeBack(server.redirectUri, newJwt())).status).toBe(410);
  });
});
