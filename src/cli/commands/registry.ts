import { shown } from "../../shared/address.ts";
import { nearest } from "../arguments/nearest.ts";
import { usageError } from "../arguments/usage.ts";
import type { Command } from "../command.ts";

/** Each command is loaded when it is asked for, so that small ones start at once. */
const loaders: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ["tcp", async () => (await import("./tcp.ts")).tcp],
  ["udp", async () => (await import("./udp.ts")).udp],
  ["login", async () => (await import("./login.ts")).login],
  ["logout", async () => (await import("./logout.ts")).logout],
  ["sessions", async () => (await import("./sessions.ts")).sessions],
  ["cache", async () => (await import("./cache.ts")).cache],
  ["completion", async () => (await import("./completion.ts")).completion],
  ["version", async () => (await import("./version.ts")).version],
  ["help", async () => (await import("./help.ts")).help],
]);

/** All commands in the order of the help. */
export const commandNames: readonly string[] = [...loaders.keys()];

/**
 * Loads a command by its name.
 * @throws AppError of the usage kind that names the nearest one.
 */
export async function loadCommand(name: string): Promise<Command> {
  const load = loaders.get(name);
  if (load !== undefined) return load();
  const near = nearest(name, commandNames);
  const hint = near === null ? "" : ` Did you mean "culvert ${near}"?`;
  throw usageError(`There is no command ${shown(name) || '""'}.${hint}`, null);
}
