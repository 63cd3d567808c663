import type { AppErrorData } from "../../shared/errors.ts";
import type { Rates } from "../../shared/ipc/snapshot.ts";
import type { Activity } from "../../shared/model/activity.ts";
import type { ConnectionStatus } from "../../shared/model/status.ts";

/** What the main process asks of the engine's connection manager. */
export interface Tunnels {
  /** Notes the wish; how it went becomes a status. */
  turnOn(id: string): void;
  turnOff(id: string): void;
  /** Off and on again with the settings as they are now; resolves when it runs, or has failed to. */
  restart(id: string): Promise<void>;
  /** Ends the wait of a retry, or tries an error again. */
  tryAgain(id: string): void;
  /** Cuts one client off; false when there is no such client. */
  disconnect(id: string, peer: number): boolean;
  status(id: string): ConnectionStatus;
  /** By connection id, without those that are off. */
  statuses(): Readonly<Record<string, ConnectionStatus>>;
  activity(id: string): Activity;
  rates(): Rates;
  /** Connections whose clients wait for a sign-in at this proxy. */
  waitingFor(proxyOrigin: string): readonly string[];
  /** Turns off, and forgets log and counters; resolves when nothing of it runs any more. */
  forget(id: string): Promise<void>;
  /** Notes in its log that it was edited, or what became of its client certificate. */
  noteLog(
    id: string,
    event: "changed" | "client-certificate-renewed" | "client-certificate-kept",
    error?: AppErrorData,
  ): void;
}
