import path from "node:path";
import { AppError } from "../../shared/errors.ts";
import { LinuxStore } from "./linux-store.ts";
import { macosStore } from "./macos-store.ts";
import { NssStore, type NssOptions } from "./nss.ts";
import type { CertificateStore } from "./store.ts";
import { windowsStore } from "./windows-store.ts";

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
  /** Path of the program that uses keys which may not leave their store (native/README.md); null where it is not installed. */
  readonly helper: string | null;
}

const systems = {
  darwin: { name: "the macOS keychain", store: macosStore },
  win32: { name: "the Windows certificate store", store: windowsStore },
} as const;

const isSystem = (platform: string): platform is keyof typeof systems => Object.hasOwn(systems, platform);

function unavailable(name: string): CertificateStore {
  const error = new AppError(
    "not-available-yet",
    `Searching ${name} needs the program culvert-tls, which is missing from this installation.`,
    { userAction: "Install Culvert again; or export the certificate with its key to a file, and name that file." },
  );
  return {
    name,
    unavailable: error,
    version: () => Promise.reject(error),
    certificates: () => Promise.reject(error),
  };
}

/** The store of client certificates that this computer's browsers use. */
export function systemCertificateStore(options: SystemStoreOptions): CertificateStore {
  const { platform, home, dataHome = "", password, passwordHint, helper } = options;
  if (isSystem(platform)) {
    const { name, store } = systems[platform];
    return helper === null ? unavailable(name) : store({ path: helper, passwordHint });
  }
  const isGiven = path.isAbsolute(dataHome);
  const nss: NssOptions = {
    // In this order Chromium looks for it.
    folders: [
      { path: path.join(home, ".pki/nssdb"), name: "~/.pki/nssdb" },
      isGiven
        ? { path: path.join(dataHome, "pki/nssdb"), name: "$XDG_DATA_HOME/pki/nssdb" }
        : { path: path.join(home, ".local/share/pki/nssdb"), name: "~/.local/share/pki/nssdb" },
    ],
    password,
    passwordHint,
  };
  return helper === null ? new NssStore(nss) : new LinuxStore(nss, helper);
}
