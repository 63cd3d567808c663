import path from "node:path";
import { findHelper, systemCertificateStore, type CertificateStore } from "../../engine/index.ts";

/** Where Electron says that things are. */
export interface AppPlaces {
  readonly isPackaged: boolean;
  readonly resources: string;
  readonly app: string;
}

/** The program that uses keys which may not leave their store: beside the command line in an installation. */
export const certificateHelper = (
  platform: string,
  arch: string,
  { isPackaged, resources, app }: AppPlaces,
): string | null =>
  findHelper({
    platform,
    arch,
    folders: isPackaged ? [path.join(resources, "cli"), resources] : [],
    checkout: isPackaged ? null : app,
  });

/**
 * The system's certificate store.
 * @param home the user's home folder.
 * @param password of the store, where a person has entered one; asked at every use.
 * @param helper as `certificateHelper`.
 */
export const certificateStore = (
  platform: string,
  home: string,
  { XDG_DATA_HOME: dataHome }: Readonly<Record<string, string | undefined>>,
  password: () => string | undefined,
  helper: string | null,
): CertificateStore =>
  systemCertificateStore({
    platform,
    home,
    dataHome,
    password,
    helper,
    passwordHint: "Edit the connection, and enter the password below Certificate store.",
  });
