/** One entry of a menu as plain data. */
export interface MenuEntry {
  readonly label: string;
  readonly type: "normal" | "separator" | "submenu" | "checkbox" | "radio" | "header" | "palette";
  readonly enabled: boolean;
  readonly checked: boolean;
  /** The entries of a submenu. */
  readonly items?: readonly MenuEntry[];
}

export interface TrayLook {
  readonly tooltip: string;
  /** The file name of its picture; null where that is empty. */
  readonly image: string | null;
  readonly items: readonly MenuEntry[];
}

/** A dialog of the system that the app has shown. */
export interface AskedDialog {
  readonly kind: "message" | "error" | "open" | "save";
  readonly type: string;
  readonly message: string;
  /** For "save": the suggested path. */
  readonly detail: string;
  readonly buttons: readonly string[];
}

export type DialogAnswer =
  | { readonly kind: "button"; readonly label: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "cancel" };

export interface ShownNotification {
  readonly title: string;
  readonly body: string;
  /** Taken back by the app. */
  readonly closed: boolean;
}

/** What the recorder offers in the main process, as `globalThis.culvertRecording`. */
export interface Recording {
  tray(): TrayLook | null;
  clickTray(path: readonly string[]): void;
  clickTrayIcon(): void;
  applicationMenu(): readonly MenuEntry[];
  clickApplicationMenu(path: readonly string[]): void;
  answer(answer: DialogAnswer): void;
  asked(): readonly AskedDialog[];
  notifications(): readonly ShownNotification[];
  clickNotification(at: number): void;
  opened(): readonly string[];
  shownPaths(): readonly string[];
}
