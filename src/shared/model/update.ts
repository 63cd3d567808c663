import type { AppErrorData } from "../errors.ts";

/** Why this copy of the app does not update itself. */
export type NoUpdates = "no-feed" | "package-manager" | "other-copy" | "folder-not-writable";

/** Where the app stands with newer versions of itself. `error` is why the last attempt at it failed; times in milliseconds since 1970. */
export type UpdateStatus =
  | { readonly kind: "none"; readonly why: NoUpdates }
  /** No newer version is known. `checkedAt` is null until a check has gone well. */
  | { readonly kind: "resting"; readonly checkedAt: number | null; readonly error: AppErrorData | null }
  | { readonly kind: "checking"; readonly checkedAt: number | null }
  | {
      readonly kind: "available";
      readonly version: string;
      /** Of what is to be downloaded, bytes. */
      readonly size: number;
      readonly error: AppErrorData | null;
    }
  | { readonly kind: "downloading"; readonly version: string; readonly size: number; readonly received: number }
  /** Downloaded and checked. Postponed: not installed before the user asks for it. */
  | {
      readonly kind: "ready";
      readonly version: string;
      readonly size: number;
      readonly postponed: boolean;
    }
  | { readonly kind: "installing"; readonly version: string; readonly size: number; readonly postponed: boolean };

export const restingStatus: UpdateStatus = { kind: "resting", checkedAt: null, error: null };
