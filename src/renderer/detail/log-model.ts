import type { LogEntry, LogLevel } from "../../shared/model/activity.ts";
import { clock } from "../../shared/words/format.ts";

export type LevelFilter = "all" | "warning" | "error";

export interface LogModel {
  readonly entries: readonly LogEntry[];
  /** Of all entries, whatever the filter text is. */
  readonly counts: Readonly<Record<LevelFilter, number>>;
}

/** Facts of an entry, name to text: what its row opens to. */
export function factsOf(entry: LogEntry): readonly (readonly [name: string, text: string])[] {
  const { error } = entry;
  return [
    ...Object.entries(entry.facts),
    ...(error === undefined
      ? []
      : ([
          ...(error.message === entry.message ? [] : ([["Cause", error.message]] as const)),
          ...(error.userAction === undefined ? [] : ([["Next step", error.userAction]] as const)),
          ...(error.status === undefined ? [] : ([["Answer", String(error.status)]] as const)),
          ["Code", error.code],
          ...(error.requestId === undefined ? [] : ([["Request id", error.requestId]] as const)),
        ] as const)),
  ];
}

const textOf = (entry: LogEntry): string =>
  [entry.message, entry.client ?? "", ...factsOf(entry).map(([, text]) => text)].join("\n").toLowerCase();

// Entries never change, and the same ones are looked at with every letter that is typed.
const texts = new WeakMap<LogEntry, string>();

function searched(entry: LogEntry): string {
  const known = texts.get(entry);
  if (known !== undefined) return known;
  const made = textOf(entry);
  texts.set(entry, made);
  return made;
}

const has = (entry: LogEntry, level: LogLevel): boolean => entry.level === level;

/** What the log shows: entries of a level that hold every word of the text. */
export function logModel(log: readonly LogEntry[], level: LevelFilter, text: string): LogModel {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const entries =
    level === "all" && words.length === 0
      ? log
      : log.filter(
          (entry) => (level === "all" || has(entry, level)) && words.every((word) => searched(entry).includes(word)),
        );
  return {
    entries,
    counts: {
      all: log.length,
      warning: log.filter((entry) => has(entry, "warning")).length,
      error: log.filter((entry) => has(entry, "error")).length,
    },
  };
}

/** One line an entry, with its facts below it: to copy, and to export as text. */
export const logText = (entries: readonly LogEntry[]): string =>
  entries
    .map((entry) => {
      const head = [new Date(entry.at).toISOString(), entry.level.padEnd(7), entry.message, entry.client ?? ""];
      return [head.join("  ").trimEnd(), ...factsOf(entry).map(([name, fact]) => `    ${name}: ${fact}`)].join("\n");
    })
    .join("\n");

export const logJson = (entries: readonly LogEntry[]): string =>
  `${JSON.stringify(
    entries.map((entry) => ({ ...entry, at: new Date(entry.at).toISOString() })),
    null,
    2,
  )}\n`;

/** A file name that every system takes: "culvert-log-orders-postgres.txt". */
export function exportName(name: string, ending: "json" | "txt"): string {
  const plain = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60);
  return `culvert-log-${plain === "" ? "connection" : plain}.${ending}`;
}

/** The last entries, newest first. */
export const newest = (log: readonly LogEntry[], n: number): readonly LogEntry[] => log.slice(-n).reverse();

export const timeOf = (entry: LogEntry): string => clock(entry.at);
