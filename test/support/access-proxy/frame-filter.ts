import { Duplex } from "node:stream";

const pingFrame = 6;
const ackFlag = 1;
const frameHead = 9;

/** Lets whole HTTP/2 frames through; a PING answer only while `ignorePings` says no. */
function createFrameGate(ignorePings: () => boolean): (bytes: Buffer) => Buffer {
  let rest = Buffer.alloc(0);
  return (bytes) => {
    rest = rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([rest, bytes]);
    const passed: Buffer[] = [];
    while (rest.length >= frameHead) {
      const length = frameHead + rest.readUIntBE(0, 3);
      if (rest.length < length) break;
      const isPingAnswer = rest[3] === pingFrame && ((rest[4] ?? 0) & ackFlag) !== 0;
      if (!isPingAnswer || !ignorePings()) passed.push(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
    return Buffer.concat(passed);
  };
}

/**
 * Puts itself between an HTTP/2 session and its socket, for two reasons. Node reads nothing while a write is under way,
 * which Envoy never does: with Node on both ends each would wait for the other to read. So writes are done at once here.
 * And Node answers PINGs inside nghttp2, where nothing can stop it: with `ignorePings` the answers are taken out of the
 * bytes.
 */
export function filterFrames(socket: Duplex, ignorePings: (() => boolean) | null): Duplex {
  const gate = ignorePings ? createFrameGate(ignorePings) : (bytes: Buffer): Buffer => bytes;
  const filtered = new Duplex({
    allowHalfOpen: true,
    read() {
      socket.resume();
    },
    write(chunk: Buffer, _encoding, done) {
      const bytes = gate(chunk);
      // Errors of the socket reach the session by 'close'.
      if (bytes.length > 0) socket.write(bytes);
      done();
    },
    final(done) {
      socket.end(() => {
        done();
      });
    },
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  socket.on("data", (chunk: Buffer) => {
    if (!filtered.push(chunk)) socket.pause();
  });
  socket.on("end", () => filtered.push(null));
  socket.on("close", () => filtered.destroy());
  socket.on("error", () => {
    // 'close' follows.
  });
  return filtered;
}
