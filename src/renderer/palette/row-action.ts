import { boundAddressOf, type ConnectionStatus } from "../../shared/model/status.ts";
import type { Connection } from "../../shared/model/connection.ts";
import { addressToUse, localLabel } from "../../shared/words/connection.ts";

/** What Enter does to a connection. */
export interface RowAction {
  readonly kind: "turn-on" | "copy" | "show-why" | "wait";
  /** "Turn on and copy", in front of the address. */
  readonly words: string;
  /** "" where it is not known yet. */
  readonly address: string;
}

/** As the right column says (ui.md, section 13). */
export function rowAction(connection: Pick<Connection, "listen">, status: ConnectionStatus): RowAction {
  if (status.kind === "error") return { kind: "show-why", words: "Show why", address: "" };
  if (status.kind === "off") {
    const label = localLabel(connection, status);
    const known = label !== "any port";
    return {
      kind: "turn-on",
      words: known ? "Turn on and copy" : "Turn on and copy the address",
      address: known ? label : "",
    };
  }
  const bound = boundAddressOf(status);
  return bound === null
    ? { kind: "wait", words: "Copy when it is on", address: "" }
    : { kind: "copy", words: "Copy", address: addressToUse(bound) };
}
