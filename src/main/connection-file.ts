import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { shown } from "../shared/address.ts";
import { AppError } from "../shared/errors.ts";
import type { Place } from "../shared/ipc/snapshot.ts";
import { connectionLimits } from "../shared/model/connection.ts";
import { placeOfLink } from "./links.ts";
import { readTextFile } from "./state/text-file.ts";

/** Files of one connection end so; the installers register them (electron-builder.yml). */
export const connectionFileExtension = ".culvert";

/** A link has 1,024 characters at most; the rest is for comments. */
const mostBytes = 16 * 1_024;

/** Milliseconds. */
const readMs = 5_000;

export const isFileUrl = (text: string): boolean => /^file:/i.test(text);

/**
 * The file among the arguments of a start, as a file: URL; null where there is none. Desktops hand over a path or such a URL.
 * @param folder what a relative path starts from.
 */
export function connectionFileAmong(argv: readonly string[], folder: string): string | null {
  const given = argv
    .slice(1)
    .find((one) => !one.startsWith("-") && one.toLowerCase().endsWith(connectionFileExtension));
  if (given === undefined) return null;
  if (isFileUrl(given)) return given;
  // A scheme of two letters or more: it is a link or an address, not a path with a drive.
  return /^[a-z][a-z0-9+.-]+:/i.test(given) ? null : pathToFileURL(path.resolve(folder, given)).href;
}

/**
 * Where a connection file leads: a new connection, filled in with its link and under its name. It saves and turns on nothing.
 * @param url a file: URL.
 * @throws AppError `file-unreadable` or `setting-invalid`, for people.
 */
export async function placeOfFile(url: string): Promise<Place> {
  const file = pathOf(url);
  const name = path.basename(file);
  const text = await inTime(readTextFile(file, mostBytes), name);
  // Lines of comments, and what Notepad puts before a text.
  const lines = text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  const place = lines.length === 1 ? placeOfLink(lines[0] ?? "") : null;
  if (place?.page !== "new") {
    throw new AppError("setting-invalid", `${shown(name)} holds no connection.`, {
      userAction: "It has to be a text with one link, such as tcp+https://pg.example.com:5432.",
    });
  }
  // Nothing that could turn the text around it.
  const title = name
    .slice(0, -connectionFileExtension.length)
    .replace(/\p{C}/gu, "")
    .trim()
    .slice(0, connectionLimits.nameLength);
  return { ...place, ...(title === "" ? {} : { name: title }) };
}

/** A file on a network that is gone may never be read. */
async function inTime(reading: Promise<string>, name: string): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new AppError("file-unreadable", `${shown(name)} could not be read within ${readMs / 1_000} s.`));
    }, readMs);
  });
  try {
    return await Promise.race([reading, late]);
  } finally {
    clearTimeout(timer);
  }
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new AppError("file-unreadable", `Culvert cannot open ${shown(url)}: it is not a file of this computer.`, {
      cause,
      userAction: "Copy it to this computer first.",
    });
  }
}
