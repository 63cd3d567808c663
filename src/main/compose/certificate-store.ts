import { systemCertificateStore, type CertificateStore } from "../../engine/index.ts";

/**
 * The system's certificate store.
 * @param home the user's home folder.
 * @param password of the store, where a person has entered one; asked at every use.
 */
export const certificateStore = (
  platform: string,
  home: string,
  { XDG_DATA_HOME: dataHome }: Readonly<Record<string, string | undefined>>,
  password: () => string | undefined,
): CertificateStore =>
  systemCertificateStore({
    platform,
    home,
    dataHome,
    password,
    passwordHint: "Edit the connection, and enter the password below Certificate store.",
  });
