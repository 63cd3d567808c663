import { createHash } from "node:crypto";
import tls from "node:tls";
import { shown } from "../../shared/address.ts";
import { AppError, asAppError } from "../../shared/errors.ts";
import type { EventSink } from "../../shared/events.ts";
import { waitFor } from "../aborts.ts";
import { parseNameFilter } from "../certstore/filters.ts";
import type { CertificateSearch, FoundCertificate } from "../certstore/search.ts";
import type { TlsChoice } from "../ports.ts";
import { nameOf } from "./certificate-names.ts";
import { checkClientCertificate, ClientCertificateError, type ClientCertificate } from "./client-certificate.ts";
import { namesIn, type CertificateName } from "./given-cas.ts";
import type { RemoteKey } from "./remote-key/remote-key.ts";
import {
  checkTlsSettings,
  type ClientCertificateSearch,
  type ClientCertificateSource,
  type TlsSettings,
} from "./settings.ts";
import { defaultRoots } from "./trust.ts";

/** The longest wait for a look at the files of a client certificate, milliseconds; then the one from before is used. */
const lookMs = 2_000;

/** TLS settings made ready for connections: one SecureContext for all of them (node-networking.md: −25 % CPU). */
export interface TlsIdentity extends TlsChoice {
  /** Built on first use, since reading the system's roots takes tens of milliseconds. */
  context(): tls.SecureContext;
  readonly hasClientCertificate: boolean;
  /** The names of the CAs that are trusted besides the system's; read on first use, which is where one did not help. */
  givenCas?(): readonly CertificateName[];
  /**
   * Counts the client certificates that came in the place of the first. A connection or session ticket from before shows the
   * one from before.
   */
  readonly renewals: number;
  /** Looks whether the client certificate was renewed; left out where it cannot be. Never rejects. */
  readonly renew?: () => Promise<void>;
  /** Only where a client certificate is to be searched for; then this identity itself has none. */
  readonly search?: CertificateSearch;
  /** Only where the key of the client certificate stays elsewhere: TLS is then done there, and `context` is not used. */
  readonly remote?: RemoteClient;
}

/** A client certificate whose key stays where it is, and what else TLS is done with there. */
export interface RemoteClient {
  readonly key: RemoteKey;
  /** DER: the certificate, then its issuers. */
  readonly chain: readonly Buffer[];
  /** PEM texts whose certificates are trusted besides the system's. */
  readonly ca: readonly string[];
}

/**
 * Checks the settings and makes them ready.
 * @throws AppError `setting-invalid` or `client-certificate-invalid`.
 */
export function createTlsIdentity(settings: TlsSettings, events: EventSink = () => undefined): TlsIdentity {
  checkTlsSettings(settings);
  const { verify, ca, clientCertificate: client, clientCertificateSource: source } = settings;
  const { clientCertificateSearch: search } = settings;
  // The private key is left out: it is bound to the certificate by checkTlsSettings.
  const parts = [verify, ca, client?.cert ?? null, source?.id ?? null, search ?? null];
  const key = createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
  if (search && !client) return new SearchingIdentity(key, settings, search);
  return client && source
    ? new RenewedIdentity(key, settings, client, source, events)
    : new FixedIdentity(key, settings, client);
}

class FixedIdentity implements TlsIdentity {
  readonly key: string;
  readonly verify: boolean;
  readonly #settings: TlsSettings;
  #client: ClientCertificate | undefined;
  #context: tls.SecureContext | null = null;
  #givenCas: readonly CertificateName[] | null = null;
  #renewals = 0;

  constructor(key: string, settings: TlsSettings, client: ClientCertificate | undefined) {
    this.key = key;
    this.verify = settings.verify;
    this.#settings = settings;
    this.#client = client;
  }

  get hasClientCertificate(): boolean {
    return this.#client !== undefined;
  }

  get renewals(): number {
    return this.#renewals;
  }

