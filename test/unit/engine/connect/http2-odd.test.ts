import http2 from "node:http2";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { errorFromAnswer } from "../../../../src/engine/connect/answers.ts";
import type { Limits } from "../../../../src/shared/limits.ts";
import { clientOf, OddProxy, type OddClient, type OddProxyOptions } from "./odd-proxy.ts";

let proxy: OddProxy;
let client: OddClient;

async function start(options: OddProxyOptions = {}, limits: Partial<Limits> = {}): Promise<void> {
  proxy = await OddProxy.start(options);
  client = clientOf(proxy, { limits });
}
afterEach(async () => {
  client.connector.close();
  await proxy.close();
});
const givenUp = (): string[] =>
  client.events.flatMap((event) => (event.type === "http2-given-up" ? [event.reason] : []));

describe("421 Misdirected Request", () => {
  it("sends the request once more, on a connection made for it", async () => {
    await start();
    const asked: number[] = [];
    proxy.onStream = (stream, _headers, connection) => {
      asked.push(connection);
      stream.respond({ ":status": connection === 1 ? 421 : 200 }, { endStream: connection === 1 });
    };
    expect(await client.open()).toMatchObject({ kind: "open" });
    expect(asked).toEqual([1, 2]);
  });

  it("is the answer when the second connection says it too", async () => {
    await start();
    let asked = 0;
    proxy.onStream = (stream) => {
      asked += 1;
      stream.respond({ ":status": 421 }, { endStream: true });
    };
    const outcome = await client.open();
    if (outcome.kind !== "answered") throw new Error("opened");
    expect(errorFromAnswer(outcome.answer, { target: client.target })).toMatchObject({ code: "wrong-proxy" });
    expect([asked, proxy.accepted]).toEqual([2, 2]);
  });
});

describe("HTTP/2 that does not do CONNECT", () => {
  it.each([400, 405, 501, 505])("answers %i: HTTP/1.1 is used and remembered", async (status) => {
    await start();
    proxy.onStream = (stream) => stream.respond({ ":status": status }, { endStream: true });
    for (let i = 0; i < 2; i += 1)
      expect(await client.open()).toMatchObject({ kind: "open", path: { via: "http/1.1" } });
    expect(proxy.spoken).toEqual(["h2", "http/1.1", "http/1.1"]);
    expect(givenUp()).toEqual([expect.stringContaining(String(status))]);
  });

  it("is not given up where HTTP/1.1 answers the same", async () => {
    await start();
    proxy.onStream = (stream) => stream.respond({ ":status": 405 }, { endStream: true });
    proxy.onRequest = (socket) => socket.end("HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\n\r\n");
    expect(await client.open()).toMatchObject({ kind: "answered", answer: { status: 405 } });
    expect(givenUp()).toEqual([]);
  });

  it("is not given up where HTTP/1.1 does not work at all", async () => {
    await start();
    proxy.onStream = (stream) => stream.respond({ ":status": 405 }, { endStream: true });
    proxy.onRequest = (socket) => socket.destroy();
    expect(await client.open()).toMatchObject({ kind: "answered", answer: { status: 405 } });
    expect(givenUp()).toEqual([]);
  });

  it("is tried again after a while", async () => {
    await start({}, { learnedMs: 0 });
    proxy.onStream = (stream) => stream.respond({ ":status": 405 }, { endStream: true });
    await client.open();
    proxy.onStream = (stream) => stream.respond({ ":status": 200 });
    expect(await client.open()).toMatchObject({ kind: "open", path: { via: "h2" } });
  });

  it("refuses with a protocol error only once it has answered others: that is no fault of HTTP/2", async () => {
    await start();
    expect(await client.open()).toMatchObject({ kind: "open", path: { via: "h2" } });
    proxy.onStream = (stream) => stream.close(http2.constants.NGHTTP2_PROTOCOL_ERROR);
    await expect(client.open()).rejects.toMatchObject({ code: "connection-lost" });
    expect(givenUp()).toEqual([]);
  });
});

