import { asAppError } from "../../shared/errors.ts";
import type { EngineEvent } from "../../shared/events.ts";
import {
  entryOf,
  errorEntry,
  lineOf,
  sentenceOf,
  type Level,
  type LineStyle,
  type LogEntry,
  type Scope,
} from "./entry.ts";

export interface LogOptions extends LineStyle {
  /** Takes one line without its end; never throws. */
  readonly write: (line: string) => void;
  readonly now: () => Date;
}

/** The log of one run, on stderr. */
export class Log {
  /** With "stdio" only warnings, errors and sign-ins are written: that stderr belongs to another program, such as ssh. */
  scope: Scope = "one";
  /** Ids of the tunnels that carry UDP. */
  udpTunnels: ReadonlySet<string> = new Set();
  readonly json: boolean;
  readonly #options: LogOptions;
  readonly #saidErrors = new Set<string>();

  constructor(options: LogOptions) {
    this.#options = options;
    this.json = options.json;
  }

  /** Writes an event of the engine. */
  event(event: EngineEvent): void {
    // News for a face that shows sessions and sign-ins; here the sign-in itself has been told.
    if (event.type === "session-changed" || event.type === "sign-in-joined") return;
    if ("error" in event) this.#remember(sentenceOf(event.error));
    const udp = "tunnel" in event && this.udpTunnels.has(event.tunnel);
    this.entry(entryOf(event, this.scope, udp ? "udp" : "tcp"));
  }

  /** Writes a failure that ends the run, unless an event has already told it; `about` names what failed. */
  failure(thrown: unknown, about?: string): void {
    const data = asAppError(thrown).toData();
    if (this.#saidErrors.has(sentenceOf(data))) return;
    this.#remember(sentenceOf(data));
    this.entry(errorEntry(data, about));
  }

  /** Writes a line of the command line itself. */
  say(
    level: Level,
    event: string,
    message: string,
    signIn = false,
    fields: Readonly<Record<string, unknown>> = {},
  ): void {
    this.entry({ level, event, message, fields, signIn });
  }

  entry(entry: LogEntry): void {
    if (this.scope === "stdio" && entry.level === "info" && !entry.signIn) return;
    this.#options.write(lineOf(entry, this.#options.now(), this.#options));
  }

  /** Writes lines that are meant for a person at a terminal and are no log lines. */
  plain(text: string): void {
    this.#options.write(text);
  }

  #remember(sentence: string): void {
    // A run may last for months; only the latest errors can be the one that ends it.
    if (this.#saidErrors.size >= 64) this.#saidErrors.clear();
    this.#saidErrors.add(sentence);
  }
}
