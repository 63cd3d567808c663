import { existsSync } from "node:fs";
import path from "node:path";
import { safeStorage } from "electron";
import type { AppError } from "../../shared/errors.ts";
import type { NoticeBoard } from "../state/notice-board.ts";
import { ConnectionStore } from "../store/connection-store.ts";
import { ElectronDocumentFile } from "../store/electron-document-file.ts";
import { KeychainSessionStore } from "../store/keychain-session-store.ts";
import { notSaved, notSavedNotice } from "../store/notices.ts";
import { PlainDocumentFile } from "../store/plain-document-file.ts";
import { keychainCipher } from "../store/secret-cipher.ts";
import { SecretStore } from "../store/secret-store.ts";
import { hasKept } from "../store/set-aside.ts";
import { SettingsStore } from "../store/settings-store.ts";
import { StorePassword } from "../store/store-password.ts";
import { WindowStateStore } from "../store/window-state-store.ts";

/** Everything that is kept on disk but the log. */
export class Stores {
  readonly connections: ConnectionStore;
  readonly settings: SettingsStore;
  readonly window: WindowStateStore;
  readonly secrets: SecretStore;
  readonly sessions: KeychainSessionStore;
  readonly storePassword: StorePassword;
  readonly #notices: NoticeBoard;
  /** No connection is in another file than the list, from where somebody may bring it back: its secrets have to be there then. */
  readonly #connectionsWhole: boolean;
  #secretsFailed = false;

  /** @param folder absolute; read at once, but for the secrets. */
  constructor(folder: string, notices: NoticeBoard) {
    this.#notices = notices;
    const onSave = (): void => this.#tellSaving();
    this.connections = new ConnectionStore({ file: new ElectronDocumentFile(folder, "connections"), onSave });
    this.settings = new SettingsStore({ file: new ElectronDocumentFile(folder, "settings"), onSave });
    this.window = new WindowStateStore(new PlainDocumentFile(path.join(folder, "window.json")));
    const cipher = keychainCipher(process.platform, {
      isAvailable: () => safeStorage.isAsyncEncryptionAvailable(),
      encrypt: (text) => safeStorage.encryptStringAsync(text),
      decrypt: async (data) => (await safeStorage.decryptStringAsync(data)).result,
      backend: () => safeStorage.getSelectedStorageBackend(),
    });
    const sealed = (name: string) => ({
      file: new PlainDocumentFile(path.join(folder, `${name}.json`)),
      cipher,
      notify: (notice: Parameters<NoticeBoard["put"]>[0]) => notices.put(notice),
    });
    this.secrets = new SecretStore(sealed("secrets"));
    this.sessions = new KeychainSessionStore(sealed("sessions"));
    this.storePassword = new StorePassword(sealed("certificate-store"));
    const found = [...this.settings.load(), ...this.connections.load()];
    for (const notice of found) notices.put(notice);
    this.window.load();
    const list = path.join(folder, "connections.json");
    this.#connectionsWhole = found.length === 0 && existsSync(list) && !hasKept(list);
  }

  /** Reads the secrets, which may take as long as the keychain does. Never rejects. */
  async loadSecrets(): Promise<void> {
    await Promise.all([this.secrets.load(), this.sessions.load(), this.storePassword.load()]);
    if (!this.#connectionsWhole) return;
    await this.secrets
      .keepOnly(this.connections.all().map(({ id }) => id))
      .catch((thrown: unknown) => this.notSaved(thrown));
  }

  /** A secret could not be written. */
  notSaved(thrown: unknown): void {
    this.#secretsFailed = true;
    this.#notices.put(notSavedNotice(notSaved(thrown)));
  }

  /** Writes all of it. @throws AppError `storage-failed` where something fails again. */
  async saveAgain(): Promise<void> {
    this.settings.saveAgain();
    this.connections.saveAgain();
    await Promise.all([this.secrets.saveAgain(), this.sessions.saveAgain(), this.storePassword.saveAgain()]);
    this.#secretsFailed = false;
    this.#tellSaving();
  }

  /** Writes what is still unwritten. */
  async close(): Promise<void> {
    this.settings.close();
    this.connections.close();
    this.window.close();
    await Promise.all([this.secrets.close(), this.sessions.close(), this.storePassword.close()]);
  }

  #tellSaving(): void {
    const failure: AppError | null = this.connections.saveFailure ?? this.settings.saveFailure;
    if (failure !== null) this.#notices.put(notSavedNotice(failure));
    else if (!this.#secretsFailed) this.#notices.remove("not-saved");
  }
}
