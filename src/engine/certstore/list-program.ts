import { createHash } from "node:crypto";
import { Lines } from "../tls/remote-key/lines.ts";
import { listedLine, type Listed } from "../tls/remote-key/messages.ts";
import { programFailed } from "../tls/remote-key/program.ts";
import { runProgram, type RunOptions } from "../tls/remote-key/run-program.ts";

/** More than any store of a person; the search reads them all. */
const mostCertificates = 5_000;
const listLimits = { line: 128 * 1024, all: 24 * 1024 * 1024 } as const;

export interface Listing {
  readonly certificates: readonly Listed[];
  /** Equal where the certificates are. */
  readonly version: string;
}

/**
 * Has the program list what a store holds.
 * @throws RemoteTlsError of the program, or where its list is cut short or none; AppError at the limit or when cancelled.
 */
export async function listProgram(
  options: Pick<RunOptions, "path" | "input" | "ms" | "late">,
  signal: AbortSignal,
): Promise<Listing> {
  const certificates: Listed[] = [];
  const hash = createHash("sha256");
  let isWhole = false;
  const lines = new Lines(listLimits, (line) => {
    const listed = isWhole ? null : listedLine(line);
    if (listed === null) throw programFailed("its list is malformed");
    if (listed === "end") isWhole = true;
    else if (certificates.length === mostCertificates) throw programFailed("its list does not end");
    else {
      certificates.push(listed);
      hash.update(JSON.stringify([listed.id, listed.key, listed.where, listed.locked]));
    }
  });
  const onOutput = (bytes: Buffer): void => {
    try {
      lines.push(bytes);
    } catch (thrown) {
      throw thrown instanceof Error && thrown.name === "LinesError" ? programFailed("its list is too long") : thrown;
    }
  };
  await runProgram({ ...options, command: ["list"], onOutput }, signal);
  if (!isWhole) throw programFailed("its list is cut short");
  return { certificates, version: hash.digest("base64url") };
}
