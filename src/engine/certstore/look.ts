import { AppError } from "../../shared/errors.ts";
import type { StoreLock, StoreLook } from "../../shared/model/certificate.ts";
import { waitFor } from "../aborts.ts";
import type { ClientCertificateSearch } from "../tls/settings.ts";
import { choose } from "./choose.ts";
import { parseNameFilter } from "./filters.ts";
import type { CertificateStore } from "./store.ts";

/** A person waits for it; milliseconds for each of its two steps. */
const lookMs = 5_000;

const limitOf = ({ name }: CertificateStore): { readonly ms: number; readonly error: () => AppError } => ({
  ms: lookMs,
  error: () =>
    new AppError("storage-failed", `The certificate store ${name} did not answer within ${lookMs / 1000} s.`, {
      retryable: true,
    }),
});

/** Whether the store opens with the password that is known; one without a password of its own is open. @throws AppError of the store. */
export const lockOf = async (store: CertificateStore, signal: AbortSignal): Promise<StoreLock> =>
  store.lock ? await waitFor(store.lock(), signal, limitOf(store)) : "open";

/**
 * Counts what a search would have to choose from now, whatever CAs a proxy accepts. No private key is read.
 * @throws AppError `setting-invalid` for a filter; of the store.
 */
export async function lookIntoStore(
  store: CertificateStore,
  { issuer, subject }: ClientCertificateSearch,
  signal: AbortSignal,
): Promise<StoreLook> {
  const filters = {
    issuer: issuer === undefined ? null : parseNameFilter(issuer),
    subject: subject === undefined ? null : parseNameFilter(subject),
  };
  if (store.unavailable) throw store.unavailable;
  const lock = await lockOf(store, signal);
  if (lock === "none") return { store: store.name, lock, fitting: 0, usable: 0 };
  const all = await waitFor(store.certificates(), signal, limitOf(store));
  const wanted = { caNames: [], now: Date.now() };
  return {
    store: store.name,
    lock,
    fitting: choose(all, { ...wanted, ...filters }).usable,
    usable: choose(all, { ...wanted, issuer: null, subject: null }).usable,
  };
}
