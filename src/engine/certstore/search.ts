import { X509Certificate } from "node:crypto";
import { originOf, shown, type ProxyAddress } from "../../shared/address.ts";
import { AppError, type ErrorCode } from "../../shared/errors.ts";
import type { EngineEvent, EventSink } from "../../shared/events.ts";
import type { Limits } from "../../shared/limits.ts";
import { waitFor } from "../aborts.ts";
import type { TlsIdentity } from "../tls/identity.ts";
import type { RemoteKey } from "../tls/remote-key/remote-key.ts";
import type { Announced } from "./announced-cas.ts";
import { choose, type Choice } from "./choose.ts";
import { firstOfWholeName, type NameFilter } from "./filters.ts";
import { shortName } from "./names.ts";
import type { CertificateStore, StoredCertificate, StoredKey } from "./store.ts";

/** A client certificate that is to be searched for, and what is made of it. */
export interface CertificateSearch {
  readonly issuer: NameFilter | null;
  readonly subject: NameFilter | null;
  /** The same TLS settings with this certificate, or with none. */
  with(client: FoundCertificate | null): TlsIdentity;
}

/** A certificate with its chain and key, in PEM; or DER, and a key that stays where it is. */
export type FoundCertificate =
  { readonly cert: string; readonly key: string } | { readonly chain: readonly Buffer[]; readonly remote: RemoteKey };

export interface SearchesOptions {
  readonly store: CertificateStore | undefined;
  /** Asks a proxy which CAs it accepts client certificates of. */
  readonly announced: (proxy: ProxyAddress, signal: AbortSignal) => Promise<Announced>;
  readonly events: EventSink;
  readonly limits: Pick<Limits, "rememberedProxies" | "storageMs">;
}

interface Found {
  readonly identity: TlsIdentity;
  /** Of the store. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

interface Entry {
  found: Found | null;
  searching: Promise<Found> | null;
  /** What the log was told last; repeated only when it has changed. */
  said: string;
}

type Searched = Extract<EngineEvent, { type: "client-certificate-searched" }>;

const refusals: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "client-certificate-needed",
  "client-certificate-refused",
  // A card that was taken out.
  "no-certificate-matches",
]);

/** Certificates whose reasons are told; the others are counted. */
const mostReasons = 20;

const noStore = (): AppError =>
  new AppError("not-available-yet", "There is no certificate store to search here.", {
    userAction: "Name the files of the certificate and its key.",
  });

/**
 * Turns "a certificate of the store" into one certificate for each proxy, and keeps the result until the store changes, the
 * certificate ends or the proxy refuses it. Owner of the searches under way; `close()` ends them.
 */
export class CertificateSearches {
  readonly #options: SearchesOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #closing = new AbortController();

  constructor(options: SearchesOptions) {
    this.#options = options;
  }

  /** @throws AppError `not-available-yet` where this computer has no store that can be searched. */
  check(identity: TlsIdentity): void {
    if (!identity.search) return;
    const { store } = this.#options;
    const why = store ? store.unavailable : noStore();
    if (why) throw why;
  }

  /**
   * The identity to use with this proxy; one that searches for nothing is returned as it is.
   * @throws AppError `no-certificate-matches` when none fits, of the store, of the way to the proxy.
   */
  async identityFor(proxy: ProxyAddress, identity: TlsIdentity, signal: AbortSignal): Promise<TlsIdentity> {
    const { search } = identity;
    if (!search || !proxy.tls) return identity;
    this.check(identity);
    const store = this.#options.store ?? neverHere();
    const entry = this.#entry(keyOf(proxy, identity));
    const version = await waitFor(store.version(), signal, this.#limit(store));
    const { found } = entry;
    if (found && found.version === version && Date.now() < found.until) return found.identity;
    // One search serves everybody who waits, so it is nobody's to cancel.
    entry.searching ??= this.#search(proxy, search, store, version, entry)
      .then((made) => (entry.found = made))
      .finally(() => (entry.searching = null));
    return (await waitFor(entry.searching, signal)).identity;
  }

  /**
   * Does something with the identity for this proxy. Where the proxy does not take its certificate, what was found is
   * forgotten: the next one asks anew what it accepts.
   * @param refused whether a result says so.
   * @throws AppError of the search, or what `use` throws.
   */
  async using<T>(
    proxy: ProxyAddress,
    identity: TlsIdentity,
    signal: AbortSignal,
    use: (found: TlsIdentity) => Promise<T>,
    refused: (result: T) => boolean = () => false,
  ): Promise<T> {
    if (!identity.search) return use(identity);
    const found = await this.identityFor(proxy, identity, signal);
    try {
      const result = await use(found);
      if (refused(result)) this.forget(proxy, identity);
      return result;
    } catch (thrown) {
      if (thrown instanceof AppError && refusals.has(thrown.code)) this.forget(proxy, identity);
      throw thrown;
    }
  }

  /** The identity that was found for this proxy last; the given one where none was. */
  lastFor(proxy: ProxyAddress, identity: TlsIdentity): TlsIdentity {
    return this.#entries.get(keyOf(proxy, identity))?.found?.identity ?? identity;
  }

  /** The proxy did not take what was found: the next connection asks it anew what it accepts. */
  forget(proxy: ProxyAddress, identity: TlsIdentity): void {
    const entry = this.#entries.get(keyOf(proxy, identity));
    if (entry) entry.found = null;
    this.#options.store?.lookAgain?.();
  }

  /** Idempotent. */
  close(): void {
    this.#closing.abort(new AppError("closed", "Culvert is shutting down."));
    this.#entries.clear();
  }

  #entry(key: string): Entry {
    const entry = this.#entries.get(key) ?? { found: null, searching: null, said: "" };
    // Map order is age of use, so that the bound forgets what was not used for longest.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined && this.#entries.size > this.#options.limits.rememberedProxies)
      this.#entries.delete(oldest);
    return entry;
  }

