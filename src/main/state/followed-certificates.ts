import { createHmac, randomBytes } from "node:crypto";
import {
  checkClientCertificate,
  checkTlsTakes,
  FollowedFiles,
  type ClientCertificate,
  type TlsSettings,
} from "../../engine/index.ts";
import { asAppError, type AppError } from "../../shared/errors.ts";
import type { CertificateFiles, Connection, ConnectionSecrets } from "../../shared/model/connection.ts";
import type { ConnectionStore } from "../store/connection-store.ts";
import type { SecretStore } from "../store/secret-store.ts";
import { readCertificateFiles } from "./certificate-file.ts";
import { FileTurns } from "./file-turns.ts";
import { tlsSettingsOf } from "./tunnel-settings.ts";

/** The longest wait for files at the start of a connection, milliseconds; then the copy is used. */
const readMs = 2_000;

export interface FollowedCertificatesPorts {
  readonly connections: Pick<ConnectionStore, "all" | "get" | "put">;
  readonly secrets: Pick<SecretStore, "checkRoom" | "get" | "isLocked" | "set">;
  /** These have another certificate now. */
  renewed(ids: readonly string[]): void;
  /** The files of these cannot be used as they are; the certificate from before stays. */
  kept(ids: readonly string[], error: AppError): void;
  /** The renewed key could not be written. */
  notSaved(thrown: unknown): void;
  /** Instead of the disk. */
  readonly read?: typeof readCertificateFiles;
}

/**
 * Client certificates that were chosen as files. The app has a copy of each, so that a connection works without the file; where
 * the file is renewed, the copy is too: at every start, and before every new connection to the proxy.
 */
export class FollowedCertificates {
  readonly #ports: FollowedCertificatesPorts;
  readonly #turns = new FileTurns();
  /** Those that read their files now, as far as they are waited for. */
  readonly #refreshing = new Map<string, Promise<void>>();
  /** By connection, since it was started: what was told of its files last, which is not told again. */
  readonly #told = new Map<string, string>();
  readonly #salt = randomBytes(32);

  constructor(ports: FollowedCertificatesPorts) {
    this.#ports = ports;
  }

