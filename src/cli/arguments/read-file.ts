import { constants, createReadStream, fstat, open } from "node:fs";
import { stat } from "node:fs/promises";
import { Socket } from "node:net";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { shown } from "../../shared/address.ts";
import { AppError } from "../../shared/errors.ts";

const maxBytes = 1024 * 1024;

/** How long a pipe may take to say all; milliseconds. */
const pipeMs = 10_000;

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "you have no right to read it",
  EPERM: "you have no right to read it",
  EISDIR: "it is a folder",
  ETIMEDOUT: "nothing came from it for 10 s",
};

/**
 * Reads a file that a person named, 1 MiB at most.
 * @throws AppError `file-unreadable` that says why.
 */
export async function readGivenFile(file: string): Promise<string> {
  return (await readGivenBytes(file)).toString("utf8");
}

/** As `readGivenFile`, for what is no text. */
export async function readGivenBytes(file: string): Promise<Buffer> {
  const unreadable = (why: string, cause?: unknown): AppError =>
    new AppError("file-unreadable", `Culvert cannot read ${shown(file)}: ${why}.`, {
      cause,
      userAction: "Check the file's name and its rights.",
    });
  if (file === "") throw new AppError("file-unreadable", "The name of the file is empty.");
  let source: Readable | undefined;
  try {
    source = await openSource(file);
    const chunks: Buffer[] = [];
    let length = 0;
    // A size is unknown for pipes such as <(pass show ca), so the bound is kept while reading.
    for await (const chunk of source as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > maxBytes) throw unreadable("it is larger than 1 MiB");
    }
    return Buffer.concat(chunks);
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    const code = thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : "";
    throw unreadable(reasons[code] ?? (code === "" ? "it cannot be opened" : `the system says ${code}`), thrown);
  } finally {
    source?.destroy();
  }
}

/** Opens without blocking: a pipe that nobody writes to would keep a thread, and with it the process, for ever. */
async function openSource(file: string): Promise<Readable> {
  const fd = await promisify(open)(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  const kind = await promisify(fstat)(fd);
  if (!kind.isFIFO()) return createReadStream("", { fd });
  const pipe = new Socket({ fd, readable: true, writable: false });
  pipe.setTimeout(pipeMs, () => pipe.destroy(Object.assign(new Error("timeout"), { code: "ETIMEDOUT" })));
  return pipe;
}

/** Whether a file can be read again and again; a pipe such as <(pass show token) says everything once. */
export async function isRereadable(file: string): Promise<boolean> {
  return (await stat(file)).isFile();
}
