import { once } from "node:events";
import http from "node:http";
import type net from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { headlessSignIn, startAccessProxy, type AccessProxy } from "../support/access-proxy/index.ts";
import { exchange } from "../support/access-proxy/raw-client.ts";

describe("sign-in at the stand-in", () => {
  const seen: string[] = [];
  let callbackServer: http.Server;
  let callback: string;

  beforeAll(async () => {
    callbackServer = http.createServer((request, response) => {
      seen.push(request.url ?? "");
      response.end("signed in");
    });
    callbackServer.listen(0, "127.0.0.1");
    await once(callbackServer, "listening");
    callback = `http://127.0.0.1:${(callbackServer.address() as net.AddressInfo).port}/cb`;
  });

  afterAll(() => {
    callbackServer.close();
    callbackServer.closeAllConnections();
  });

  async function loginUrl(proxy: AccessProxy, host: string): Promise<string> {
    const query = new URLSearchParams({ pomerium_redirect_uri: callback }).toString();
    return (await exchange(proxy, [`GET /.pomerium/api/v1/login?${query} HTTP/1.1`, `Host: ${host}`])).body;
  }

  test("over plain http on loopback, through the page with the button", async () => {
    const proxy = await startAccessProxy({ routes: [], authenticateOverHttp: true, signIn: "form" });
    const url = await loginUrl(proxy, `localhost:${proxy.port}`);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:/);
    // Nothing but plain http from here on: an empty CA would fail any TLS.
    const form = await headlessSignIn(url, { caPem: "" });
    const action = /action="([^"]*approve[^"]*)"/.exec(form.body)?.[1]?.replaceAll("&amp;", "&") ?? "";
    const page = await headlessSignIn(new URL(action, url).toString(), { caPem: "" });
    expect(page).toMatchObject({ status: 200, body: "signed in" });
    const jwt = new URLSearchParams(seen.at(-1)?.split("?")[1]).get("pomerium_jwt") ?? "";
    const user = ["GET /.pomerium/user HTTP/1.1", "Host: localhost", `Authorization: Pomerium ${jwt}`];
    expect((await exchange(proxy, user)).status).toBe(200);
    await proxy.close();
  });

  test("`Host: name:443` ends in a 400 at the callback page: the signature covers the host as written", async () => {
    const proxy = await startAccessProxy({ routes: [] });
    const url = new URL(await loginUrl(proxy, "echo.corp.test:443"));
    const page = await exchange(proxy, [`GET ${url.pathname}${url.search} HTTP/1.1`, `Host: ${url.host}`]);
    const next = page.headers.get("location") ?? "";
    expect(next).toMatch(/^https:\/\/echo\.corp\.test:443\/\.pomerium\/callback\//);
    const target = next.slice(next.indexOf("/.pomerium"));
    const at = async (host: string): Promise<number> =>
      (await exchange(proxy, [`GET ${target} HTTP/1.1`, `Host: ${host}`])).status;
    // A browser leaves the usual port out of the Host header.
    expect(new URL(next).host).toBe("echo.corp.test");
    expect(await at(new URL(next).host)).toBe(400);
    expect(await at("echo.corp.test:443")).toBe(302);
    await proxy.close();
  });

  test("a sign-in URL goes stale, and so does a session", async () => {
    const proxy = await startAccessProxy({ routes: [], signInUrlLifetimeMs: -1000, sessionLifetimeMs: -1 });
    const url = await loginUrl(proxy, `localhost:${proxy.port}`);
    expect((await headlessSignIn(url, { caPem: proxy.caPem })).status).toBe(400);
    const jwt = proxy.control.issueJwt();
    const user = ["GET /.pomerium/user HTTP/1.1", "Host: localhost", `Authorization: Pomerium ${jwt}`];
    expect((await exchange(proxy, user)).status).toBe(401);
    await proxy.close();
  });

  test("a sign-in page that hangs is let go of when the proxy closes", async () => {
    const proxy = await startAccessProxy({ routes: [], signIn: "hang" });
    const visit = headlessSignIn(await loginUrl(proxy, `localhost:${proxy.port}`), { caPem: proxy.caPem });
    const failed = expect(visit).rejects.toMatchObject({ code: "ECONNRESET" });
    while (proxy.control.browserVisits() === 0) await new Promise(setImmediate);
    await proxy.close();
    await proxy.close();
    await failed;
  });
});
