import { create } from "zustand";
import type { ConnectionInput } from "../../shared/model/connection.ts";
import { readKept, writeKept } from "./kept.ts";

export type Page =
  | { readonly name: "connections" }
  | {
      readonly name: "editor";
      /** null for a new connection. */
      readonly id: string | null;
      /** The connection that a new one starts as a copy of. */
      readonly duplicateOf?: string | null;
      /** What a new one starts with, or what is to be changed at once in one that exists. */
      readonly draft?: Partial<ConnectionInput>;
    }
  | { readonly name: "settings"; readonly section?: string };

export type Filter = "all" | "on" | "attention";
export type Grouping = "tag" | "proxy" | "state" | "none";
export type DetailTab = "overview" | "log" | "configuration";

/** A result, for a few seconds: never an error that needs a decision. */
export interface Toast {
  readonly id: number;
  readonly message: string;
  readonly undo?: () => void;
}

/** A question that must be answered before something that cannot be undone. */
export interface Question {
  readonly title: string;
  readonly text?: string;
  /** The words of the button that does it. */
  readonly action: string;
  /** Of the button that does not. */
  readonly cancel?: string;
  readonly danger?: boolean;
  /** A text to ask for. */
  readonly field?: { readonly label: string; readonly value: string };
  /** @param text what stands in the field; "" without one. */
  readonly run: (text: string) => void;
}

export interface Failure {
  readonly id: number;
  readonly message: string;
}

export interface ViewState {
  readonly page: Page;
  /** The selected connection. */
  readonly selected: string | null;
  /** The group in which it was chosen: a connection can be in several. */
  readonly selectedIn: string | null;
  /** All that are selected, where there are two or more. */
  readonly several: readonly string[];
  /** One pane: the detail lies over the list. */
  readonly detailShown: boolean;
  readonly filter: Filter;
  /** null until the user has chosen: by tag once a tag exists. */
  readonly grouping: Grouping | null;
  readonly search: string;
  /** Keys of groups that are closed. */
  readonly collapsed: readonly string[];
  /** The pointer or the keyboard focus is in the list. */
  readonly listBusy: boolean;
  /** How far the list is scrolled, pixels. */
  readonly scroll: number;
  /** What was selected when the list was scrolled there; where something else is now, that is brought into sight. */
  readonly scrolledWith: string | null;
  readonly listWidth: number;
  readonly tab: DetailTab;
  readonly toast: Toast | null;
  readonly question: Question | null;
  /** What went wrong with something that was asked for; each stays until it is dismissed. Oldest first. */
  readonly failures: readonly Failure[];
  /** The connection whose address was copied a moment ago. */
  readonly copied: string | null;
  readonly paletteOpen: boolean;
}

/** Pixels. */
export const listWidths = { least: 320, most: 480, usual: 384 } as const;

export const initialView = (): ViewState => ({
  page: { name: "connections" },
  selected: null,
  selectedIn: null,
  several: [],
  detailShown: false,
  filter: "all",
  search: "",
  listBusy: false,
  scroll: 0,
  scrolledWith: null,
  tab: "overview",
  toast: null,
  question: null,
  failures: [],
  copied: null,
  paletteOpen: false,
  ...readKept(),
});

/** What is shown of what is mirrored, and nothing else. */
export const useView = create<ViewState>(initialView);

const { getState: get, setState: set } = useView;

useView.subscribe((now, before) => {
  if (now.grouping !== before.grouping || now.collapsed !== before.collapsed || now.listWidth !== before.listWidth)
    writeKept(now);
});

/** Shows a page; the list keeps its scroll and selection. */
export const goTo = (page: Page): void => set({ page, paletteOpen: false });

export const openPalette = (): void => set({ paletteOpen: true });
export const closePalette = (): void => set({ paletteOpen: false });

/** Selects one connection, in the group where it was chosen if that is known. */
export const select = (id: string | null, group: string | null = null): void => {
  const { selected, selectedIn, several } = get();
  const inGroup = group ?? (id === selected ? selectedIn : null);
  // Every key of a search selects the first match, which is the same one most of the time: nothing is drawn again for it.
  if (id === selected && inGroup === selectedIn && several.length === 0) return;
  set({ selected: id, selectedIn: inGroup, several: [] });
};

/** Selects several; one or none of them is a plain selection. */
export const selectSeveral = (ids: readonly string[]): void => {
  const { selected } = get();
  const first = selected !== null && ids.includes(selected) ? selected : (ids.at(-1) ?? null);
  set({ selected: first, several: ids.length > 1 ? ids : [] });
};

/** In one pane: lays the detail over the list, or takes it away. */
export const showDetail = (shown: boolean): void => set({ detailShown: shown });

export const setFilter = (filter: Filter): void => set({ filter });
export const setGrouping = (grouping: Grouping): void => set({ grouping });
export const setSearch = (search: string): void => set({ search });
export const setListBusy = (listBusy: boolean): void => {
  if (get().listBusy !== listBusy) set({ listBusy });
};
export const setScroll = (scroll: number): void => set({ scroll, scrolledWith: get().selected });
export const setTab = (tab: DetailTab): void => set({ tab });
export const setListWidth = (width: number): void =>
  set({ listWidth: Math.round(Math.min(listWidths.most, Math.max(listWidths.least, width))) });

/** Closes or opens a group of the list. */
export const setCollapsed = (key: string, closed: boolean): void => {
  const { collapsed } = get();
  if (collapsed.includes(key) !== closed)
    set({ collapsed: closed ? [...collapsed, key].slice(-1_000) : collapsed.filter((other) => other !== key) });
};

let toasts = 0;

/** Says a result; it takes the place of the one before. */
export const toast = (what: { readonly message: string; readonly undo?: () => void }): void =>
  set({ toast: { id: ++toasts, ...what } });

export const endToast = (id: number): void => {
  if (get().toast?.id === id) set({ toast: null });
};

export const ask = (question: Question): void => set({ question });
export const endQuestion = (): void => set({ question: null });

let failures = 0;
/** More than these would hide the window; the log has them all. */
const failuresShown = 3;

/** Says what went wrong. The same sentence twice is one. */
export const tell = (message: string): void => {
  const others = get().failures.filter((failure) => failure.message !== message);
  set({ failures: [...others, { id: ++failures, message }].slice(-failuresShown) });
};
export const dismissFailure = (id: number): void =>
  set({ failures: get().failures.filter((failure) => failure.id !== id) });

/** How long "Copied" stands in the place of the address. */
const copiedMs = 1_200;
let copiedTimer: ReturnType<typeof setTimeout> | undefined;

export const showCopied = (id: string): void => {
  clearTimeout(copiedTimer);
  set({ copied: id });
  copiedTimer = setTimeout(() => set({ copied: null }), copiedMs);
};
