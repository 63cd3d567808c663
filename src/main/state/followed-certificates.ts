import { checkClientCertificate, FollowedFiles, type ClientCertificate, type TlsSettings } from "../../engine/index.ts";
import { asAppError, type AppError } from "../../shared/errors.ts";
import type { CertificateFiles, Connection, ConnectionSecrets } from "../../shared/model/connection.ts";
import type { ConnectionStore } from "../store/connection-store.ts";
import type { SecretStore } from "../store/secret-store.ts";
import { readCertificateFiles } from "./certificate-file.ts";
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
}

/**
 * Client certificates that were chosen as files. The app has a copy of each, so that a connection works without the file; where
 * the file is renewed, the copy is too: at every start, and before every new connection to the proxy.
 */
export class FollowedCertificates {
  readonly #ports: FollowedCertificatesPorts;
  /** Those that read their files now: a file on a network that is gone must not take one thread after the other. */
  readonly #refreshing = new Map<string, Promise<void>>();

  constructor(ports: FollowedCertificatesPorts) {
    this.#ports = ports;
  }

  /** Takes over what the files of a connection hold now, where it is good. Never rejects; takes 2 s at most. */
  async refresh(id: string): Promise<void> {
    const connection = this.#ports.connections.get(id);
    const files = filesOf(connection);
    if (!files || this.#ports.secrets.isLocked(id)) return;
    const { passphrase } = this.#ports.secrets.get(id);
    // What is wrong with the files is told when the tunnel looks at them.
    const refreshing =
      this.#refreshing.get(id) ??
      readGood(files, passphrase)
        .then((client) => void this.#take(files, client))
        .catch(() => undefined)
        .finally(() => this.#refreshing.delete(id));
    this.#refreshing.set(id, refreshing);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, readMs)));
    await Promise.race([refreshing, late]);
    clearTimeout(timer);
  }

  /** How this connection does TLS; its certificate is renewed with its files. @throws AppError as `tlsSettingsOf`. */
  tlsOf(connection: Connection): TlsSettings {
    const secrets = this.#ports.secrets.get(connection.id);
    const settings = tlsSettingsOf(connection, secrets);
    const files = filesOf(connection);
    if (!files || !settings.clientCertificate) return settings;
    let { cert, key } = settings.clientCertificate;
    const read = async (): Promise<ClientCertificate | null> => {
      try {
        const client = await readGood(files, secrets.passphrase);
        this.#take(files, client);
        if (sameText(client.cert, cert) && sameText(client.key, key)) return null;
        ({ cert, key } = client);
        return client;
      } catch (thrown) {
        const error = asAppError(thrown);
        this.#ports.kept(
          this.#followersOf(files, secrets.passphrase).map(({ id }) => id),
          error,
        );
        throw error;
      }
    };
    const source = new FollowedFiles({ files: [files.certificate, files.key], stamp: null, read });
    return { ...settings, clientCertificateSource: source };
  }

  /** The passphrase opens the key, so it has to be theirs too. */
  #followersOf(files: CertificateFiles, passphrase: string | undefined): Connection[] {
    const { connections, secrets } = this.#ports;
    return connections
      .all()
      .filter((one) => sameFiles(filesOf(one), files) && !secrets.isLocked(one.id))
      .filter(({ id }) => secrets.get(id).passphrase === passphrase);
  }

  /** @throws AppError where there is no room. */
  #take(files: CertificateFiles, { cert, key, passphrase }: ClientCertificate): void {
    const { connections, secrets } = this.#ports;
    const changed = new Map<Connection, ConnectionSecrets>();
    for (const one of this.#followersOf(files, passphrase)) {
      const { clientCertificate } = one;
      if (clientCertificate.kind !== "pem") continue;
      const kept = secrets.get(one.id);
      if (sameText(clientCertificate.certificate, cert) && sameText(kept.key, key)) continue;
      const renewed = { ...kept, key };
      secrets.checkRoom(one.id, renewed);
      changed.set({ ...one, clientCertificate: { ...clientCertificate, certificate: cert } }, renewed);
    }
    if (changed.size === 0) return;
    connections.put(...changed.keys());
    for (const [{ id }, renewed] of changed)
      void secrets.set(id, renewed).catch((thrown: unknown) => this.#ports.notSaved(thrown));
    this.#ports.renewed([...changed.keys()].map(({ id }) => id));
  }
}

/** What came through a form may have lost a line break at its end. */
const sameText = (a: string | undefined, b: string): boolean => a?.trim() === b.trim();

/** @throws AppError where the files cannot be read, or what they hold is no good. */
async function readGood(files: CertificateFiles, passphrase: string | undefined): Promise<ClientCertificate> {
  const client = { ...(await readCertificateFiles(files)), ...(passphrase === undefined ? {} : { passphrase }) };
  // Certificate and key are two files, and may be seen between the writing of one and of the other.
  checkClientCertificate(client);
  return client;
}

/** Where the certificate of a connection was chosen; undefined where it has none, or was not chosen as a file. */
export const filesOf = (connection: Connection | undefined): CertificateFiles | undefined =>
  connection?.clientCertificate.kind === "pem" ? connection.clientCertificate.files : undefined;

/** True where both follow the same files, or both none. */
export const sameFiles = (a: CertificateFiles | undefined, b: CertificateFiles | undefined): boolean =>
  a?.certificate === b?.certificate && a?.key === b?.key;
