import type { NotSignedOut } from "../../shared/ipc/contract.ts";
import type { Snapshot } from "../../shared/ipc/snapshot.ts";
import type { SessionInfo } from "../../shared/model/activity.ts";
import { clientsOf } from "../../shared/model/status.ts";
import { hostOfOrigin, proxyOriginOf } from "../../shared/words/connection.ts";
import { ago, count, wholeDuration } from "../../shared/words/format.ts";

/** A session that ends sooner is shown as a warning, milliseconds. */
const soonMs = 30 * 60_000;

/** When a session ends, in words. @param now milliseconds since 1970. */
export function expiryWords(
  { expiresAt }: Pick<SessionInfo, "expiresAt">,
  now: number,
): { readonly text: string; readonly level: "ok" | "warn" | "err" } {
  if (expiresAt === null) return { text: "set by the server", level: "ok" };
  if (expiresAt <= now) return { text: `ended ${ago(expiresAt, now)}`, level: "err" };
  return { text: `in ${wholeDuration(expiresAt - now)}`, level: expiresAt - now < soonMs ? "warn" : "ok" };
}

/** Clients that are connected through a proxy, or through any. */
export function clientsThrough(snapshot: Pick<Snapshot, "connections" | "statuses">, proxy: string | null): number {
  return snapshot.connections
    .filter((connection) => proxy === null || proxyOriginOf(connection) === proxy)
    .reduce((sum, { id }) => {
      const status = snapshot.statuses[id];
      return sum + (status === undefined ? 0 : clientsOf(status));
    }, 0);
}

const stay = (clients: number): string =>
  clients === 0
    ? ""
    : ` ${count(clients, "client")} ${clients === 1 ? "stays until it closes" : "stay until they close"}.`;

/** "Signed out of HOST. 2 clients stay until they close." @param proxy null for all. */
export const signedOutWords = (proxy: string | null, clients: number): string =>
  `${proxy === null ? "Signed out everywhere." : `Signed out of ${hostOfOrigin(proxy)}.`}${stay(clients)}`;

/** Reasons that are said at once; the others are seldom other ones. */
const mostReasons = 3;

/** What is said, and stays, when sessions did not end at their proxies, and why; "" where all did. */
export function notToldWords(notEnded: readonly NotSignedOut[]): string {
  if (notEnded.length === 0) return "";
  const hosts = notEnded.map(({ proxy }) => hostOfOrigin(proxy));
  const reasons = notEnded
    .slice(0, mostReasons)
    .map(({ reason }) => reason.message)
    .join(" ");
  const last = hosts.at(-1) ?? "";
  const names = hosts.length === 1 ? last : `${hosts.slice(0, -1).join(", ")} and ${last}`;
  return hosts.length === 1
    ? `The session may go on at ${names}: ${reasons} Culvert has forgotten it, and there it ends by itself.`
    : `Sessions may go on at ${names}: ${reasons} Culvert has forgotten them, and there they end by themselves.`;
}

/** What "Sign out everywhere…" asks. */
export const signOutEverywhereWords = (sessions: number, clients: number): string =>
  `You will sign in again at ${sessions === 1 ? "1 proxy" : `${sessions} proxies`}.${stay(clients)}`;
