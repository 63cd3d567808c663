import type { Readable, Writable } from "node:stream";
import type { Engine, Session } from "../engine/index.ts";
import type { ParsedArguments } from "./arguments/parse-arguments.ts";
import type { CommandSpec } from "./arguments/spec.ts";
import type { Log } from "./log/log.ts";

/** How a command wants its engine. */
export interface EngineOptions {
  readonly browserCommand?: string;
  readonly noBrowser: boolean;
  readonly shareSessions: boolean;
  /** Overrides `limits.loginMs`. */
  readonly loginMs?: number;
  /** Standard input carries a client's data, so that nothing else may read it. */
  readonly stdinIsData: boolean;
}

/** What the composition root hands to a command. */
export interface CommandContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** Where sessions are kept. */
  readonly home: string;
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** Aborts on the first Ctrl-C or its like; the second one ends the process. */
  readonly stop: AbortSignal;
  /** Writes to stdout; resolves when it is out, or stdout is gone. */
  print(text: string): Promise<void>;
  /** The sessions as they are kept, without an engine. */
  openStore(): Promise<{ list(): Promise<Session[]>; clear(): Promise<number> }>;
  openEngine(options: EngineOptions): Promise<Engine>;
}

/** One command: what it takes, and what it does. `run` resolves to the exit code; what it throws is an AppError. */
export interface Command {
  readonly spec: CommandSpec;
  run(context: CommandContext, given: ParsedArguments): Promise<number>;
}
