import dgram from "node:dgram";
import type { Readable } from "node:stream";

/** Where capsules go, and when the far side is gone. */
export interface CapsuleSink {
  write(bytes: Buffer): void;
  end(): void;
}

function varint(value: number): Buffer {
  if (value < 64) return Buffer.from([value]);
  if (value < 16_384) return Buffer.from([0x40 | (value >> 8), value & 0xff]);
  const four = Buffer.alloc(4);
  four.writeUInt32BE((value | 0x8000_0000) >>> 0);
  return four;
}

function readVarint(bytes: Buffer, at: number): { value: number; next: number } | null {
  const first = bytes[at];
  if (first === undefined) return null;
  const length = 1 << (first >> 6);
  if (at + length > bytes.length) return null;
  let value = first & 0x3f;
  for (let index = 1; index < length; index += 1) value = value * 256 + (bytes[at + index] ?? 0);
  return { value, next: at + length };
}

/** One UDP payload as a DATAGRAM capsule with context 0. */
export function datagramCapsule(payload: Buffer): Buffer {
  return Buffer.concat([varint(0), varint(payload.length + 1), varint(0), payload]);
}

/** Takes capsules apart as bytes come in; calls back with every payload of context 0. */
export function capsuleReader(onPayload: (payload: Buffer) => void): (bytes: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (bytes) => {
    rest = rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([rest, bytes]);
    for (;;) {
      const type = readVarint(rest, 0);
      const length = type === null ? null : readVarint(rest, type.next);
      if (type === null || length === null || rest.length < length.next + length.value) return;
      const value = rest.subarray(length.next, length.next + length.value);
      rest = rest.subarray(length.next + length.value);
      if (type.value !== 0) continue;
      const context = readVarint(value, 0);
      if (context !== null && context.value === 0) onPayload(value.subarray(context.next));
    }
  };
}

/** Carries datagrams between a stream of capsules and a UDP upstream until the stream is gone. */
export function relayUdp(from: Readable, to: CapsuleSink, target: { host: string; port: number }): void {
  const socket = dgram.createSocket(target.host.includes(":") ? "udp6" : "udp4");
  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    socket.close();
  };
  socket.on("message", (payload) => {
    if (open) to.write(datagramCapsule(payload));
  });
  socket.on("error", () => {
    // ECONNREFUSED and the like: datagrams get lost, as they do on a real proxy.
  });
  const read = capsuleReader((payload) => {
    if (open) socket.send(payload, target.port, target.host);
  });
  from.on("data", read);
  from.on("end", () => {
    to.end();
    close();
  });
  from.on("close", close);
}
