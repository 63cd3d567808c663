import type { Protocol } from "../../shared/address.ts";
import type { AppErrorData } from "../../shared/errors.ts";
import type { EngineEvent } from "../../shared/events.ts";
import { passedOverWords, searchWords } from "../../shared/words/certificate-search.ts";
import { dropWords } from "../../shared/words/drops.ts";
import { count, dayOf } from "../../shared/words/format.ts";
import { clock, duration, printable, printableJson, size, withProtocol } from "./text.ts";

export type Level = "info" | "warn" | "error";

/** One line of the log before it is written. */
export interface LogEntry {
  readonly level: Level;
  /** Stable name for programs. */
  readonly event: string;
  readonly message: string;
  /** What programs read besides the message. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** About signing in: shown even where only warnings and errors are. */
  readonly signIn: boolean;
}

/** An error as one line: the sentence, the next step, and the id that the proxy's administrator can look up. */
export function sentenceOf(error: AppErrorData): string {
  const ended = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`);
  const parts = [ended(error.message)];
  if (error.userAction !== undefined) parts.push(ended(error.userAction));
  if (error.requestId !== undefined) parts.push(`(request id ${error.requestId})`);
  return parts.join(" ");
}

const endings = {
  ended: "closed",
  "reset-by-client": "was reset by the local program",
  "reset-by-proxy": "was cut off from the proxy's side",
  stopped: "was stopped",
  idle: "was silent and is forgotten",
  "ended-by-proxy": "was ended from the proxy's side",
} as const;

/** Nothing went wrong where the person or the program itself ended it. */
const failureLevel = ({ code }: AppErrorData): Level => (code === "cancelled" || code === "closed" ? "info" : "error");

/** What the lines of a run are about: one tunnel, several that have to be told apart, or stdin and stdout. */
export type Scope = "one" | "several" | "stdio";

/**
 * Puts an event of the engine into words.
 * @param protocol of the tunnel that it is about.
 */
export function entryOf(event: EngineEvent, scope: Scope, protocol: Protocol = "tcp"): LogEntry {
  const several = scope === "several";
  const { type, ...fields } = event;
  const entry = (level: Level, message: string, signIn = false): LogEntry => ({
    level,
    event: type,
    message,
    fields,
    signIn,
  });
  const client = (peer: { readonly tunnel: string; readonly peer: number }): string => {
    if (scope === "stdio") return "the connection";
    return several ? `${peer.tunnel}: client ${peer.peer}` : `client ${peer.peer}`;
  };
  const about = (tunnel: string): string => (several ? `${tunnel}: ` : "");

  switch (event.type) {
    case "tunnel-listening": {
      const address = withProtocol(event.address, protocol);
      const line = entry("info", `listening on ${address}${several ? ` for ${event.destination}` : ""}`);
      return { ...line, fields: { ...fields, protocol } };
    }
    case "tunnel-failed":
      return entry("error", `${about(event.tunnel)}${sentenceOf(event.error)}`);
    case "tunnel-stopped":
      return entry("info", `stopped listening on ${withProtocol(event.address, protocol)}`);
    case "tunnel-retrying":
      return entry("warn", `${about(event.tunnel)}${sentenceOf(event.error)} Trying again in ${duration(event.inMs)}.`);
    case "tunnel-recovered":
      return entry("info", `${event.destination} can be reached again`);
    case "tunnel-given-up":
      return entry("error", `${about(event.tunnel)}${sentenceOf(event.error)}`);
    case "peer-opened":
      return entry("info", `${client(event)} from ${event.from}`);
    case "peer-signing-in":
      return entry("info", `${client(event)} waits for the sign-in at ${event.proxy}`);
    case "peer-connected":
      return entry(
        "info",
        `${client(event)} connected to ${event.destination} in ${duration(event.ms)} (${event.via === "h2" ? "HTTP/2" : "HTTP/1.1"})`,
      );
    case "peer-waiting":
      return entry("info", `${client(event)} waits until ${event.destination} can be reached`);
    case "peer-failed": {
      const sentence = sentenceOf(event.error);
      return entry(failureLevel(event.error), scope === "stdio" ? sentence : `${client(event)}: ${sentence}`);
    }
    case "peer-closed":
      return entry(
        event.how === "reset-by-proxy" && !event.clientEnded ? "warn" : "info",
        `${client(event)} ${endings[event.how]} after ${duration(event.ms)}, sent ${size(event.sent)}, received ${size(event.received)}${dropped(event.datagrams)}`,
      );
    case "datagrams-dropped":
      return entry("warn", `${about(event.tunnel)}${dropWords(event.reason, event.count)}`);
    case "sign-in-started":
      return entry("info", `signing in at ${event.proxy}`, true);
    case "sign-in-joined":
      return entry("info", `${event.proxy} waits for the sign-in at ${event.at}`);
    case "sign-in-finished":
      return entry("info", `signed in at ${event.proxy} in ${duration(event.ms)}`, true);
    case "sign-in-failed":
      // The one client of standard input and output is told the same by its own failure.
      return entry(
        scope === "stdio" ? "info" : failureLevel(event.error),
        `sign-in at ${event.proxy}: ${sentenceOf(event.error)}`,
        scope !== "stdio",
      );
    case "browser-failed":
      return entry("warn", sentenceOf(event.error), true);
    case "session-changed":
      return entry("info", `the session at ${event.proxy} has changed`);
    case "session-ended":
      return entry("info", `the session at ${event.proxy} has ended`);
    case "session-shared":
      return entry("info", `using the sign-in of ${event.from} at ${event.proxy}`);
    case "half-close-not-carried":
      return entry(
        "warn",
        `HTTP/1.1 with ${event.proxy} cannot carry one-way ends: when a program ends its side first, what a service answers after a pause of more than a second is lost`,
      );
    case "transfer-cut-short":
      return entry(
        "warn",
        `${event.proxy} dropped the rest of a transfer that its client took slowly; clients of ${event.destination} use HTTP/1.1 from now on, so try it again`,
      );
    case "http2-given-up":
      return entry("warn", `HTTP/2 does not work with ${event.proxy} (${event.reason}); using HTTP/1.1 for a while`);
    case "client-certificate-searched": {
      const others = passedOverWords(event);
      const isMissing = event.asked && !event.chosen;
      return entry(
        isMissing ? "warn" : "info",
        `${uncapitalized(searchWords(event))}${others === "" ? "" : `; passed over: ${others}`}`,
      );
    }
    case "client-certificate-renewed":
      return entry(
        "info",
        `using the renewed client certificate of ${event.subject}, valid to ${dayOf(event.validTo)}`,
      );
    case "client-certificate-kept":
      return entry(
        "warn",
        `the client certificate's files have changed but cannot be used, so the one from before stays: ${sentenceOf(event.error)}`,
      );
    case "storage-failed":
      return entry("warn", sentenceOf(event.error));
  }
}