  /** Takes over what the files of a connection hold now, where it is good. Never rejects; takes 2 s at most. */
  refresh(id: string): Promise<void> {
    const files = filesOf(this.#ports.connections.get(id));
    if (!files || this.#ports.secrets.isLocked(id)) return Promise.resolve();
    const name = `${id}\n${nameOf(files)}`;
    const running = this.#refreshing.get(name);
    if (running) return running;
    const { passphrase } = this.#ports.secrets.get(id);
    // What is wrong with the files is told when the tunnel looks at them.
    const reading = this.#read(files, passphrase)
      .then(() => undefined, ignored)
      .finally(() => this.#refreshing.delete(name));
    const waited = waitedFor(reading);
    this.#refreshing.set(name, waited);
    return waited;
  }

  /** How this connection does TLS; its certificate is renewed with its files. @throws AppError as `tlsSettingsOf`. */
  tlsOf(connection: Connection): TlsSettings {
    const secrets = this.#ports.secrets.get(connection.id);
    const settings = tlsSettingsOf(connection, secrets);
    const files = filesOf(connection);
    if (!files || !settings.clientCertificate) return settings;
    let { cert, key } = settings.clientCertificate;
    const { passphrase } = secrets;
    const read = async (): Promise<ClientCertificate | null> => {
      try {
        const client = await this.#readNow(files, passphrase);
        if (sameText(client.cert, cert) && sameText(client.key, key)) return null;
        ({ cert, key } = client);
        return client;
      } catch (thrown) {
        const error = asAppError(thrown);
        this.#tellKept(files, passphrase, error);
        throw error;
      }
    };
    this.#told.delete(connection.id);
    // Those with another passphrase read the same files otherwise. It is not to be found out from the id.
    const variant = createHmac("sha256", this.#salt)
      .update(passphrase ?? "")
      .digest("base64url");
    const source = new FollowedFiles({ files: [files.certificate, files.key], variant, stamp: null, read });
    const clientCertificateSource = {
      id: source.id,
      changed: () => this.#turns.take(nameOf(files), () => source.changed()),
      readAgain: (from: number) => source.readAgain(from),
    };
    return { ...settings, clientCertificateSource };
  }

  #read(files: CertificateFiles, passphrase: string | undefined): Promise<ClientCertificate> {
    return this.#turns.take(nameOf(files), () => this.#readNow(files, passphrase));
  }

  /** Only in a turn. @throws AppError where the files cannot be read, or what they hold is no good. */
  async #readNow(files: CertificateFiles, passphrase: string | undefined): Promise<ClientCertificate> {
    const { read = readCertificateFiles } = this.#ports;
    const client = { ...(await read(files)), ...(passphrase === undefined ? {} : { passphrase }) };
    // Certificate and key are two files, and may be seen between the writing of one and of the other.
    checkClientCertificate(client);
    this.#take(files, client);
    return client;
  }

  /** The same once only, however many look at the files. */
  #tellKept(files: CertificateFiles, passphrase: string | undefined, error: AppError): void {
    for (const id of this.#told.keys()) if (!this.#ports.connections.get(id)) this.#told.delete(id);
    const ids = this.#followersOf(files, passphrase)
      .map(({ id }) => id)
      .filter((id) => this.#told.get(id) !== error.message);
    for (const id of ids) this.#told.set(id, error.message);
    if (ids.length > 0) this.#ports.kept(ids, error);
  }

  /** The passphrase opens the key, so it has to be theirs too. */
  #followersOf(files: CertificateFiles, passphrase: string | undefined): Connection[] {
    const { connections, secrets } = this.#ports;
    return connections
      .all()
      .filter((one) => sameFiles(filesOf(one), files) && !secrets.isLocked(one.id))
      .filter(({ id }) => secrets.get(id).passphrase === passphrase);
  }

  /** @throws AppError where TLS does not take it, or there is no room. */
  #take(files: CertificateFiles, client: ClientCertificate): void {
    const { cert, key, passphrase } = client;
    const { connections, secrets } = this.#ports;
    const changed = new Map<Connection, ConnectionSecrets>();
    for (const one of this.#followersOf(files, passphrase)) {
      this.#told.delete(one.id);
      const { clientCertificate } = one;
      if (clientCertificate.kind !== "pem") continue;
      const kept = secrets.get(one.id);
      if (sameText(clientCertificate.certificate, cert) && sameText(kept.key, key)) continue;
      const renewed = { ...kept, key };
      secrets.checkRoom(one.id, renewed);
      changed.set({ ...one, clientCertificate: { ...clientCertificate, certificate: cert } }, renewed);
    }
    if (changed.size === 0) return;
    checkTlsTakes(client);
    connections.put(...changed.keys());
    for (const [{ id }, renewed] of changed)
      void secrets.set(id, renewed).catch((thrown: unknown) => this.#ports.notSaved(thrown));
    this.#ports.renewed([...changed.keys()].map(({ id }) => id));
  }
}

/** What came through a form may have lost a line break at its end. */
const sameText = (a: string | undefined, b: string): boolean => a?.trim() === b.trim();

const ignored = (): void => undefined;

const nameOf = (files: CertificateFiles): string => `${files.certificate}\n${files.key}`;

/** Resolves with the work, or after `readMs`. @param work never rejects. */
async function waitedFor(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, readMs)));
  await Promise.race([work, late]);
  clearTimeout(timer);
}

/** Where the certificate of a connection was chosen; undefined where it has none, or was not chosen as a file. */
export const filesOf = (connection: Connection | undefined): CertificateFiles | undefined =>
  connection?.clientCertificate.kind === "pem" ? connection.clientCertificate.files : undefined;

/** True where both follow the same files, or both none. */
export const sameFiles = (a: CertificateFiles | undefined, b: CertificateFiles | undefined): boolean =>
  a?.certificate === b?.certificate && a?.key === b?.key;
