import type { Writable } from "node:stream";

/** A reader that stopped reading must not keep the process from ending. */
const flushMs = 2_000;

/** Resolves when everything written so far is out, when the stream is gone, or after a while. */
export function flushed(stream: Writable): Promise<void> {
  if (stream.destroyed || stream.writableFinished || stream.errored !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, flushMs);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    if (stream.writableEnded) stream.once("close", done).once("finish", done);
    else stream.write("", done);
  });
}

/** Writes text; resolves when it is out or the stream is gone. */
export function printTo(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableEnded) resolve();
    else stream.write(text, () => resolve());
  });
}
