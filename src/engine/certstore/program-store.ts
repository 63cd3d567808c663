import { createHash, randomBytes } from "node:crypto";
import net from "node:net";
import { AppError, asAppError } from "../../shared/errors.ts";
import { limits as defaultLimits, type Limits } from "../../shared/limits.ts";
import type { StoreLock } from "../../shared/model/certificate.ts";
import { waitFor } from "../aborts.ts";
import { openPkcs12 } from "../tls/pkcs12/open-pkcs12.ts";
import { connectRemote } from "../tls/remote-key/connect.ts";
import type { Listed } from "../tls/remote-key/messages.ts";
import { programFailed } from "../tls/remote-key/program.ts";
import { RemoteTlsError, type RemoteKey, type RemoteTls, type RemoteTlsRequest } from "../tls/remote-key/remote-key.ts";
import { runProgram } from "../tls/remote-key/run-program.ts";
import { listProgram, type Listing } from "./list-program.ts";
import { listingError, storeError, type ProgramContext } from "./program-errors.ts";
import type { CertificateStore, StoredCertificate, StoredKey } from "./store.ts";

export interface ProgramStoreOptions {
  /** What messages call it. */
  readonly name: string;
  /** Path of the program that uses its keys (native/README.md). */
  readonly path: string;
  /** Which database of the platform is meant, where there are several; null for none. Asked at every use. */
  readonly database?: () => Promise<string | null>;
  /** Of the store or a token, where it is protected by one; asked at every use. */
  readonly password?: (() => string | undefined) | undefined;
  /** How a person gives the password, one sentence. */
  readonly passwordHint: string;
  /** Certificates (PEM) that the platform does not trust by itself, besides those of the connection. */
  readonly roots: () => readonly string[];
  readonly limits?: Partial<Pick<Limits, "storageMs" | "storeLookMs">>;
}

/** A PKCS#12 file with one certificate and its key. */
const exportBytes = 256 * 1024;

const pemBlock = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+?)-----END CERTIFICATE-----/g;

/** DER in base64, each once. What is in there was looked at when it was set, or comes from the system. */
const derTexts = (pems: readonly string[]): string[] => [
  ...new Set(pems.flatMap((pem) => [...pem.matchAll(pemBlock)].map(([, text = ""]) => text.replaceAll(/\s/g, "")))),
];

/**
 * A certificate store that is reached through the platform's own program: keys may stay in it. Owner of the lists and exports
 * under way; `close()` ends them.
 */
export class ProgramStore implements CertificateStore {
  readonly name: string;
  readonly unavailable = null;
  readonly #options: ProgramStoreOptions;
  readonly #limits: { readonly storageMs: number; readonly storeLookMs: number };
  #listing: (Listing & { readonly at: number }) | null = null;
  #looking: Promise<Listing> | null = null;
  #isStale = false;
  #failed: { readonly error: Error; readonly at: number } | null = null;
  /** Passwords that a place has refused, as hashes: a card locks after a few wrong ones. */
  readonly #refused = new Set<string>();
  /** Those that a place has taken. */
  readonly #taken = new Set<string>();
  /** Those that are tried on a place for the first time now. */
  readonly #trying = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();
  #roots: readonly string[] | null = null;

  constructor(options: ProgramStoreOptions) {
    this.#options = options;
    this.name = options.name;
    this.#limits = { ...defaultLimits, ...options.limits };
  }

  async version(): Promise<string> {
    const listing = this.#listing;
    if (!listing || this.#isStale) return (await this.#current()).version;
    // The next connection hears of a change; this one does not wait for a card reader.
    if (performance.now() - listing.at >= this.#limits.storeLookMs) this.#look().catch(() => undefined);
    return listing.version;
  }

  lookAgain(): void {
    this.#isStale = true;
    this.#failed = null;
  }

  close(): void {
    this.#closing.abort(new AppError("closed", "Culvert is shutting down."));
  }

  async lock(): Promise<StoreLock> {
    const waiting = (await this.#current()).certificates.some((one) => one.key !== "none" && this.#waits(one));
    if (!waiting) return "open";
    return this.#options.password?.() === undefined ? "password-missing" : "password-wrong";
  }

  /** True where its key wants a password, and the one that is known is none or was refused. */
  #waits({ locked, where }: Listing["certificates"][number]): boolean {
    const password = this.#options.password?.();
    return locked && (password === undefined || this.#refused.has(refusalOf(where, password)));
  }

  async certificates(): Promise<StoredCertificate[]> {
    return (await this.#current()).certificates.map((one) => ({
      der: one.der,
      hasKey: one.key !== "none",
      isLocked: this.#waits(one),
      key: () => this.#key(one),
    }));
  }

  /** One look serves everybody who asks meanwhile. */
  #look(): Promise<Listing> {
    this.#isStale = false;
    this.#looking ??= this.#list().finally(() => (this.#looking = null));
    return this.#looking;
  }

