import { extraRoots } from "../tls/trust.ts";
import { ProgramStore, type ProgramStoreOptions } from "./program-store.ts";
import type { CertificateStore } from "./store.ts";

/** The personal certificates of the user, then those of the computer. Schannel uses their keys, whatever keeps them. */
export const windowsStore = (options: Pick<ProgramStoreOptions, "path" | "passwordHint">): CertificateStore =>
  new ProgramStore({ ...options, name: "the Windows certificate store", roots: extraRoots });