  #limit(store: CertificateStore): { ms: number; error: () => AppError } {
    const ms = this.#options.limits.storageMs;
    const message = `The certificate store ${store.name} did not answer within ${Math.round(ms / 1000)} s.`;
    return { ms, error: () => new AppError("storage-failed", message, { retryable: true }) };
  }

  async #search(
    proxy: ProxyAddress,
    search: CertificateSearch,
    store: CertificateStore,
    version: string,
    entry: Entry,
  ): Promise<Found> {
    const { signal } = this.#closing;
    const limit = this.#limit(store);
    const { requested, caNames } = await this.#options.announced(proxy, signal);
    const event = { type: "client-certificate-searched", proxy: originOf(proxy), store: store.name } as const;
    if (!requested) {
      this.#say(entry, { ...event, asked: false, chosen: null, passedOver: [], more: 0 });
      return { identity: search.with(null), version, until: Number.POSITIVE_INFINITY };
    }
    const { issuer, subject } = search;
    const all = await waitFor(store.certificates(), signal, limit);
    const wanted = { caNames, issuer, subject, now: Date.now() };
    const choice = choose(all, wanted);
    const reasons = [...(store.leftOut ? [store.leftOut] : []), ...choice.passedOver];
    const told = reasons.slice(0, mostReasons);
    const asked = { ...event, asked: true, passedOver: told, more: reasons.length - told.length };
    const { chosen } = choice;
    if (!chosen) {
      this.#say(entry, { ...asked, chosen: null });
      // A card that is put in now is to be found by the next client.
      store.lookAgain?.();
      const unfiltered = choose(all, { ...wanted, issuer: null, subject: null });
      throw notFound(proxy, store, search, choice, unfiltered.usable);
    }
    const key = await waitFor(chosen.candidate.key(), signal, limit);
    const identity = search.with(foundOf(chosen.chain, key));
    const { facts } = chosen;
    this.#say(entry, {
      ...asked,
      chosen: {
        subject: shown(shortName(facts.subject)),
        issuer: shown(shortName(facts.issuer)),
        validTo: facts.notAfter,
        fingerprint: new X509Certificate(facts.der).fingerprint256,
        ...(key.kind === "stays" ? { keyStaysIn: shown(key.remote.where) } : {}),
      },
    });
    return { identity, version, until: facts.notAfter };
  }

  #say(entry: Entry, event: Searched): void {
    const text = JSON.stringify(event);
    if (entry.said === text) return;
    entry.said = text;
    this.#options.events(event);
  }
}

const keyOf = (proxy: ProxyAddress, identity: TlsIdentity): string => `${originOf(proxy)} ${identity.key}`;

const foundOf = (chain: readonly Buffer[], key: StoredKey): FoundCertificate =>
  key.kind === "here" ? { cert: chain.map(pemOf).join(""), key: key.pem } : { chain, remote: key.remote };

const pemOf = (der: Buffer): string => new X509Certificate(der).toString();

function neverHere(): never {
  throw noStore();
}

/** @param others that would do but for the issuer and the subject to search for. */
function notFound(
  { host }: ProxyAddress,
  { name }: CertificateStore,
  { issuer, subject }: CertificateSearch,
  { passedOver, closest }: Pick<Choice<StoredCertificate>, "passedOver" | "closest">,
  others: number,
): AppError {
  const [first, second] = passedOver;
  const given = Object.entries({ issuer, subject }).flatMap(([part, filter]) => (filter ? [{ part, filter }] : []));
  const filters = given.map(({ part, filter }) => `${part} ${filter.text}`);
  const elsewhere = `${others} other${others === 1 ? "" : "s"} could be used.`;
  const why =
    others > 0
      ? closest === null
        ? `No certificate in ${name} has ${filters.join(" and ")}. ${elsewhere}`
        : `No certificate in ${name} that has ${filters.join(" and ")} fits ${host}: ${closest} ${elsewhere}`
      : first === undefined
        ? `${host} asks for a client certificate, and ${name} holds none with its key.`
        : second === undefined
          ? `No client certificate in ${name} fits ${host}: ${first}`
          : `None of the ${passedOver.length} client certificates in ${name} fits ${host}; the log says why.`;
  // A value may hold commas, so that a whole name is taken for one, which no certificate has.
  const isFilter = closest === null && first !== undefined;
  const attribute = isFilter
    ? given.map(({ filter }) => firstOfWholeName(filter)).find((one) => one !== null)
    : undefined;
  const wholeName = attribute === undefined ? "" : ` A filter takes one attribute only, such as ${attribute}.`;
  const change = given.map(({ part }) => part).join(" and ");
  const step = change === "" ? "with the CA certificates that came with it" : `or change the ${change} to search for`;
  return new AppError("no-certificate-matches", `${why}${wholeName}`, {
    userAction: `Import the one that your organisation gave you, ${step}.`,
  });
}
