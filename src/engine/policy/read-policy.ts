import type { Policy } from "../../shared/model/policy.ts";
import { interpretPolicy } from "./interpret.ts";
import { readJsonDocument } from "./json-document.ts";
import { macPolicyFiles, readMacPolicy } from "./macos.ts";
import type { Found } from "./place.ts";
import { readTrustedFile } from "./trusted-file.ts";
import { readWindowsPolicy } from "./windows.ts";

/** Where administrators of Linux leave the settings of Culvert. */
export const linuxPolicyFile = "/etc/culvert/policy.json";

const root = 0;

export interface PolicyPlaces {
  /** As in `process.platform`. */
  readonly platform: string;
  /** The short name of the account. */
  readonly user: string;
  /** The folder of Windows, as the system says it. */
  readonly systemRoot?: string | undefined;
}

/** Reads one JSON file as administrators of Linux write it. @param owner the user that it has to belong to; root but in tests. */
export async function readPolicyFile(file: string, owner: number = root): Promise<Policy> {
  return interpretPolicy([await readJsonFile(file, owner)]);
}

async function readJsonFile(file: string, owner: number): Promise<Found> {
  const bytes = await readTrustedFile(file, owner);
  return Buffer.isBuffer(bytes) ? readJsonDocument(file, bytes) : bytes;
}

/**
 * Reads what the administrators of this computer have set, each time anew. Never rejects: what is wrong is in `problems`, and in
 * the rules where it has to forbid something.
 */
export async function readPolicy({ platform, user, systemRoot = "C:\\Windows" }: PolicyPlaces): Promise<Policy> {
  switch (platform) {
    case "darwin":
      return interpretPolicy(await Promise.all(macPolicyFiles(user).map((file) => readMacPolicy(file, root))));
    case "win32":
      return interpretPolicy(await readWindowsPolicy(systemRoot));
    default:
      return readPolicyFile(linuxPolicyFile);
  }
}
