import { AppError } from "../../shared/errors.ts";
import { limits } from "../../shared/limits.ts";
import { isJwtShaped } from "./jwt.ts";

const invalid = (message: string): AppError =>
  new AppError("setting-invalid", message, {
    userAction: "Copy the token again from Pomerium, the whole of it and nothing else.",
  });

/**
 * Reads the token of a service account as it was pasted or read from a file: white space around it is let go.
 * @throws AppError `setting-invalid`, which never holds the token.
 */
export function parseServiceAccount(text: string): string {
  const token = text.trim();
  if (token === "") throw invalid("The service account token is empty.");
  if (token.length > limits.jwtBytes) {
    throw invalid(`The service account token is too long (${limits.jwtBytes} bytes at most).`);
  }
  if (!isJwtShaped(token, limits.jwtBytes)) {
    throw invalid("This is not a service account token: it must be three parts with dots between them.");
  }
  return token;
}

/** What to show when the proxy answered 401 to a service account: no browser can help there. */
export const serviceAccountRefused = (host: string): AppError =>
  new AppError("service-account-refused", `${host} did not accept the service account token. It may have expired.`, {
    userAction: "Ask for a new token and put it into the settings.",
  });
