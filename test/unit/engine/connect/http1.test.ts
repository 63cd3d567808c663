import { once } from "node:events";
import type net from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { errorFromAnswer } from "../../../../src/engine/connect/answers.ts";
import type { ConnectOutcome, OpenPath } from "../../../../src/engine/connect/path.ts";
import { clientOf, OddProxy, type OddClient } from "./odd-proxy.ts";

let proxy: OddProxy;
let client: OddClient;

beforeAll(async () => {
  proxy = await OddProxy.start({ alpn: ["http/1.1"] });
});
afterAll(() => proxy.close());
afterEach(() => client.connector.close());

const answered = async (
  outcome: Promise<ConnectOutcome>,
): Promise<Extract<ConnectOutcome, { kind: "answered" }>["answer"]> => {
  const settled = await outcome;
  if (settled.kind !== "answered") throw new Error("a tunnel was opened");
  return settled.answer;
};
const opened = async (outcome: Promise<ConnectOutcome>): Promise<OpenPath> => {
  const settled = await outcome;
  if (settled.kind !== "open") throw new Error(`refused with ${settled.answer.status}`);
  return settled.path;
};
/** Answers every request with these bytes. */
const say = (bytes: string, then: (socket: net.Socket) => void = () => undefined): void => {
  proxy.onRequest = (socket) => {
    socket.write(bytes, "latin1");
    then(socket);
  };
};

