import { AppError } from "../../shared/errors.ts";
import type { StoreLook } from "../../shared/model/certificate.ts";
import { waitFor } from "../aborts.ts";
import type { ClientCertificateSearch } from "../tls/settings.ts";
import { choose } from "./choose.ts";
import { parseNameFilter } from "./filters.ts";
import type { CertificateStore } from "./store.ts";

/** A person waits for it; milliseconds for each of its two steps. */
const lookMs = 5_000;

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
  const message = `The certificate store ${store.name} did not answer within ${lookMs / 1000} s.`;
  const limit = { ms: lookMs, error: () => new AppError("storage-failed", message, { retryable: true }) };
  const lock = store.lock ? await waitFor(store.lock(), signal, limit) : "open";
  if (lock === "none") return { store: store.name, lock, fitting: 0, usable: 0 };
  const all = await waitFor(store.certificates(), signal, limit);
  const wanted = { caNames: [], now: Date.now() };
  return {
    store: store.name,
    lock,
    fitting: choose(all, { ...wanted, ...filters }).usable,
    usable: choose(all, { ...wanted, issuer: null, subject: null }).usable,
  };
}
