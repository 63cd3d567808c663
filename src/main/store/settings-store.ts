import * as v from "valibot";
import type { AppError } from "../../shared/errors.ts";
import { defaultSettings, settingsSchema, type Settings, type SettingsChange } from "../../shared/model/settings.ts";
import type { DocumentFile } from "./document-file.ts";
import { isFields, type Fields, type MigrationSteps } from "./migrations.ts";
import type { StoreNotice } from "./notices.ts";
import { Saving, type SaveListener } from "./saving.ts";
import { StoredDocument } from "./stored-document.ts";

/** The version of settings.json. A new setting has a default and needs no new version; a changed meaning does. */
export const settingsVersion = 1;

/** Steps from version 1 on. */
const settingsSteps: MigrationSteps = {};

export interface SettingsStoreOptions {
  readonly file: DocumentFile;
  readonly onSave?: SaveListener;
  readonly now?: () => Date;
}

/** The settings: held in memory, written after every change; failures to write as in `ConnectionStore`. */
export class SettingsStore {
  readonly #document: StoredDocument;
  readonly #saving: Saving;
  /** As the user has them; this is what the file holds. */
  #own: Settings = defaultSettings;
  /** What the organisation has set, in their place. */
  #locked: SettingsChange = {};
  #settings: Settings = defaultSettings;

  constructor({ file, onSave = () => undefined, now }: SettingsStoreOptions) {
    const spec = { name: "settings", subject: "Your settings", instead: "every setting is at its default" };
    this.#document = new StoredDocument(file, { ...spec, version: settingsVersion, steps: settingsSteps }, now);
    this.#saving = new Saving(() => this.#document.save({ settings: this.#own }), onSave);
  }

  /** Reads the file, once, at the start. Never throws; a setting that is wrong is told and goes to its default. */
  load(): StoreNotice[] {
    const { fields, notices } = this.#document.open((found) => isFields(found["settings"]));
    const found = fields?.["settings"];
    if (!isFields(found)) return notices;
    const { settings, wrong } = readSettings(found);
    this.#own = settings;
    this.#join();
    if (wrong === 0) return notices;
    const told = this.#document.keepCopy((name) =>
      wrong === 1
        ? `1 setting could not be read and is at its default. The file was kept as ${name}.`
        : `${wrong} settings could not be read and are at their defaults. The file was kept as ${name}.`,
    );
    if (!this.#document.owesCopy) this.#saving.now();
    return [...notices, told];
  }

  /** As they hold: the user's, and those that are locked. Another object after every change. */
  get current(): Settings {
    return this.#settings;
  }

  /** Why the last write failed; null when it did not. */
  get saveFailure(): AppError | null {
    return this.#saving.failure;
  }

  /** Changes the user's own; those that are locked hold their values. @returns all settings as they are then. */
  change(change: SettingsChange): Settings {
    this.#own = v.parse(settingsSchema, { ...this.#own, ...change });
    this.#join();
    this.#saving.now();
    return this.#settings;
  }

  /** Sets these in place of the user's own, which stay in the file and come back. */
  lock(locked: SettingsChange): void {
    this.#locked = locked;
    this.#join();
  }

  isLocked(name: keyof Settings): boolean {
    return name in this.#locked;
  }

  #join(): void {
    this.#settings = v.parse(settingsSchema, { ...this.#own, ...this.#locked });
  }

  /** Writes everything. @throws AppError `storage-failed` where it fails again. */
  saveAgain(): void {
    this.#saving.saveAgain();
  }

  /** Writes what is still unwritten. */
  close(): void {
    this.#saving.flush();
  }
}

/** Takes every setting that is right, and counts those that are wrong or unknown. */
function readSettings(found: Fields): { readonly settings: Settings; readonly wrong: number } {
  const good: Record<string, unknown> = {};
  let wrong = 0;
  for (const [name, value] of Object.entries(found)) {
    const schema = Object.hasOwn(settingsSchema.entries, name)
      ? settingsSchema.entries[name as keyof Settings]
      : undefined;
    if (schema !== undefined && v.is(schema, value)) good[name] = value;
    else wrong++;
  }
  return { settings: v.parse(settingsSchema, good), wrong };
}