  context(): tls.SecureContext {
    return (this.#context ??= createContext(this.#settings.ca, this.#client));
  }

  givenCas(): readonly CertificateName[] {
    return (this.#givenCas ??= namesIn(this.#settings.ca));
  }

  /** @throws AppError where TLS does not take it; then everything stays. */
  protected show(client: ClientCertificate): void {
    this.#context = createContext(this.#settings.ca, client);
    this.#client = client;
    this.#renewals += 1;
  }
}

/** Its client certificate is another one at each proxy. */
class SearchingIdentity extends FixedIdentity {
  readonly search: CertificateSearch;

  constructor(key: string, settings: TlsSettings, { issuer, subject }: ClientCertificateSearch) {
    super(key, settings, undefined);
    const { verify, ca } = settings;
    this.search = {
      issuer: issuer === undefined ? null : parseNameFilter(issuer),
      subject: subject === undefined ? null : parseNameFilter(subject),
      with: (client) => foundIdentity({ verify, ca }, client),
    };
  }
}

function foundIdentity(settings: TlsSettings, found: FoundCertificate | null): TlsIdentity {
  if (!found) return createTlsIdentity(settings);
  if (!("remote" in found)) return createTlsIdentity({ ...settings, clientCertificate: found });
  const { chain, remote } = found;
  const { verify, ca } = settings;
  const parts = [verify, ca, remote.id, chain.map((der) => der.toString("base64"))];
  const key = createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
  return new RemoteIdentity(key, settings, { key: remote, chain, ca });
}

/** Its client certificate has a key that stays where it is. */
class RemoteIdentity extends FixedIdentity {
  readonly remote: RemoteClient;

  constructor(key: string, settings: TlsSettings, remote: RemoteClient) {
    super(key, settings, undefined);
    this.remote = remote;
  }

  override get hasClientCertificate(): boolean {
    return true;
  }
}

/** Its client certificate comes from files that may be replaced while it is in use. */
class RenewedIdentity extends FixedIdentity {
  readonly #source: ClientCertificateSource;
  readonly #events: EventSink;
  /** The look that runs, as far as it is waited for. */
  #looking: Promise<void> | null = null;

  constructor(
    key: string,
    settings: TlsSettings,
    client: ClientCertificate,
    source: ClientCertificateSource,
    events: EventSink,
  ) {
    super(key, settings, client);
    this.#source = source;
    this.#events = events;
  }

  /** One look at a time serves everybody who waits; where it hangs, only those who come at first wait for it. */
  renew(): Promise<void> {
    if (this.#looking !== null) return this.#looking;
    const look = this.#look().finally(() => (this.#looking = null));
    const late = { ms: lookMs, error: () => new AppError("file-unreadable", "") };
    this.#looking = waitFor(look, new AbortController().signal, late).catch(() => undefined);
    return this.#looking;
  }

  async #look(): Promise<void> {
    try {
      const client = await this.#source.changed();
      if (client === null) return;
      // Certificate and key are two files, and may be seen between the writing of one and of the other.
      const { leaf } = checkClientCertificate(client);
      this.show(client);
      const certificate = { subject: nameOf(leaf.subject), validTo: Date.parse(leaf.validTo) };
      this.#events({ type: "client-certificate-renewed", ...certificate });
    } catch (thrown) {
      if (thrown instanceof ClientCertificateError && thrown.validFrom !== null)
        this.#source.readAgain(thrown.validFrom);
      this.#events({ type: "client-certificate-kept", error: asAppError(thrown).toData() });
    }
  }
}

/**
 * Has TLS itself look at a client certificate that `checkClientCertificate` finds good.
 * @throws AppError `client-certificate-invalid` where it does not take it, such as for a key that is too weak.
 */
export function checkTlsTakes(client: ClientCertificate): void {
  createContext([], client);
}

function createContext(ca: readonly string[], client: ClientCertificate | undefined): tls.SecureContext {
  try {
    return tls.createSecureContext({
      ca: [...defaultRoots(), ...ca],
      minVersion: "TLSv1.2",
      // A given CA is trusted as it is, an intermediate one or the proxy's own certificate too, as other clients do.
      allowPartialTrustChain: true,
      ...(client ? { cert: checkClientCertificate(client).chain, key: client.key } : {}),
      ...(client?.passphrase === undefined ? {} : { passphrase: client.passphrase }),
    });
  } catch (error) {
    if (error instanceof AppError) throw error;
    // What checkTlsSettings cannot see, such as a key that this OpenSSL finds too weak. Its text names no secret.
    const why = error instanceof Error ? shown(error.message) : "";
    throw new AppError(
      client ? "client-certificate-invalid" : "setting-invalid",
      `TLS does not take these settings: ${why}.`,
      {
        userAction: "Give another certificate, or ask its issuer.",
        cause: error,
      },
    );
  }
}
