import type { ErrorCode } from "../../shared/errors.ts";
import type { SessionInfo } from "../../shared/model/activity.ts";
import type { Connection } from "../../shared/model/connection.ts";
import type { ConnectionStatus } from "../../shared/model/status.ts";
import { localLabel } from "../../shared/words/connection.ts";
import { errorWords, type ErrorWords } from "../../shared/words/errors.ts";
import { count, duration, wholeDuration } from "../../shared/words/format.ts";

/** One stop of the route. */
export interface Stop {
  readonly state: "idle" | "ok" | "wait" | "bad";
  /** The pipe to the next stop: carrying, not open, or broken. */
  readonly pipe: "flow" | "gap" | "cut";
  readonly words: string;
}

export type Route = readonly [local: Stop, proxy: Stop, destination: Stop];

const localCodes: ReadonlySet<ErrorCode> = new Set([
  "address-invalid",
  "setting-invalid",
  "file-unreadable",
  "client-certificate-invalid",
  "not-available-yet",
  "managed",
  "port-in-use",
  "port-needs-rights",
  "address-not-here",
  "listen-failed",
  "storage-failed",
  "internal",
]);

/** Where on the way an error happened. */
export function brokenAt(code: ErrorCode): 0 | 1 | 2 {
  if (localCodes.has(code)) return 0;
  return code === "upstream-unavailable" ? 2 : 1;
}

/** Who is signed in at the proxy, and for how long where that is known; "" where nothing is known. */
export function sessionFacts(connection: Connection, session: SessionInfo | null, now: number): string {
  if (connection.auth.kind !== "browser") return "service account";
  if (session === null || (session.expiresAt !== null && session.expiresAt <= now)) return "";
  const who = session.user ?? "signed in";
  return session.expiresAt === null ? who : `${who}, ${wholeDuration(session.expiresAt - now)} left`;
}

const idle = (words: string): Stop => ({ state: "idle", pipe: "gap", words });

function brokenRoute(error: ErrorWords, code: ErrorCode, clients: string, session: string): Route {
  const bad = (pipe: Stop["pipe"]): Stop => ({ state: "bad", pipe, words: error.row });
  switch (brokenAt(code)) {
    case 0:
      return [bad("gap"), idle(session), idle("")];
    case 1:
      return [{ state: "ok", pipe: "cut", words: clients }, bad("gap"), idle("not tried yet")];
    case 2:
      return [{ state: "ok", pipe: "flow", words: clients }, { state: "ok", pipe: "cut", words: session }, bad("gap")];
  }
}

/**
 * The route of a connection as it is now.
 * @param now milliseconds since 1970.
 * @param present clients of the local port, whether they are through or wait.
 */
export function routeOf(
  connection: Connection,
  status: ConnectionStatus,
  session: SessionInfo | null,
  now: number,
  present = 0,
): Route {
  const facts = sessionFacts(connection, session, now);
  switch (status.kind) {
    case "off":
      return [idle(""), idle(facts), idle("")];
    case "starting":
      return [{ state: "wait", pipe: "gap", words: "opening" }, idle(facts), idle("")];
    case "listening":
      return [{ state: "ok", pipe: "gap", words: "no clients" }, idle(facts), idle("")];
    case "signing-in":
      return [
        { state: "ok", pipe: "gap", words: `${count(status.waiting, "client")} waiting` },
        { state: "wait", pipe: "gap", words: "waiting for you to sign in" },
        idle("not tried yet"),
      ];
    case "connected":
      return [
        { state: "ok", pipe: "flow", words: count(status.clients, "client") },
        { state: "ok", pipe: "flow", words: facts },
        { state: "ok", pipe: "gap", words: `opened in ${duration(status.openedInMs)}` },
      ];
    case "retrying":
    case "error": {
      const words = errorWords(status.error, { address: localLabel(connection, status) });
      const clients =
        status.clients > 0
          ? count(status.clients, "client")
          : present > 0
            ? `${count(present, "client")} waiting`
            : "no clients";
      return brokenRoute(words, status.error.code, clients, facts);
    }
  }
}
