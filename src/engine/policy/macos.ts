import { readJsonDocument } from "./json-document.ts";
import type { Found } from "./place.ts";
import { runProgram, type RunProgram } from "./run-program.ts";
import { readTrustedFile } from "./trusted-file.ts";

/** The name under which a configuration profile manages Culvert: its bundle identifier. */
export const macPreferenceDomain = "io.culvert.app";

const folder = "/Library/Managed Preferences";

/**
 * Where the system puts what profiles manage: for the computer first, then for the user.
 * @param user the account's short name.
 */
export const macPolicyFiles = (user: string): readonly string[] => [
  `${folder}/${macPreferenceDomain}.plist`,
  ...(/^[^/\0]+$/.test(user) && !user.startsWith(".") ? [`${folder}/${user}/${macPreferenceDomain}.plist`] : []),
];

/** What a profile adds of its own. */
const ofTheProfile = /^Payload[A-Z]/;

/** Reads a property list of any form by the system's own plutil, which turns it into JSON. */
export async function readMacPolicy(file: string, owner: number, run: RunProgram = runProgram): Promise<Found> {
  const bytes = await readTrustedFile(file, owner);
  if (!Buffer.isBuffer(bytes)) return bytes;
  const end = await run("/usr/bin/plutil", ["-convert", "json", "-o", "-", "-"], bytes);
  if (end.kind === "failed") return { kind: "unreadable", place: file, why: end.why };
  if (end.code !== 0) {
    return {
      kind: "unreadable",
      place: file,
      why: "it is no property list, or holds dates or data",
      mend: "It has to hold texts, numbers, booleans and lists of texts, for example <key>allowUnverifiedTls</key><false/>.",
    };
  }
  const found = readJsonDocument(file, end.stdout, false);
  if (found.kind !== "values") return found;
  const values = Object.fromEntries(Object.entries(found.values).filter(([name]) => !ofTheProfile.test(name)));
  return { ...found, values };
}