describe("answers on HTTP/2", () => {
  beforeEach(() => start({}, { refusalBodyMs: 50, refusalBodyBytes: 1000 }));

  it("asks for the destination and for JSON, and nothing else", async () => {
    const asked = new Promise<http2.IncomingHttpHeaders>((resolve) => {
      proxy.onStream = (stream, headers) => {
        resolve(headers);
        stream.respond({ ":status": 200 });
      };
    });
    await client.open();
    expect(Object.fromEntries(Object.entries(await asked))).toEqual({
      ":method": "CONNECT",
      ":authority": "echo.corp.test:7000",
      accept: "application/json",
    });
  });

  it("gives bytes that come with the 200 to whoever takes the stream", async () => {
    proxy.onStream = (stream) => {
      stream.respond({ ":status": 200 });
      stream.end("SSH-2.0-OpenSSH\r\n");
    };
    const outcome = await client.open();
    if (outcome.kind !== "open") throw new Error("refused");
    await new Promise((resolve) => setImmediate(resolve));
    let got = "";
    outcome.path.stream.on("data", (chunk: Buffer) => (got += chunk.toString())).resume();
    await new Promise((resolve) => outcome.path.stream.once("end", resolve));
    expect(got).toBe("SSH-2.0-OpenSSH\r\n");
  });

  it("reads a refusal's body with a reset behind it", async () => {
    const body = JSON.stringify({ error: "Forbidden", request_id: "r-1" });
    proxy.onStream = (stream) => {
      stream.respond({ ":status": 403, server: "envoy" });
      stream.end(body);
      stream.once("finish", () => stream.close(http2.constants.NGHTTP2_NO_ERROR));
    };
    expect(await client.open()).toMatchObject({ kind: "answered", answer: { status: 403, body } });
  });

  it("does not wait for a body that never comes, and reads a huge one only as far as its bound", async () => {
    proxy.onStream = (stream) => {
      stream.respond({ ":status": 403 });
      stream.write("{");
    };
    expect(await client.open()).toMatchObject({ kind: "answered", answer: { status: 403, body: "{" } });
    proxy.onStream = (stream) => {
      stream.respond({ ":status": 403 });
      stream.end("x".repeat(1_000_000));
    };
    const outcome = await client.open();
    expect(outcome).toMatchObject({ kind: "answered", answer: { status: 403, body: "x".repeat(1000) } });
  });

  it("takes a 404 of a foreign web server for one", async () => {
    proxy.onStream = (stream) => {
      stream.respond({ ":status": 404, server: "nginx" });
      stream.end("<h1>404</h1>");
    };
    const outcome = await client.open();
    if (outcome.kind !== "answered") throw new Error("opened");
    expect(errorFromAnswer(outcome.answer, { target: client.target }).code).toBe("not-pomerium");
  });

  it("skips interim answers", async () => {
    proxy.onStream = (stream) => {
      stream.additionalHeaders({ ":status": 103 });
      stream.respond({ ":status": 200 });
    };
    expect(await client.open()).toMatchObject({ kind: "open" });
  });

  it("frees the place of a cancelled attempt at the proxy", async () => {
    const aborter = new AbortController();
    const reset = new Promise<number>((resolve) => {
      proxy.onStream = (stream) => {
        stream.once("close", () => resolve(stream.rstCode));
        aborter.abort();
      };
    });
    await expect(client.open(aborter.signal)).rejects.toMatchObject({ code: "cancelled" });
    expect(await reset).toBe(http2.constants.NGHTTP2_CANCEL);
    expect(proxy.accepted).toBe(1);
  });
});

describe("a connection that ends as soon as it is open", () => {
  it("is not dialled again without end", async () => {
    await start();
    proxy.onSession = (opened) => {
      opened.goaway(http2.constants.NGHTTP2_NO_ERROR);
      opened.close();
    };
    expect(await client.open()).toMatchObject({ kind: "open", path: { via: "http/1.1" } });
    expect(proxy.spoken).toEqual(["h2", "h2", "http/1.1"]);
    // Once may be an accident: a proxy that restarts looks the same.
    expect(givenUp()).toEqual([]);
  });
});

describe("an answer that is all there", () => {
  it("reaches a slow reader whole, although the proxy closes the connection behind it", async () => {
    await start();
    const size = 8_000_000;
    proxy.onStream = (stream) => {
      stream.respond({ ":status": 200 });
      stream.end(Buffer.alloc(size, "x"));
      stream.once("finish", () => stream.session?.close());
      stream.once("close", () => proxy.drop());
    };
    const outcome = await client.open();
    if (outcome.kind !== "open") throw new Error("refused");
    const { stream, endIsClean } = outcome.path;
    stream.end();
    await new Promise<void>((resolve) => {
      const check = (): void => (proxy.open === 0 ? resolve() : void setTimeout(check, 5));
      check();
    });
    let got = 0;
    stream.on("data", (chunk: Buffer) => (got += chunk.length)).resume();
    await new Promise((resolve) => stream.once("end", resolve).once("close", resolve));
    expect([got, endIsClean()]).toEqual([size, true]);
  });
});
