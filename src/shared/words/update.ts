import type { Settings } from "../model/settings.ts";
import type { NoUpdates, UpdateStatus } from "../model/update.ts";
import { ago, bytes, count } from "./format.ts";

/** What a person can do about an update. */
export type UpdateAction = "check" | "download" | "install" | "postpone";

export interface UpdateWords {
  readonly text: string;
  /** "" where there is nothing to add. */
  readonly hint: string;
  /** The first is the one that most people want. */
  readonly actions: readonly UpdateAction[];
  /** The action is under way. */
  readonly busy: boolean;
}

const noUpdates: Readonly<Record<NoUpdates, string>> = {
  "no-feed": "This build does not update itself",
  "package-manager": "Your system’s package manager updates it",
  "other-copy": "This copy does not update itself. Install Culvert to have it updated",
  "folder-not-writable": "It cannot update itself, since you may not write to its folder",
};

export const updateActionWords: Readonly<Record<UpdateAction, string>> = {
  check: "Check now",
  download: "Download",
  install: "Restart to update",
  postpone: "Later",
};

/**
 * Where the app stands with newer versions (ui.md, section 12).
 * @param running the version that runs. @param now milliseconds since 1970.
 */
export function updateWords(
  status: UpdateStatus,
  setting: Settings["updates"],
  running: string,
  now: number,
): UpdateWords {
  const culvert = `Culvert ${running}`;
  const calm = { actions: [], busy: false };
  if (status.kind === "none") return { ...calm, text: culvert, hint: noUpdates[status.why] };
  if (status.kind === "installing")
    return { text: `Installing ${status.version}…`, hint: "", actions: ["install"], busy: true };
  if (setting === "off") return { ...calm, text: culvert, hint: "Culvert does not look for updates" };
  switch (status.kind) {
    case "resting": {
      const checked = status.checkedAt === null ? "not checked yet" : `checked ${ago(status.checkedAt, now)}`;
      const isCurrent = status.checkedAt !== null && status.error === null;
      return {
        text: isCurrent ? `${culvert} is up to date, ${checked}` : culvert,
        hint: isCurrent ? "" : capitalised(checked),
        actions: ["check"],
        busy: false,
      };
    }
    case "checking":
      return { text: culvert, hint: "Looking for updates…", actions: ["check"], busy: true };
    case "available":
      return {
        text: `${status.version} is available`,
        hint: bytes(status.size),
        actions: ["download"],
        busy: false,
      };
    case "downloading": {
      const part = Math.floor((status.received / status.size) * 100);
      return {
        text: `Downloading ${status.version}`,
        hint: `${part} % of ${bytes(status.size)}`,
        actions: ["download"],
        busy: true,
      };
    }
    case "ready": {
      const atQuit = setting === "automatic" && !status.postponed;
      return {
        text: `${status.version} is ready`,
        hint: atQuit ? "Installed when you quit Culvert" : "Waits until you restart to update",
        actions: atQuit ? ["install", "postpone"] : ["install"],
        busy: false,
      };
    }
  }
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** What a person is asked before clients are cut off. */
export const restartQuestion = (clients: number): string =>
  `Restart Culvert to update? ${count(clients, "client")} ${clients === 1 ? "is" : "are"} connected and will be cut off.`;
