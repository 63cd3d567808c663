import type { Platform } from "./window-look.ts";

/** What the menu does that is not a role of the system. */
export interface MenuActions {
  settings(): void;
  newConnection(): void;
  close(): void;
  /** Puts the command line on the PATH; absent where that is done already or cannot be. */
  readonly installCommandLine?: () => void;
}

interface MenuEntry {
  readonly label?: string;
  readonly role?:
    | "about"
    | "services"
    | "hide"
    | "hideOthers"
    | "unhide"
    | "quit"
    | "undo"
    | "redo"
    | "cut"
    | "copy"
    | "paste"
    | "delete"
    | "selectAll"
    | "minimize"
    | "zoom"
    | "front"
    | "togglefullscreen"
    | "toggleDevTools";
  readonly type?: "separator";
  readonly accelerator?: string;
  readonly click?: () => void;
  readonly submenu?: MenuEntry[];
}

const separator: MenuEntry = { type: "separator" };

/**
 * The menu bar: macOS needs one, for its own keys (copy and paste among them) come from there. Elsewhere there is none, and the
 * page handles its keys.
 * @param devTools offers them; never in a packaged app.
 */
export function applicationMenu(platform: Platform, actions: MenuActions, devTools: boolean): MenuEntry[] | null {
  if (platform !== "darwin") return null;
  return [
    {
      label: "Culvert",
      submenu: [
        { role: "about" },
        separator,
        { label: "Settings…", accelerator: "Cmd+,", click: () => actions.settings() },
        ...(actions.installCommandLine === undefined
          ? []
          : [{ label: "Install Command Line Tool…", click: actions.installCommandLine }]),
        separator,
        { role: "services" },
        separator,
        { role: "hide" },
        { role: "hideOthers" },
        { role: "unhide" },
        separator,
        { role: "quit" },
      ],
    },
    {
      label: "File",
      submenu: [
        { label: "New connection…", accelerator: "Cmd+N", click: () => actions.newConnection() },
        separator,
        { label: "Close Window", accelerator: "Cmd+W", click: () => actions.close() },
      ],
    },
    {
      label: "Edit",
      submenu: [
        // The page undoes its own deletions by the same key, and text fields have theirs in the page.
        { role: "undo" },
        { role: "redo" },
        separator,
        { role: "cut" },
        { role: "copy" },
        { role: "paste" },
        { role: "delete" },
        { role: "selectAll" },
      ],
    },
    {
      label: "Window",
      submenu: [
        { role: "minimize" },
        { role: "zoom" },
        { role: "togglefullscreen" },
        separator,
        { role: "front" },
        ...(devTools ? [separator, { role: "toggleDevTools" } as const] : []),
      ],
    },
  ];
}
