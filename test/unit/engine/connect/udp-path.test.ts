import { Duplex, PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { CapsuleDecoder, datagramCapsuleHead } from "../../../../src/engine/connect/capsules.ts";
import { speaksCapsules, UdpPath, udpRequestPath } from "../../../../src/engine/connect/udp-path.ts";
import { AppError } from "../../../../src/shared/errors.ts";

const lost = new AppError("connection-lost", "The connection was lost.");
const capsule = (text: string): Buffer =>
  Buffer.concat([datagramCapsuleHead(Buffer.byteLength(text)), Buffer.from(text)]);
const chunk = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);

/** A path on a stream whose far side the test is. */
function pathOn(
  framing: "raw" | "chunked",
  queueBytes = 1_000,
): {
  path: UdpPath;
  toUs: PassThrough;
  fromUs: PassThrough;
  got: string[];
  ends: (AppError | null)[];
  resets: () => number;
} {
  const toUs = new PassThrough();
  const fromUs = new PassThrough({ writableHighWaterMark: 1, readableHighWaterMark: 1 });
  const stream = Duplex.from({ readable: toUs, writable: fromUs });
  let resets = 0;
  const path = new UdpPath(stream, {
    via: "http/1.1",
    framing,
    queueBytes,
    lineBytes: 1_000,
    localAddress: null,
    explain: () => lost,
    reset: () => (resets += 1),
  });
  const got: string[] = [];
  const ends: (AppError | null)[] = [];
  path.start({ datagram: (payload) => got.push(payload.toString()), ended: (error) => ends.push(error) });
  return { path, toUs, fromUs, got, ends, resets: () => resets };
}

describe("reading", () => {
  it.each(["raw", "chunked"] as const)("datagrams of a %s stream, however they are cut", async (framing) => {
    const { toUs, got, ends } = pathOn(framing);
    const wire = Buffer.concat([capsule("one"), capsule(""), capsule("two")]);
    const framed = framing === "raw" ? wire : Buffer.concat([chunk(wire.subarray(0, 4)), chunk(wire.subarray(4))]);
    for (const byte of framed) toUs.write(Buffer.from([byte]));
    await expect.poll(() => got).toEqual(["one", "", "two"]);
    expect(ends).toEqual([]);
  });

  it("an end in order is no error, one in the middle of a capsule is", async () => {
    const whole = pathOn("raw");
    whole.toUs.end(capsule("one"));
    await expect.poll(() => whole.ends).toEqual([null]);
    const cut = pathOn("raw");
    cut.toUs.end(capsule("one").subarray(0, 4));
    await expect.poll(() => cut.ends).toEqual([lost]);
    expect(cut.got).toEqual([]);
  });

  it("a chunked stream ends with its last chunk, and without it was cut off", async () => {
    const whole = pathOn("chunked");
    whole.toUs.write(Buffer.concat([chunk(capsule("one")), Buffer.from("0\r\n\r\n")]));
    await expect.poll(() => whole.ends).toEqual([null]);
    const cut = pathOn("chunked");
    cut.toUs.end(chunk(capsule("one")));
    await expect.poll(() => cut.ends).toEqual([lost]);
    expect(cut.got).toEqual(["one"]);
  });

  it.each([
    ["no chunk", "chunked", Buffer.from("HTTP/1.1 400 Bad Request\r\n")],
    // 65,528 bytes and a context of 0: more than UDP can carry (RFC 9298 §5).
    ["a payload that no datagram can have", "raw", Buffer.from([0x00, 0x80, 0x00, 0xff, 0xf9, 0x00])],
    ["a datagram without its context", "raw", Buffer.from([0x00, 0x00])],
  ] as const)("%s ends the path once, and is told", async (_, framing, bytes) => {
    const { toUs, ends, resets } = pathOn(framing);
    toUs.write(bytes);
    toUs.write(bytes);
    await expect.poll(() => ends.map((error) => error?.code)).toEqual(["connection-lost"]);
    expect(ends[0]?.message).toBe("The proxy sent something else than datagrams.");
    expect(resets()).toBe(1);
  });

  it.each(["before there is a path", "before somebody listens"])("an end that came %s is told", async (when) => {
    const stream = new PassThrough();
    const ends: (AppError | null)[] = [];
    const cut = async (): Promise<void> => {
      const closed = new Promise((resolve) => stream.once("close", resolve));
      stream.destroy();
      await closed;
    };
    if (when === "before there is a path") await cut();
    const path = new UdpPath(stream, {
      via: "h2",
      framing: "raw",
      queueBytes: 1_000,
      lineBytes: 1_000,
      localAddress: null,
      explain: () => lost,
      reset: () => undefined,
    });
    if (when !== "before there is a path") await cut();
    path.start({ datagram: () => undefined, ended: (error) => ends.push(error) });
    expect(ends).toEqual([lost]);
  });

  it("once closed it says nothing more", async () => {
    const { path, toUs, got, ends, resets } = pathOn("raw");
    path.close();
    path.close();
    toUs.end(capsule("late"));
    await new Promise((resolve) => setImmediate(resolve));
    expect([got, ends, resets()]).toEqual([[], [], 1]);
    expect(path.send(Buffer.from("late"))).toBe("full");
  });
});

describe("writing", () => {
  it("datagrams come out whole and in order", async () => {
    const { path, fromUs } = pathOn("raw", 100_000);
    const texts = Array.from({ length: 100 }, (_, number) => `datagram ${number}`);
    const got: string[] = [];
    const reader = new CapsuleDecoder((payload) => got.push(payload.toString()));
    fromUs.on("data", (bytes: Buffer) => reader.push(bytes));
    for (const text of texts) expect(path.send(Buffer.from(text))).toBe("sent");
    await expect.poll(() => got).toEqual(texts);
  });

  it("what the proxy does not take is dropped once the bound is reached, and goes on when it reads", async () => {
    const { path, fromUs } = pathOn("raw", 10_000);
    const payload = Buffer.alloc(1_000);
    let sent = 0;
    while (path.send(payload) === "sent") sent += 1;
    expect(sent).toBeGreaterThanOrEqual(10);
    expect(sent).toBeLessThan(20);
    fromUs.resume();
    await expect.poll(() => path.send(payload)).toBe("sent");
  });

  it("more than a datagram can hold is refused, and harms nothing", () => {
    const { path, ends } = pathOn("raw", 100_000);
    expect(path.send(Buffer.alloc(65_528))).toBe("too-large");
    expect(path.send(Buffer.alloc(65_527))).toBe("sent");
    expect(ends).toEqual([]);
  });
});

describe("the request", () => {
  it("names host and port in its path, with the colons of IPv6 encoded", () => {
    expect(udpRequestPath({ protocol: "udp", host: "dns.corp.test", port: 53 })).toBe(
      "/.well-known/masque/udp/dns.corp.test/53/",
    );
    expect(udpRequestPath({ protocol: "udp", host: "2001:db8::1", port: 53 })).toBe(
      "/.well-known/masque/udp/2001%3Adb8%3A%3A1/53/",
    );
  });

  it.each([
    ["?1", true],
    [" ?1 ", true],
    ["?1;a=b", true],
    ["?0", false],
    ["1", false],
    ["?1, ?1", false],
    [undefined, false],
  ])("capsule-protocol: %s is %s", (value, expected) => {
    expect(speaksCapsules(value === undefined ? {} : { "capsule-protocol": value })).toBe(expected);
  });
});