  #current(): Promise<Listing> {
    if (this.#listing && !this.#isStale) return Promise.resolve(this.#listing);
    const looking = this.#look();
    // Where a reader hangs, not everybody waits for it anew.
    if (!this.#failed || performance.now() - this.#failed.at >= this.#limits.storeLookMs) return looking;
    looking.catch(() => undefined);
    return Promise.reject(this.#failed.error);
  }

  async #list(): Promise<Listing> {
    const { path } = this.#options;
    const ms = this.#limits.storageMs;
    const late = (): AppError =>
      new AppError(
        "storage-failed",
        `The certificate store ${this.name} did not answer within ${Math.round(ms / 1000)} s.`,
        {
          retryable: true,
        },
      );
    try {
      const listing = await listProgram({ path, input: await this.#access(), ms, late }, this.#closing.signal);
      this.#listing = { ...listing, at: performance.now() };
      this.#failed = null;
      return listing;
    } catch (thrown) {
      this.#isStale = true;
      const error =
        thrown instanceof RemoteTlsError ? listingError(thrown, this.#context(this.name)) : asAppError(thrown);
      this.#failed = { error, at: performance.now() };
      throw error;
    }
  }

  async #access(): Promise<{ readonly database: string | null; readonly password: string | null }> {
    const { database, password } = this.#options;
    return { database: (await database?.()) ?? null, password: password?.() ?? null };
  }

  #context(where: string): ProgramContext {
    const { password, passwordHint } = this.#options;
    return { store: this.name, where, hasPassword: password?.() !== undefined, passwordHint };
  }

  async #key(one: Listed): Promise<StoredKey> {
    if (one.key === "exportable") {
      const pem = await this.#export(one);
      if (pem !== null) return { kind: "here", pem };
    }
    return { kind: "stays", remote: this.#remote(one) };
  }

  /** Null where it does not come out after all. */
  async #export({ id, where }: Listed): Promise<string | null> {
    const passphrase = randomBytes(32).toString("base64url");
    const chunks: Buffer[] = [];
    let bytes = 0;
    const onOutput = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > exportBytes) throw programFailed("what it exports is too long");
      chunks.push(chunk);
    };
    const input = { ...(await this.#access()), passphrase };
    const ms = this.#limits.storageMs;
    const late = (): AppError =>
      new AppError("storage-failed", `${where} did not give the key within ${Math.round(ms / 1000)} s.`, {
        retryable: true,
      });
    try {
      const { signal } = this.#closing;
      await runProgram({ path: this.#options.path, command: ["export", id], input, ms, late, onOutput }, signal);
      return (await openPkcs12(Buffer.concat(chunks), passphrase, where)).key;
    } catch {
      // The way on is the same whatever went wrong: TLS is done where the key is, and says what is wrong there.
      return null;
    } finally {
      for (const chunk of chunks) chunk.fill(0);
    }
  }

  #remote(one: Listed): RemoteKey {
    return {
      id: one.id,
      where: one.where === "" ? this.name : one.where,
      connect: (raw, request, signal) => this.#connect(one, raw, request, signal),
    };
  }

  async #connect(
    { id, where }: Listed,
    raw: net.Socket,
    request: RemoteTlsRequest,
    signal: AbortSignal,
  ): Promise<RemoteTls> {
    const { host, alpn, verify, ca, chain, limits, silent } = request;
    const access = await this.#access();
    const refusal = access.password === null ? null : refusalOf(where, access.password);
    const context = this.#context(where);
    const tried = refusal === null ? (): void => undefined : await this.#firstTry(refusal, signal);
    if (refusal !== null && this.#refused.has(refusal)) {
      throw (
        storeError(new RemoteTlsError("CULVERT_STORE_PASSWORD", "refused before"), context) ?? programFailed("refused")
      );
    }
    const onTls = (): void => {
      if (refusal !== null) this.#taken.add(refusal);
      tried();
    };
    // Only servers' names go into SNI (RFC 6066 §3).
    const input = (via: number): string =>
      JSON.stringify({
        ...access,
        id,
        chain: chain.map((der) => der.toString("base64")),
        host: nameOf(host),
        sni: isAddress(host) ? null : nameOf(host),
        alpn,
        verify,
        roots: [...derTexts(ca), ...(this.#roots ??= derTexts(this.#options.roots()))],
        via,
      });
    try {
      return await connectRemote(raw, { path: this.#options.path, input, limits, silent, where, onTls }, signal);
    } catch (thrown) {
      if (!(thrown instanceof RemoteTlsError)) throw thrown;
      if (thrown.code === "CULVERT_STORE_PASSWORD" && refusal !== null) {
        this.#refused.add(refusal);
        this.#taken.delete(refusal);
      }
      if (thrown.code.startsWith("CULVERT_")) this.lookAgain();
      throw storeError(thrown, context) ?? thrown;
    } finally {
      tried();
    }
  }

  /**
   * Waits while another connection is the first to try a password: were it wrong, each of them would cost a card one of its
   * few tries. Returns what says that the own try is over. @throws AppError `cancelled`.
   */
  async #firstTry(refusal: string, signal: AbortSignal): Promise<() => void> {
    for (let trying = this.#trying.get(refusal); trying; trying = this.#trying.get(refusal))
      await waitFor(trying, signal);
    if (this.#taken.has(refusal) || this.#refused.has(refusal)) return () => undefined;
    let over: () => void = () => undefined;
    this.#trying.set(refusal, new Promise((resolve) => (over = resolve)));
    return () => {
      if (over === done) return;
      this.#trying.delete(refusal);
      over();
      over = done;
    };
  }
}

const done = (): void => undefined;

/** A name without the dot of the root, as certificates have it. */
const nameOf = (host: string): string => (host.endsWith(".") ? host.slice(0, -1) : host);

const isAddress = (host: string): boolean => net.isIP(host) !== 0;

const refusalOf = (where: string, password: string): string =>
  createHash("sha256")
    .update(JSON.stringify([where, password]))
    .digest("base64url");
