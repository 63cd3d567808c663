import { extraRoots } from "../tls/trust.ts";
import { ProgramStore, type ProgramStoreOptions } from "./program-store.ts";
import type { CertificateStore } from "./store.ts";

/** The keychains of the user and of the computer, with the cards that are in a reader. The system asks whoever sits there. */
export const macosStore = (options: Pick<ProgramStoreOptions, "path" | "passwordHint">): CertificateStore =>
  new ProgramStore({ ...options, name: "the macOS keychain", roots: extraRoots });
