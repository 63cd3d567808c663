import path from "node:path";
import { AppError } from "../../shared/errors.ts";
import { NssStore } from "./nss.ts";
import type { CertificateStore } from "./store.ts";

export interface SystemStoreOptions {
  /** As `process.platform`. */
  readonly platform: string;
  /** The user's home folder. */
  readonly home: string;
  /** `XDG_DATA_HOME`; absolute, or it counts as not set. */
  readonly dataHome?: string | undefined;
  /** Of the store, where it is protected by one; asked at every use. */
  readonly password?: (() => string | undefined) | undefined;
  /** How a person gives the password, one sentence. */
  readonly passwordHint: string;
}

const systems: Readonly<Record<string, string>> = { darwin: "macOS", win32: "Windows" };

function unavailable(system: string): CertificateStore {
  const error = new AppError(
    "not-available-yet",
    `Searching the certificate store of ${system} is not available on this platform yet.`,
    { userAction: "Export the certificate with its key to a file, and name that file." },
  );
  return {
    name: `the certificate store of ${system}`,
    unavailable: error,
    version: () => Promise.reject(error),
    certificates: () => Promise.reject(error),
  };
}

/** The store of client certificates that this computer's browsers use. */
export function systemCertificateStore(options: SystemStoreOptions): CertificateStore {
  const { platform, home, dataHome = "", password, passwordHint } = options;
  const system = systems[platform];
  if (system !== undefined) return unavailable(system);
  const isGiven = path.isAbsolute(dataHome);
  return new NssStore({
    // In this order Chromium looks for it.
    folders: [
      { path: path.join(home, ".pki/nssdb"), name: "~/.pki/nssdb" },
      isGiven
        ? { path: path.join(dataHome, "pki/nssdb"), name: "$XDG_DATA_HOME/pki/nssdb" }
        : { path: path.join(home, ".local/share/pki/nssdb"), name: "~/.local/share/pki/nssdb" },
    ],
    password,
    passwordHint,
  });
}
