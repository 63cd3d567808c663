import type { Connection } from "../model/connection.ts";
import type { ConnectionStatus } from "../model/status.ts";
import { localLabel, splitDestination } from "./connection.ts";
import { errorWords } from "./errors.ts";
import { ago, count, shortClock, wholeDuration } from "./format.ts";

/** A status in the words of ui.md, section 6. */
export interface StatusWords {
  /** The name of the state: "Signing in". */
  readonly state: string;
  /** Beside the row; "" where the glyph says it all. */
  readonly row: string;
  /** The heavy part of the header line. */
  readonly header: string;
  /** The light part of it. */
  readonly facts: string;
}

const secondsUntil = (at: number, now: number): number => Math.max(0, Math.ceil((at - now) / 1_000));

/** @param now milliseconds since 1970. */
export function statusWords(
  connection: Pick<Connection, "listen" | "lastUsedAt">,
  status: ConnectionStatus,
  now: number,
): StatusWords {
  const on = (since: number): string => `on for ${wholeDuration(now - since)}`;
  switch (status.kind) {
    case "off":
      return {
        state: "Off",
        row: "",
        header: "Off",
        facts: connection.lastUsedAt === null ? "never used" : `last used ${ago(connection.lastUsedAt, now)}`,
      };
    case "starting": {
      const label = localLabel(connection, status);
      const where = label === "any port" ? "a free port" : label;
      return { state: "Starting", row: "Starting", header: "Starting", facts: `opening ${where}` };
    }
    case "listening":
      return { state: "Listening", row: "Listening", header: "Listening", facts: `no clients, ${on(status.since)}` };
    case "signing-in": {
      const waiting = `${count(status.waiting, "client")} ${status.waiting === 1 ? "is" : "are"} waiting`;
      return {
        state: "Signing in",
        row: "Signing in",
        header: "Signing in",
        facts: `port ${splitDestination(status.address).port.slice(1)} is open, ${waiting}`,
      };
    }
    case "connected": {
      const clients = count(status.clients, "client");
      return { state: "Connected", row: clients, header: "Connected", facts: `${clients}, ${on(status.since)}` };
    }
    case "retrying": {
      const cause = lowerFirst(errorWords(status.error, status).row);
      if (status.error.code === "network-unreachable") {
        const waiting = "Waiting for network";
        return { state: "Retrying", row: waiting, header: waiting, facts: `attempt ${status.attempt}` };
      }
      const seconds = secondsUntil(status.nextAt, now);
      const words = seconds === 0 ? "Retrying now" : `Retrying in ${seconds} s`;
      return { state: "Retrying", row: words, header: words, facts: `attempt ${status.attempt}, ${cause}` };
    }
    case "error": {
      const { row } = errorWords(status.error, { address: localLabel(connection, status) });
      return { state: "Error", row, header: row, facts: `since ${shortClock(status.since)}, will not retry by itself` };
    }
  }
}

/** Within a sentence. Names such as TLS keep their capitals. */
export const lowerFirst = (text: string): string =>
  /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
