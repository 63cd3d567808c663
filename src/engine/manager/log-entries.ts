import type { AppErrorData } from "../../shared/errors.ts";
import type { EngineEvent } from "../../shared/events.ts";
import type { LogEntry, LogLevel } from "../../shared/model/activity.ts";
import { passedOverWords, searchWords } from "../../shared/words/certificate-search.ts";
import { hostOfOrigin } from "../../shared/words/connection.ts";
import { dropWords } from "../../shared/words/drops.ts";
import { bytes, duration } from "../../shared/words/format.ts";

/** An entry before it has its number, its time and its client. */
export type LogDraft = Pick<LogEntry, "level" | "event" | "message" | "error" | "facts">;

/** What the manager is told to note. */
export type OutsideEvent = "changed" | "client-certificate-renewed" | "client-certificate-kept";

/** What stands in the log without the engine having said it. */
export type NotedEvent = "turned-on" | "turned-off" | OutsideEvent;

const protocols = { h2: "HTTP/2", "http/1.1": "HTTP/1.1" } as const;

const endings = {
  ended: "Client closed",
  "reset-by-client": "Client broke off",
  "reset-by-proxy": "Cut off from the proxy's side",
  stopped: "Client disconnected",
  idle: "Client was silent and is forgotten",
  "ended-by-proxy": "Ended from the proxy's side",
} as const;

/** Nothing went wrong where a person or a program decided it. */
const levelOf = ({ code }: AppErrorData): LogLevel => (code === "cancelled" || code === "closed" ? "info" : "error");

const noted: Readonly<Record<NotedEvent, string>> = {
  "turned-on": "Turned on",
  "turned-off": "Turned off",
  changed: "Settings changed",
  "client-certificate-renewed": "The client certificate was renewed; new clients use the new one",
  "client-certificate-kept": "The client certificate stays as it was, since its files cannot be used",
};

/** @param error why, where there is something to say. */
export function notedEntry(event: NotedEvent, error?: AppErrorData): LogDraft {
  if (!error) return { level: "info", event, message: noted[event], facts: {} };
  // A file that is not there any more is no trouble: what it held is known.
  const level = error.code === "file-unreadable" ? "info" : "warning";
  return failure(level, event, error, `${noted[event]}: ${error.message}`);
}

/** A failure that ended an attempt to start before the engine could say a word. */
export const startFailure = (error: AppErrorData): LogDraft => failure(levelOf(error), "tunnel-failed", error);

function failure(level: LogLevel, event: string, error: AppErrorData, message = error.message): LogDraft {
  const facts = {
    ...(error.userAction === undefined ? {} : { "What to do": error.userAction }),
    ...(error.status === undefined ? {} : { Status: String(error.status) }),
    ...(error.requestId === undefined ? {} : { "Request ID": error.requestId }),
  };
  return { level, event, message, error, facts };
}

/** Puts an event of the engine into words for the log of a connection; null for what that log does not show. */
export function draftOf(event: EngineEvent): LogDraft | null {
  const { type } = event;
  const draft = (level: LogLevel, message: string, facts: LogDraft["facts"] = {}): LogDraft => ({
    level,
    event: type,
    message,
    facts,
  });
  switch (event.type) {
    case "tunnel-listening":
      return draft("info", `Listening on ${event.address}`);
    case "tunnel-failed":
      return startFailure(event.error);
    case "tunnel-stopped":
      return draft("info", `Stopped listening on ${event.address}`);
    case "tunnel-retrying": {
      const { error, attempt, inMs } = event;
      const words = failure("warning", type, error, `${error.message} Trying again in ${duration(inMs)}.`);
      return { ...words, facts: { ...words.facts, Attempt: String(attempt) } };
    }
    case "tunnel-recovered":
      return draft("info", `${event.destination} can be reached again`);
    case "tunnel-given-up":
      return failure("error", type, event.error);
    case "peer-opened":
      return draft("info", "Client connected");
    case "peer-signing-in":
      return draft("info", "Pomerium asked for a sign-in");
    case "peer-connected": {
      const openMs = event.openMs ?? event.ms;
      const via = protocols[event.via];
      return draft("info", `Tunnel open over ${via} in ${duration(openMs)}`, {
        Protocol: via,
        "Time to open": duration(openMs),
        ...(openMs === event.ms ? {} : { "Since the client came": duration(event.ms) }),
      });
    }
    case "peer-waiting":
      return draft("info", "Client waits for the next attempt");
    case "peer-failed": {
      const words = failure(levelOf(event.error), type, event.error);
      return { ...words, facts: { ...words.facts, After: duration(event.ms) } };
    }
    case "peer-closed": {
      const [received, sent] = [bytes(event.received), bytes(event.sent)];
      const lost = event.how === "reset-by-proxy" && !event.clientEnded;
      return draft(
        lost ? "warning" : "info",
        `${endings[event.how]} after ${duration(event.ms)}, received ${received}, sent ${sent}`,
        { Received: received, Sent: sent, Duration: duration(event.ms), ...datagramFacts(event.datagrams) },
      );
    }
    case "datagrams-dropped":
      return draft("warning", dropWords(event.reason, event.count));
    case "sign-in-started":
      return draft("info", `Signing in at ${hostOfOrigin(event.proxy)}`);
    case "sign-in-joined":
      return draft("info", `Waiting for the sign-in at ${hostOfOrigin(event.at)}`);
    case "sign-in-finished":
      return draft("info", `Signed in at ${hostOfOrigin(event.proxy)}`, { "Time to sign in": duration(event.ms) });
    case "sign-in-failed":
      return failure(levelOf(event.error), type, event.error);
    case "browser-failed":
      return failure("warning", type, event.error);
    case "session-ended":
      return draft("info", `The session at ${hostOfOrigin(event.proxy)} has ended`);
    case "session-shared":
      return draft("info", `Using the sign-in of ${hostOfOrigin(event.from)}`);
    case "half-close-not-carried":
      return draft(
        "warning",
        "This proxy offers HTTP/1.1 only: when a program ends its side first, an answer after a long pause is lost",
      );
    case "transfer-cut-short":
      return draft(
        "warning",
        "The proxy dropped the rest of a transfer that its client took slowly; HTTP/1.1 is used from now on, try it again",
      );
    case "client-certificate-searched": {
      const others = passedOverWords(event);
      const isMissing = event.asked && !event.chosen;
      return draft(isMissing ? "warning" : "info", searchWords(event), {
        Store: event.store,
        ...(event.chosen ? { Fingerprint: event.chosen.fingerprint } : {}),
        ...(others === "" ? {} : { "Passed over": others }),
      });
    }
    case "http2-given-up":
      return draft("warning", `HTTP/2 does not work with this proxy (${event.reason}); using HTTP/1.1 for a while`);
    // Sessions have a place of their own; which connections follow the files of a certificate is known to the app alone.
    case "client-certificate-renewed":
    case "client-certificate-kept":
    case "session-changed":
    case "storage-failed":
      return null;
  }
}

const datagramFacts = (
  datagrams: { readonly sent: number; readonly received: number; readonly dropped: number } | undefined,
): LogDraft["facts"] =>
  datagrams === undefined
    ? {}
    : {
        "Datagrams received": String(datagrams.received),
        "Datagrams sent": String(datagrams.sent),
        "Datagrams dropped": String(datagrams.dropped),
      };
