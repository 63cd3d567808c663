import { AppError } from "../../shared/errors.ts";
import type { RemoteTlsError } from "../tls/remote-key/remote-key.ts";

export interface ProgramContext {
  /** What messages call the store. */
  readonly store: string;
  /** Where the key is, in words; the store's name where it is about all of it. */
  readonly where: string;
  readonly hasPassword: boolean;
  /** How a person gives the password, one sentence. */
  readonly passwordHint: string;
}

/** What the program says of a store, as what people are told; null for what is of TLS or of the program itself. */
export function storeError(error: RemoteTlsError, context: ProgramContext): AppError | null {
  const { store, where, hasPassword, passwordHint } = context;
  switch (error.code) {
    case "CULVERT_STORE_PASSWORD":
      return new AppError(
        "storage-failed",
        hasPassword ? `The password or PIN does not open ${where}.` : `${where} needs its password or PIN.`,
        {
          userAction: hasPassword
            ? `${passwordHint} It is not tried again: cards lock after a few wrong ones.`
            : passwordHint,
          cause: error,
        },
      );
    case "CULVERT_STORE_LAST_TRY":
      return new AppError("storage-failed", `One more wrong PIN would lock ${where}, so Culvert tries none.`, {
        userAction: "Sign in to it once with its own program, and try again.",
        cause: error,
      });
    case "CULVERT_KEY_REFUSED":
      return new AppError("storage-failed", `${where} does not let the key of the client certificate be used.`, {
        userAction: "Allow its use when you are asked, or ask whoever gave it to you.",
        cause: error,
      });
    case "CULVERT_NO_SUCH_CERTIFICATE":
      return new AppError("no-certificate-matches", `The client certificate is not in ${where} any more.`, {
        userAction: "Put the card or token in again, or import the certificate again.",
        cause: error,
      });
    case "CULVERT_STORE":
      return new AppError("storage-failed", `The certificate store ${store} cannot be opened.`, { cause: error });
    default:
      return null;
  }
}

/** The same where the program itself may have failed. */
export function listingError(error: RemoteTlsError, context: ProgramContext): AppError {
  const message = `The certificate store ${context.store} cannot be read: culvert-tls failed, ${error.message}.`;
  return storeError(error, context) ?? new AppError("storage-failed", message, { retryable: true, cause: error });
}
