import * as v from "valibot";
import { AppError } from "../../shared/errors.ts";
import { connectionLimits, connectionSchema, type Connection } from "../../shared/model/connection.ts";
import { reordered, withRestored, without, type Removed } from "./connection-order.ts";
import type { DocumentFile } from "./document-file.ts";
import type { MigrationSteps } from "./migrations.ts";
import type { StoreNotice } from "./notices.ts";
import { parseKnown } from "./parse-known.ts";
import { Saving, type SaveListener } from "./saving.ts";
import { StoredDocument } from "./stored-document.ts";

/** The version of connections.json. A change that an older Culvert could not read raises it and adds a step. */
export const connectionsVersion = 1;

/** Steps from version 1 on. */
const connectionSteps: MigrationSteps = {};

/** Uses of connections are written together after this, in milliseconds. */
const touchMs = 5_000;

export interface ConnectionStoreOptions {
  readonly file: DocumentFile;
  readonly onSave?: SaveListener;
  readonly now?: () => Date;
  /** Instead of the steps of this version. */
  readonly steps?: MigrationSteps;
}

/**
 * The connections: held in memory in the order of the list, and written after every change. A write that fails goes to
 * `onSave` and changes nothing in memory; no method but `saveAgain` throws for it.
 */
export class ConnectionStore {
  readonly #document: StoredDocument;
  readonly #saving: Saving;
  #list: readonly Connection[] = [];
  #byId = new Map<string, Connection>();

  constructor({ file, onSave = () => undefined, now, steps = connectionSteps }: ConnectionStoreOptions) {
    const spec = { name: "connections", subject: "Your connections", instead: "an empty list was opened" };
    this.#document = new StoredDocument(file, { ...spec, version: connectionsVersion, steps }, now);
    this.#saving = new Saving(() => this.#document.save({ connections: this.#list }), onSave);
  }

  /** Reads the file, once, at the start. Never throws; what the user has to know comes back. */
  load(): StoreNotice[] {
    const { fields, notices } = this.#document.open((found) => Array.isArray(found["connections"]));
    const entries = fields?.["connections"];
    if (!Array.isArray(entries)) return notices;
    const good = new Map<string, Connection>();
    let bad = 0;
    let reduced = 0;
    for (const entry of entries as readonly unknown[]) {
      const parsed = good.size < connectionLimits.connections ? parseKnown(connectionSchema, entry) : null;
      if (parsed === null || good.has(parsed.value.id)) bad++;
      else {
        good.set(parsed.value.id, parsed.value);
        if (parsed.unknown > 0) reduced++;
      }
    }
    this.#replace([...good.values()]);
    if (bad + reduced === 0) return notices;
    const told = this.#document.keepCopy((name) => leftOut(bad, reduced, name));
    // Written at once, so that the next start does not tell the same again.
    if (!this.#document.owesCopy) this.#saving.now();
    return [...notices, told];
  }

  /** In the order of the list; another array after every change. */
  all(): readonly Connection[] {
    return this.#list;
  }

  get(id: string): Connection | undefined {
    return this.#byId.get(id);
  }

  /** Why the last write failed; null when it did not. */
  get saveFailure(): AppError | null {
    return this.#saving.failure;
  }

  /** Replaces the connections of the same ids and adds the others at the end. @throws AppError above the bound. */
  put(...connections: readonly Connection[]): void {
    const changed = new Map(connections.map((connection) => [connection.id, v.parse(connectionSchema, connection)]));
    const list = this.#list.map((connection) => {
      const other = changed.get(connection.id);
      changed.delete(connection.id);
      return other ?? connection;
    });
    list.push(...changed.values());
    this.#checkBound(list);
    this.#replace(list);
    this.#saving.now();
  }

  /** Unknown ids count for nothing. The result brings them back. */
  remove(ids: readonly string[]): Removed {
    const { rest, removed } = without(this.#list, ids);
    if (removed.entries.length > 0) {
      this.#replace(rest);
      this.#saving.now();
    }
    return removed;
  }

  /** Puts them back where they were; one whose id is there again is left out. @throws AppError above the bound. */
  restore(removed: Removed): void {
    const list = withRestored(this.#list, removed);
    this.#checkBound(list);
    this.#replace(list);
    this.#saving.now();
  }

  /** See `reordered`. */
  reorder(ids: readonly string[]): void {
    this.#replace(reordered(this.#list, ids));
    this.#saving.now();
  }

  /**
   * Notes when they were last turned on; unknown ids count for nothing. Written within seconds, together with others.
   * @param lastUsedAt milliseconds since 1970.
   */
  touch(ids: Iterable<string>, lastUsedAt: number): void {
    const used = new Set(ids);
    if (!this.#list.some(({ id }) => used.has(id))) return;
    this.#replace(
      this.#list.map((connection) => (used.has(connection.id) ? { ...connection, lastUsedAt } : connection)),
    );
    this.#saving.soon(touchMs);
  }

  /** Writes everything. @throws AppError `storage-failed` where it fails again. */
  saveAgain(): void {
    this.#saving.saveAgain();
  }

  /** Writes what is still unwritten. */
  close(): void {
    this.#saving.flush();
  }

  #replace(list: readonly Connection[]): void {
    this.#list = list;
    this.#byId = new Map(list.map((connection) => [connection.id, connection]));
  }

  #checkBound(list: readonly Connection[]): void {
    if (list.length > connectionLimits.connections) {
      throw new AppError("setting-invalid", `Culvert keeps at most ${connectionLimits.connections} connections.`, {
        userAction: "Delete some that are no longer needed.",
      });
    }
    if (list.reduce((sum, one) => sum + certificatesOf(one), 0) > connectionLimits.certificatesLength) {
      throw new AppError("setting-invalid", "The certificates of your connections take more room than Culvert has.", {
        userAction: "Add only the certificates that this connection needs.",
      });
    }
  }
}

/** Characters of the certificates that are kept with it. */
const certificatesOf = ({ trust, clientCertificate }: Connection): number =>
  (trust.kind === "ca" ? trust.pem.length : 0) +
  (clientCertificate.kind === "pem" ? clientCertificate.certificate.length : 0);

const howMany = (count: number): string => `${count} connection${count === 1 ? "" : "s"}`;

function leftOut(bad: number, reduced: number, name: string): string {
  const parts = [
    ...(bad > 0 ? [`${howMany(bad)} could not be read.`] : []),
    ...(reduced > 0 ? [`${howMany(reduced)} had settings that this Culvert does not know.`] : []),
  ];
  return `${parts.join(" ")} The file was kept as ${name}.`;
}
