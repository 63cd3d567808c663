import {
  authorityOf,
  parseLocalAddress,
  parseTarget,
  shown,
  type LocalAddress,
  type Target,
} from "../../shared/address.ts";
import { AppError, asAppError } from "../../shared/errors.ts";
import type { ParsedArguments } from "./parse-arguments.ts";
import { naming, usageError } from "./usage.ts";

/** One tunnel as it was written: where to, and where to listen; "stdio" is `-`. */
export interface TunnelArgument {
  /** Unique among the tunnels of one command, and what log lines call it. */
  readonly id: string;
  readonly target: Target;
  readonly listen: LocalAddress | "stdio";
}

function listenOf(text: string, what: string, command: string): LocalAddress | "stdio" {
  if (text.trim() === "-") return "stdio";
  try {
    return parseLocalAddress(text);
  } catch (thrown) {
    throw naming(what, command, asAppError(thrown));
  }
}

function targetOf(text: string, pomeriumUrl: string | undefined, command: string): Target {
  let target: Target;
  try {
    target = parseTarget(text, pomeriumUrl);
  } catch (thrown) {
    throw naming(shown(text) || "destination", command, asAppError(thrown));
  }
  if (target.destination.protocol === "udp") {
    throw new AppError("not-available-yet", `${shown(text)} is a UDP route, and UDP is not available yet.`, {
      userAction: 'Use "pomerium-cli udp" for it until then.',
    });
  }
  return target;
}

/**
 * Reads `destination` and `destination=listen` arguments together with --listen and --pomerium-url.
 * @throws AppError of the usage kind.
 */
export function readTunnelArguments(given: ParsedArguments, command: string): TunnelArgument[] {
  const { positionals } = given;
  const listenFlag = given.text("listen");
  if (listenFlag !== undefined && positionals.length > 1) {
    throw usageError("--listen is for one destination; with several, write each as DESTINATION=ADDRESS.", command);
  }
  const pomeriumUrl = given.text("pomerium-url");
  const tunnels: TunnelArgument[] = [];
  for (const positional of positionals) {
    const equals = positional.indexOf("=");
    const destination = equals < 0 ? positional : positional.slice(0, equals);
    const pair = equals < 0 ? null : positional.slice(equals + 1);
    if (pair !== null && listenFlag !== undefined) {
      throw usageError("The local address is given twice: behind = and with --listen.", command);
    }
    if (pair?.trim() === "") {
      throw usageError(`The local address behind = is missing: ${shown(destination)}=127.0.0.1:5432.`, command);
    }
    const target = targetOf(destination, pomeriumUrl, command);
    const what = pair === null ? "--listen" : shown(positional);
    const listen = listenOf(pair ?? listenFlag ?? "", what, command);
    tunnels.push({ id: uniqueId(authorityOf(target.destination), tunnels), target, listen });
  }
  checkTogether(tunnels, command);
  return tunnels;
}

function uniqueId(authority: string, tunnels: readonly TunnelArgument[]): string {
  const same = tunnels.filter(({ target }) => authorityOf(target.destination) === authority).length;
  return same === 0 ? authority : `${authority} (${same + 1})`;
}

function checkTogether(tunnels: readonly TunnelArgument[], command: string): void {
  if (tunnels.length > 1 && tunnels.some(({ listen }) => listen === "stdio")) {
    throw usageError('"-" (stdin and stdout) can serve one destination only.', command);
  }
  const taken = new Map<string, string>();
  for (const { id, listen } of tunnels) {
    if (listen === "stdio" || listen.port === 0) continue;
    const key = `${listen.host ?? "*"} ${listen.port}`;
    const other = taken.get(key);
    if (other !== undefined) throw usageError(`${other} and ${id} cannot both listen on port ${listen.port}.`, command);
    taken.set(key, id);
  }
}