const uncapitalized = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1)}`;

const dropped = (datagrams: { readonly dropped: number } | undefined): string =>
  datagrams === undefined || datagrams.dropped === 0 ? "" : `, dropped ${count(datagrams.dropped, "datagram")}`;

/** An error that is not an event of the engine, for example a mistake on the command line. */
export function errorEntry(error: AppErrorData, about?: string): LogEntry {
  const message = about === undefined ? sentenceOf(error) : `${about}: ${sentenceOf(error)}`;
  return { level: "error", event: "error", message, fields: { error }, signIn: false };
}

const labels: Readonly<Record<Level, string>> = { info: "INF", warn: "WRN", error: "ERR" };
const colors: Readonly<Record<Level, number>> = { info: 32, warn: 33, error: 31 };

export interface LineStyle {
  readonly json: boolean;
  readonly color: boolean;
}

/** Writes an entry as one line, without its line end. */
export function lineOf(entry: LogEntry, time: Date, style: LineStyle): string {
  const { level, event, message, fields } = entry;
  if (style.json) return printableJson({ time: time.toISOString(), level, event, ...fields, message });
  const text = printable(message);
  if (!style.color) return `${clock(time)} ${labels[level]} ${text}`;
  return `\u001b[90m${clock(time)}\u001b[0m \u001b[${colors[level]}m${labels[level]}\u001b[0m ${text}`;
}
