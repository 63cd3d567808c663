import type { CertificateStore, Engine } from "../../engine/index.ts";
import type { Settings } from "../../shared/model/settings.ts";
import type { SignInDesk } from "../sign-in/sign-in-desk.ts";
import type { AppState } from "../state/app-state.ts";
import type { FollowedCertificates } from "../state/followed-certificates.ts";
import type { NoticeBoard } from "../state/notice-board.ts";
import type { SessionList } from "../state/session-list.ts";
import type { Tunnels } from "../state/tunnels.ts";
import type { ConnectionStore } from "../store/connection-store.ts";
import type { SecretStore } from "../store/secret-store.ts";
import type { SettingsStore } from "../store/settings-store.ts";
import type { OutsideSettings } from "../policy/outside-settings.ts";
import type { Updates } from "../updates/updates.ts";
import type { StorePassword } from "../store/store-password.ts";

export type FilePurpose = "ca" | "certificate" | "key" | "token";

/** What a person has to agree to. */
export interface Question {
  readonly message: string;
  readonly detail: string;
  /** The button for going on. */
  readonly goOn: string;
}

/** What calls need of the desktop. */
export interface Desktop {
  copyText(text: string): Promise<void>;
  /** The path that the user chose; null when the dialog was cancelled. */
  chooseFile(purpose: FilePurpose): Promise<string | null>;
  choosePlaceToSave(suggestedName: string): Promise<string | null>;
  /** Asks in a dialog of the system, which no page can answer, with Cancel as what Enter does; true for going on. */
  confirm(question: Question): Promise<boolean>;
  openFolder(folder: string): Promise<void>;
  showFile(file: string): void;
  /** Makes the settings true that concern the system. @throws AppError where one cannot be. */
  applySettings(settings: Settings, before: Settings): void;
  quit(): void;
}

/** What the handlers of the calls work with. */
export interface CallContext {
  readonly connections: ConnectionStore;
  readonly settings: SettingsStore;
  readonly secrets: SecretStore;
  /** Where client certificates are searched for. */
  readonly certificates: CertificateStore;
  readonly storePassword: Pick<StorePassword, "current" | "set">;
  /** Certificates in files. */
  readonly followed: Pick<FollowedCertificates, "refresh" | "tlsOf">;
  readonly tunnels: Tunnels;
  readonly engine: Pick<Engine, "login" | "logout" | "cancelSignIn">;
  readonly desk: SignInDesk;
  readonly state: AppState;
  readonly sessions: SessionList;
  readonly notices: NoticeBoard;
  readonly desktop: Desktop;
  /** The policy, and what the system starts at sign-in. */
  readonly outside: Pick<OutsideSettings, "policy" | "look">;
  readonly updates: Pick<Updates, "check" | "download" | "postpone" | "install" | "settingChanged">;
  readonly logFolder: string;
  /** Settles when the secrets have been read; never rejects. */
  readonly loaded: Promise<void>;
  /** Writes every store again that could not be written. */
  saveAgain(): Promise<void>;
  /** A secret could not be written: tells the user. */
  notSaved(thrown: unknown): void;
  log(level: "info" | "error", event: string, message: string): void;
  /** Aborts when the app quits. */
  readonly closing: AbortSignal;
}
