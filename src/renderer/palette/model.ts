import type { Snapshot } from "../../shared/ipc/snapshot.ts";
import type { Connection } from "../../shared/model/connection.ts";
import type { ConnectionStatus } from "../../shared/model/status.ts";
import {
  commandEntries,
  connectionEntry,
  foundEntries,
  newConnectionEntry,
  type CommandEntry,
  type ConnectionEntry,
} from "./entries.ts";
import { rank, type Found } from "./rank.ts";

export type PaletteItem = Found<CommandEntry> | Found<ConnectionEntry>;

export interface PaletteSection {
  readonly title: string;
  readonly items: readonly PaletteItem[];
}

/** Rows that are drawn; more are a reason to type another letter. */
const most = { recent: 8, connections: 50, commands: 30 } as const;

const plain = (item: CommandEntry): PaletteItem => ({ item, marks: [], score: 0 });

/** What the palette shows for a text. Connections come first, unless a command is clearly meant. */
export function paletteSections(
  snapshot: Pick<Snapshot, "connections" | "signIns">,
  status: (id: string) => ConnectionStatus,
  text: string,
): readonly PaletteSection[] {
  const entries = snapshot.connections.map(connectionEntry);
  const commands = commandEntries(snapshot, status);
  if (text.trim() === "") {
    const recent = rank(
      entries.filter(({ lastUsedAt }) => lastUsedAt !== null),
      "",
    );
    return withItems([
      { title: "Recent", items: recent.slice(0, most.recent) },
      { title: "Commands", items: commands.map(plain) },
    ]);
  }
  const found = rank(entries, text);
  const matching = rank(commands, text);
  const added = newConnectionEntry(text, snapshot.connections);
  const together = foundEntries(
    text,
    found.map(({ item }): Connection => item.connection),
    status,
  );
  const connectionSection = { title: "Connections", items: found.slice(0, most.connections) };
  const commandSection = {
    title: "Commands",
    items: [...(added === null ? [] : [plain(added)]), ...together.map(plain), ...matching.slice(0, most.commands)],
  };
  const best = (items: readonly PaletteItem[]): number => items[0]?.score ?? Infinity;
  return withItems(
    best(found) <= best(matching)
      ? [connectionSection, commandSection]
      : [commandFirst(matching), connectionSection, rest(added, together)],
  );
}

const commandFirst = (matching: readonly PaletteItem[]): PaletteSection => ({
  title: "Commands",
  items: matching.slice(0, most.commands),
});

const rest = (added: CommandEntry | null, together: readonly CommandEntry[]): PaletteSection => ({
  title: "More",
  items: [...(added === null ? [] : [added]), ...together].map(plain),
});

const withItems = (sections: readonly PaletteSection[]): readonly PaletteSection[] =>
  sections.filter(({ items }) => items.length > 0);
