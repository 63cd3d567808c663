import { once } from "node:events";
import net from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SecondLooks } from "../../../../src/engine/connect/second-look.ts";
import { AppError } from "../../../../src/shared/errors.ts";
import { limits } from "../../../../src/shared/limits.ts";

const never = new AbortController().signal;
const lost = new AppError("connection-lost", "The connection to localhost was lost.", { retryable: true });

/** A proxy that takes connections and says nothing. */
let server: net.Server;
let sockets: net.Socket[];
const looked = { proxy: { tls: true, host: "127.0.0.1", port: 0 }, hasClientCertificate: true };

beforeEach(async () => {
  sockets = [];
  server = net.createServer((socket) => void sockets.push(socket.on("error", () => undefined).resume()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  looked.proxy.port = (server.address() as net.AddressInfo).port;
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

test("clients that fail at the same time share one look, and the next one looks anew", async () => {
  const looks = new SecondLooks({ limits: { ...limits, secondLookMs: 300 } });
  const gone = new AbortController();
  const accepted = once(server, "connection");
  const left = looks.explain(lost, looked, gone.signal);
  const others = Array.from({ length: 50 }, () => looks.explain(lost, looked, never));
  await accepted;
  // One that leaves takes nothing from the others, and waits for nothing.
  gone.abort();
  expect(await left).toBe(lost);
  expect(sockets.some(({ readableEnded, destroyed }) => readableEnded || destroyed)).toBe(false);
  expect(new Set(await Promise.all(others))).toEqual(new Set([lost]));
  expect(sockets).toHaveLength(1);
  expect(await looks.explain(lost, looked, never)).toBe(lost);
  expect(sockets).toHaveLength(2);
});

test("closing ends a look at once", async () => {
  const looks = new SecondLooks({ limits: { ...limits, secondLookMs: 60_000 } });
  const accepted = once(server, "connection");
  const explained = looks.explain(lost, looked, never);
  await accepted;
  const ended = once(sockets[0] as net.Socket, "close");
  looks.close();
  expect(await explained).toBe(lost);
  await ended;
  // Nor does one begin afterwards.
  expect(await looks.explain(lost, looked, never)).toBe(lost);
  expect(sockets).toHaveLength(1);
});

test("what is not in doubt is not looked at", async () => {
  const looks = new SecondLooks({ limits });
  const needed = new AppError("client-certificate-needed", "It asks for one.");
  for (const [error, change] of [
    [lost, { hasClientCertificate: false }],
    [needed, {}],
    [needed, { hasClientCertificate: false }],
    [new AppError("no-answer", "It did not answer."), { proxy: { ...looked.proxy, tls: false } }],
  ] as const)
    expect(await looks.explain(error, { ...looked, ...change }, never)).toBe(error);
  await looks.checkClearText({ ...looked.proxy, tls: false }, 403, never);
  await looks.checkClearText(looked.proxy, 400, never);
  expect(sockets).toEqual([]);
});

test("clear text without an answer is looked at once, and nothing is claimed of who stays silent", async () => {
  const looks = new SecondLooks({ limits: { ...limits, secondLookMs: 300 } });
  const proxy = { ...looked.proxy, tls: false };
  const waiting = looks.checkClearText(proxy, 400, never);
  expect(await looks.explain(lost, { proxy, hasClientCertificate: false }, never)).toBe(lost);
  await waiting;
  expect(sockets).toHaveLength(1);
});
