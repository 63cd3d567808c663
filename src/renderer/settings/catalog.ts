import type { HostInfo } from "../../shared/ipc/snapshot.ts";
import type { StartNote } from "../../shared/model/outside.ts";
import type { Settings } from "../../shared/model/settings.ts";
import type { IconName } from "../controls/icon.tsx";

export type SectionId = "general" | "network" | "sessions" | "logs" | "notifications" | "about";

export interface Section {
  readonly id: SectionId;
  readonly title: string;
  readonly icon: IconName;
}

/** The parts of the page, in its order. */
export const sections: readonly Section[] = [
  { id: "general", title: "General", icon: "gear" },
  { id: "network", title: "Network", icon: "globe" },
  { id: "sessions", title: "Sessions", icon: "key" },
  { id: "logs", title: "Logs and updates", icon: "log" },
  { id: "notifications", title: "Notifications", icon: "bell" },
  { id: "about", title: "About", icon: "info" },
];

export interface SettingWords {
  readonly section: SectionId;
  readonly label: string;
  readonly hint?: string;
}

/** Every setting in words, for the page and for the palette. */
export const settingWords: Readonly<Record<keyof Settings, SettingWords>> = {
  startAtSignIn: {
    section: "general",
    label: "Start Culvert when I sign in",
    hint: "Opens in the tray without a window",
  },
  whenWindowCloses: { section: "general", label: "When the window closes" },
  theme: { section: "general", label: "Theme" },
  density: { section: "general", label: "List density" },
  copyOnTurnOn: {
    section: "general",
    label: "Copy the address when I turn a connection on",
    hint: "From the list and the command palette",
  },
  paletteShortcut: {
    section: "general",
    label: "Shortcut for the command palette",
    hint: "Works in every program",
  },
  browserCommand: {
    section: "network",
    label: "Browser for signing in",
    hint: "Where Pomerium’s sign-in page opens",
  },
  shareSessions: {
    section: "network",
    label: "One sign-in for all hosts of a Pomerium",
    hint: "Takes effect when Culvert starts again",
  },
  warnBeforeSessionEnds: {
    section: "sessions",
    label: "Warn before a session ends",
    hint: "Open clients stay connected. New clients need a new sign-in",
  },
  openSignInPage: {
    section: "sessions",
    label: "Open the sign-in page by itself",
    hint: "Only when a client is waiting",
  },
  updates: { section: "logs", label: "Updates", hint: "Never installed while clients are connected without asking" },
  logLevel: {
    section: "logs",
    label: "Log level",
    hint: "Debug also records host names and timings, never contents",
  },
  notifySignIn: {
    section: "notifications",
    label: "A client needs a sign-in",
    hint: "A click opens the sign-in page",
  },
  notifyFailure: {
    section: "notifications",
    label: "A connection with clients fails",
    hint: "Or keeps retrying for more than a minute",
  },
  notifySessionEnds: { section: "notifications", label: "A session in use is about to end" },
  notifyUpdate: { section: "notifications", label: "An update is ready", hint: "Once for each version" },
};

/** Why the system does not start Culvert, and where that is set. */
export function startNoteWords(note: StartNote, platform: HostInfo["platform"]): string {
  if (note === "needs-approval") return "Allow Culvert in System Settings, General, Login Items";
  const where = {
    win32: "in Windows’ startup apps",
    darwin: "in System Settings",
    linux: "in your desktop’s settings",
  };
  return `It was turned off ${where[platform]}`;
}

/** True for the name of a part of the page. */
export const isSection = (text: string | undefined): text is SectionId => sections.some(({ id }) => id === text);
