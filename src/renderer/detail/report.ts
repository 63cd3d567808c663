import type { AppErrorData } from "../../shared/errors.ts";
import type { HostInfo } from "../../shared/ipc/snapshot.ts";
import type { Connection } from "../../shared/model/connection.ts";
import { nameOf, proxyOriginOf } from "../../shared/words/connection.ts";
import { errorWords } from "../../shared/words/errors.ts";

/**
 * What an administrator needs to know of an error, as plain text. No secrets: a connection as the renderer sees it has none.
 * @param at milliseconds since 1970.
 */
export function errorReport(connection: Connection, error: AppErrorData, at: number, host: HostInfo): string {
  const words = errorWords(error);
  const lines: readonly (readonly [string, string | undefined])[] = [
    ["Connection", nameOf(connection)],
    ["Destination", connection.destination],
    ["Protocol", connection.protocol.toUpperCase()],
    ["Pomerium", proxyOriginOf(connection) ?? connection.pomeriumUrl],
    ["Time", new Date(at).toISOString()],
    ["Error", words.title],
    ["Next step", words.text === "" ? undefined : words.text],
    ["Code", error.code],
    ["Answer", error.status === undefined ? undefined : String(error.status)],
    ["Request id", error.requestId],
    ["Culvert", `${host.version} on ${host.platform}`],
  ];
  return `${lines.flatMap(([name, text]) => (text === undefined ? [] : [`${name}: ${text}`])).join("\n")}\n`;
}
