import type { Notice } from "../../shared/ipc/snapshot.ts";
import { AppError } from "../../shared/errors.ts";
import { codeOf } from "./private-files.ts";

/** A notice of a store, with the file that its "show-file" is about. */
export interface StoreNotice extends Notice {
  readonly file?: string;
}

/** What the system's code means to a person, to end a sentence with. */
function reasonOf(thrown: unknown): string {
  const code = codeOf(thrown);
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return "the disk is full";
    case "EROFS":
      return "the disk is read-only";
    case "EACCES":
    case "EPERM":
      return "Culvert may not write to its folder";
    case "EFBIG":
      return "the file would be too large";
    case null:
      return "the file cannot be written";
    default:
      return `the file cannot be written (${code})`;
  }
}

/** What a write ran into, as AppError `storage-failed` in the words of the interface. */
export function notSaved(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError("storage-failed", `Changes could not be saved: ${reasonOf(thrown)}.`, {
    retryable: true,
    userAction: "Make room or put the folder's rights in order, then try again.",
    cause: thrown,
  });
}

/** The notice that stays until a later write succeeds. */
export function notSavedNotice(error: AppError): StoreNotice {
  return { id: "not-saved", kind: "not-saved", message: error.message, action: "save-again" };
}

/** The id of `notOpenedNotice`. */
export const notOpened = "not-opened";

/** What stands in the way of a file that the system was asked to open; the next one takes its place. */
export const notOpenedNotice = ({ message, userAction = "" }: AppError): StoreNotice => ({
  id: notOpened,
  kind: "not-opened",
  message: `${message} ${userAction}`.trim(),
});

/** Said once however many stores find it: all of them use the same id. */
export const noKeychainNotice: StoreNotice = {
  id: "no-keychain",
  kind: "no-keychain",
  message: "The system keychain is not available. You will sign in again after quitting.",
};
