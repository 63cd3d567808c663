import { open } from "node:fs/promises";
import { shown } from "../../shared/address.ts";
import { AppError } from "../../shared/errors.ts";

const maxBytes = 1024 * 1024;

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "you have no right to read it",
  EPERM: "you have no right to read it",
  EISDIR: "it is a folder",
};

/**
 * Reads a file that a person named, 1 MiB at most.
 * @throws AppError `file-unreadable` that says why.
 */
export async function readGivenFile(file: string): Promise<string> {
  const unreadable = (why: string, cause?: unknown): AppError =>
    new AppError("file-unreadable", `Culvert cannot read ${shown(file)}: ${why}.`, {
      cause,
      userAction: "Check the file's name and its rights.",
    });
  if (file === "") throw new AppError("file-unreadable", "The name of the file is empty.");
  let handle;
  try {
    handle = await open(file, "r");
    const chunks: Buffer[] = [];
    let length = 0;
    // A size is unknown for pipes such as <(pass show ca), so the bound is kept while reading.
    for await (const chunk of handle.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > maxBytes) throw unreadable("it is larger than 1 MiB");
    }
    return Buffer.concat(chunks).toString("utf8");
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    const code = thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : "";
    throw unreadable(reasons[code] ?? (code === "" ? "it cannot be opened" : `the system says ${code}`), thrown);
  } finally {
    await handle?.close();
  }
}
