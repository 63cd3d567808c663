import type { Session } from "../../engine/index.ts";
import type { ParsedArguments } from "../arguments/parse-arguments.ts";
import type { CommandSpec } from "../arguments/spec.ts";
import type { Command, CommandContext } from "../command.ts";
import { duration, printable, printableJson } from "../log/text.ts";

const spec: CommandSpec = {
  name: "sessions",
  summary: "list where you are signed in",
  usage: ["sessions [--json]"],
  positionals: { min: 0, max: 0, name: "" },
  flags: [{ name: "json", kind: "boolean", about: "print one JSON array" }],
};

/** Everything of a session that may be shown: all but the JWT. */
function publicPart({ proxy, pomerium, verified, createdAt, expiresAt, user }: Session): object {
  return {
    proxy,
    pomerium,
    verified,
    createdAt: new Date(createdAt).toISOString(),
    ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
    ...(user === undefined ? {} : { user }),
  };
}

/** The table of `culvert sessions`, one string a line. */
export function sessionTable(sessions: readonly Session[], now: number): string[] {
  const rows = sessions.map(({ proxy, user, createdAt, expiresAt }) => [
    proxy,
    user?.email ?? user?.name ?? "-",
    `${duration(Math.max(0, now - createdAt))} ago`,
    expiresAt === undefined ? "unknown" : expiresAt <= now ? "ended" : `in ${duration(expiresAt - now)}`,
  ]);
  const table = [["PROXY", "USER", "SIGNED IN", "ENDS"], ...rows].map((row) => row.map(printable));
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
}

async function run(context: CommandContext, given: ParsedArguments): Promise<number> {
  const store = await context.openStore();
  const sessions = await store.list();
  if (given.on("json")) await context.print(`${printableJson(sessions.map(publicPart))}\n`);
  else if (sessions.length === 0) await context.print('There are no sessions. "culvert login URL" makes one.\n');
  else await context.print(`${sessionTable(sessions, Date.now()).join("\n")}\n`);
  return 0;
}

/** `culvert sessions`. */
export const sessions: Command = { spec, run };