describe("CONNECT on HTTP/1.1", () => {
  it("asks for the destination, and for JSON", async () => {
    client = clientOf(proxy);
    const head = new Promise<string>((resolve) => {
      proxy.onRequest = (socket, text) => {
        resolve(text);
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
      };
    });
    await opened(client.open());
    expect((await head).split("\r\n")).toEqual([
      "CONNECT echo.corp.test:7000 HTTP/1.1",
      "host: echo.corp.test:7000",
      "accept: application/json",
      "",
      "",
    ]);
  });

  it("takes the bytes behind the head for the stream's, however they come", async () => {
    client = clientOf(proxy);
    const text = "HTTP/1.1 200 OK\r\nserver: envoy\r\ncontent-length: 3\r\n\r\nSSH-2.0-OpenSSH\r\n";
    for (const split of [text.length, 1, 20, text.indexOf("SSH") - 1, text.indexOf("SSH"), text.indexOf("SSH") + 3]) {
      proxy.onRequest = (socket) => {
        socket.write(text.slice(0, split));
        setImmediate(() => socket.end(text.slice(split)));
      };
      const { stream, carriesHalfClose, via } = await opened(client.open());
      expect([carriesHalfClose, via]).toEqual([false, "http/1.1"]);
      let got = "";
      stream.on("data", (chunk: Buffer) => (got += chunk.toString())).resume();
      await once(stream, "end");
      expect(got).toBe("SSH-2.0-OpenSSH\r\n");
      stream.destroy();
    }
  });

  it("waits behind interim answers for the real one", async () => {
    client = clientOf(proxy);
    say("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\nhello");
    const { stream } = await opened(client.open());
    stream.resume();
    const [chunk] = (await once(stream, "data")) as [Buffer];
    expect(chunk.toString()).toBe("hello");
  });

  it.each([
    ["interim answers without an end", "HTTP/1.1 100\r\n\r\n".repeat(20_000), /interim answers do not end/],
    [
      "another protocol",
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n",
      /switched to another protocol/,
    ],
    ["no HTTP", "SSH-2.0-OpenSSH_9.2p1\r\n", /does not begin with HTTP\//],
    ["a malformed status line", "HTTP/1.1 twohundred\r\n\r\n", /status line/],
    ["a head without an end", `HTTP/1.1 200 OK\r\nx: ${"a".repeat(64 * 1024)}`, /longer than 32768 bytes/],
  ])("takes %s for no Pomerium", async (_name, bytes, message) => {
    client = clientOf(proxy);
    say(bytes);
    const error: unknown = await client.open().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "not-pomerium", retryable: false });
    expect((error as Error).message).toMatch(message);
  });

  it("says so when the answer breaks off in its head", async () => {
    client = clientOf(proxy);
    say("HTTP/1.1 200 OK\r\nserver: en", (socket) => socket.end());
    await expect(client.open()).rejects.toMatchObject({ code: "not-pomerium" });
    proxy.onRequest = (socket) => socket.end();
    await expect(client.open()).rejects.toMatchObject({ code: "connection-lost", retryable: true });
    proxy.onRequest = () => proxy.drop();
    await expect(client.open()).rejects.toMatchObject({ code: "connection-lost", retryable: true });
  });

  it.each(["keep-alive", "close"])(
    "reads a refusal whole, whatever becomes of the connection (%s)",
    async (connection) => {
      client = clientOf(proxy);
      const body = JSON.stringify({ error: "Forbidden", request_id: "r-1" });
      const head = `HTTP/1.1 403 Forbidden\r\nserver: envoy\r\ncontent-length: ${body.length}\r\nconnection: ${connection}\r\n\r\n`;
      proxy.onRequest = (socket) => {
        socket.write(head + body.slice(0, 5));
        setImmediate(() => {
          socket.write(body.slice(5));
          if (connection === "close") socket.end();
        });
      };
      const answer = await answered(client.open());
      expect(answer).toMatchObject({ status: 403, body, headers: { server: "envoy" } });
      expect(errorFromAnswer(answer, { target: client.target })).toMatchObject({
        code: "access-denied",
        requestId: "r-1",
      });
    },
  );

  it("does not wait for a refusal's body that never comes", async () => {
    client = clientOf(proxy, { limits: { refusalBodyMs: 20 } });
    say('HTTP/1.1 403 Forbidden\r\ncontent-length: 100\r\nx-request-id: r-2\r\n\r\n{"error":');
    expect(await answered(client.open())).toMatchObject({
      status: 403,
      body: '{"error":',
      headers: { "x-request-id": "r-2" },
    });
  });

  it("reads a huge body only as far as its bound", async () => {
    client = clientOf(proxy, { limits: { refusalBodyBytes: 1000 } });
    for (const length of ["", "content-length: 1000000\r\n", "content-length: -5\r\n", "content-length: 1e3\r\n"]) {
      say(`HTTP/1.1 500 Oops\r\n${length}\r\n${"x".repeat(1_000_000)}`, (socket) => socket.end());
      const answer = await answered(client.open());
      expect(answer.status).toBe(500);
      expect(answer.body.length).toBeLessThanOrEqual(1000);
    }
  });

  it("takes a 404 of a foreign web server for one", async () => {
    client = clientOf(proxy);
    const page = "<html><h1>404 Not Found</h1><hr>nginx</html>";
    say(`HTTP/1.1 404 Not Found\r\nserver: nginx\r\ncontent-length: ${page.length}\r\n\r\n${page}`);
    const answer = await answered(client.open());
    expect(errorFromAnswer(answer, { target: client.target }).code).toBe("not-pomerium");
  });

  it("works without TLS, for development", async () => {
    const plain = await OddProxy.start({ plain: true });
    try {
      client = clientOf(plain, { plain: true });
      const { stream } = await opened(client.open());
      expect(stream.destroyed).toBe(false);
      plain.onRequest = (socket) => void socket.write("HTTP/1.1 100\r\n\r\n".repeat(20_000));
      await expect(client.open()).rejects.toMatchObject({ code: "not-pomerium" });
    } finally {
      client.connector.close();
      await plain.close();
    }
  });

  it("leaves nothing open after a refusal, a failure or a cancelled attempt", async () => {
    client = clientOf(proxy, { limits: { connectAnswerMs: 20 } });
    const closed = (): Promise<unknown> =>
      new Promise((resolve) => {
        const before = proxy.onRequest;
        proxy.onRequest = (socket, head, number) => {
          socket.once("close", resolve);
          socket.resume();
          socket.once("end", () => socket.end());
          before(socket, head, number);
        };
      });
    say("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    let gone = closed();
    await answered(client.open());
    await gone;
    say("junk");
    gone = closed();
    await expect(client.open()).rejects.toMatchObject({ code: "not-pomerium" });
    await gone;
    proxy.onRequest = () => undefined;
    gone = closed();
    await expect(client.open()).rejects.toMatchObject({ code: "no-answer" });
    await gone;
    const aborter = new AbortController();
    client = clientOf(proxy);
    proxy.onRequest = () => aborter.abort();
    gone = closed();
    await expect(client.open(aborter.signal)).rejects.toMatchObject({ code: "cancelled" });
    await gone;
  });
});
