import { systemCertificateStore, type CertificateStore } from "../../engine/index.ts";

/**
 * The system's certificate store, as far as it opens without a password: the app asks for none.
 * @param home the user's home folder.
 */
export const certificateStore = (
  platform: string,
  home: string,
  { XDG_DATA_HOME: dataHome }: Readonly<Record<string, string | undefined>>,
): CertificateStore =>
  systemCertificateStore({
    platform,
    home,
    dataHome,
    passwordHint:
      "The app cannot open a store that has a password: take the password off, or choose the certificate as a file.",
  });
