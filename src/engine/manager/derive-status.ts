import type { AppErrorData } from "../../shared/errors.ts";
import { offStatus, type ConnectionStatus } from "../../shared/model/status.ts";

/** An error that stays until something succeeds. */
export interface Trouble {
  readonly error: AppErrorData;
  /** Milliseconds since 1970, as all times here. */
  readonly since: number;
}

/** The wait for the next attempt. */
export interface Retry extends Trouble {
  readonly attempt: number;
  readonly nextAt: number;
}

/** Clients that wait for a sign-in. */
export interface SigningIn {
  readonly waiting: number;
  readonly since: number;
  /** Origin of the proxy whose page is to be opened: its own, or another one of the same Pomerium. */
  readonly proxy: string;
}

/** What is known of a connection; its status follows from nothing else. */
export interface StatusFacts {
  /** The switch. */
  readonly on: boolean;
  /** host:port as bound; null while it does not listen. */
  readonly address: string | null;
  /** When it began to listen. */
  readonly listeningSince: number;
  /** Clients whose way is open. */
  readonly connected: number;
  readonly signingIn: SigningIn | null;
  /** How long the newest path took to open, milliseconds. */
  readonly openedInMs: number;
  readonly retry: Retry | null;
  readonly trouble: Trouble | null;
}

/** The one status that a person sees: what needs a person comes first, then what fails, then what works. */
export function deriveStatus(facts: StatusFacts): ConnectionStatus {
  const { on, address, listeningSince, connected: clients, signingIn, openedInMs, retry, trouble } = facts;
  if (!on) return offStatus;
  if (address === null) {
    return trouble === null ? { kind: "starting" } : { kind: "error", address: null, clients: 0, ...trouble };
  }
  if (signingIn !== null) return { kind: "signing-in", address, clients, ...signingIn };
  if (retry !== null) return { kind: "retrying", address, clients, ...retry };
  if (trouble !== null) return { kind: "error", address, clients, ...trouble };
  if (clients > 0) return { kind: "connected", address, since: listeningSince, clients, openedInMs };
  return { kind: "listening", address, since: listeningSince };
}
