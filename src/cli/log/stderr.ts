import type { Writable } from "node:stream";

/** A stream to write lines to that may vanish at any time without taking the program along. */
export function lineWriter(stream: Writable): (line: string) => void {
  let broken = false;
  stream.on("error", () => {
    broken = true;
  });
  return (line) => {
    if (broken || stream.destroyed) return;
    stream.write(`${line}\n`);
  };
}

/** Colours only for a person at a terminal who did not turn them off (no-color.org). */
export function wantsColor(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return stream.isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
}
