import { constants } from "node:fs";
import { open } from "node:fs/promises";
import path from "node:path";
import { shown } from "../../shared/address.ts";
import { AppError } from "../../shared/errors.ts";

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "you have no right to read it",
  EPERM: "you have no right to read it",
  EISDIR: "it is a folder",
};

/**
 * Reads a file that a person chose.
 * @param mostBytes a larger file is refused.
 * @throws AppError `file-unreadable` that says why.
 */
export async function readTextFile(file: string, mostBytes: number): Promise<string> {
  return (await readFileBytes(file, mostBytes)).toString("utf8");
}

/** As `readTextFile`, for what need not be text. */
export async function readFileBytes(file: string, mostBytes: number): Promise<Buffer> {
  const unreadable = (why: string, cause?: unknown): AppError =>
    new AppError("file-unreadable", `Culvert cannot read ${shown(path.basename(file))}: ${why}.`, {
      cause,
      userAction: "Check the file's name and its rights.",
    });
  try {
    // A pipe that nobody writes to would otherwise keep a thread for ever.
    const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      if (!(await handle.stat()).isFile()) throw unreadable("it is not a file");
      const buffer = Buffer.alloc(mostBytes + 1);
      let length = 0;
      while (length <= mostBytes) {
        const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
        if (bytesRead === 0) return buffer.subarray(0, length);
        length += bytesRead;
      }
      throw unreadable(`it is larger than ${Math.floor(mostBytes / 1024)} KiB`);
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
    throw unreadable(reasons[code] ?? `the system says ${code === "" ? "no" : code}`, thrown);
  }
}
