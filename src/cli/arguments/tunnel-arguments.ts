import {
  authorityOf,
  parseLocalAddress,
  parsePomeriumUrl,
  parseTarget,
  shown,
  type LocalAddress,
  type Protocol,
  type Target,
} from "../../shared/address.ts";
import { asAppError } from "../../shared/errors.ts";
import { withProtocol } from "../log/text.ts";
import type { ParsedArguments } from "./parse-arguments.ts";
import { naming, usageError } from "./usage.ts";

/** One tunnel as it was written: where to, and where to listen; "stdio" is `-`. */
export interface TunnelArgument {
  /** Unique among the tunnels of one command, and what log lines call it. */
  readonly id: string;
  readonly target: Target;
  readonly listen: LocalAddress | "stdio";
}

const exampleListen: Readonly<Record<Protocol, string>> = { tcp: "127.0.0.1:5432", udp: "127.0.0.1:5353" };

function listenOf(text: string, what: string, command: string): LocalAddress | "stdio" {
  if (text.trim() === "-") return "stdio";
  try {
    return parseLocalAddress(text);
  } catch (thrown) {
    throw naming(what, command, asAppError(thrown));
  }
}

function targetOf(text: string, pomeriumUrl: string | undefined, usual: Protocol): Target {
  try {
    return parseTarget(text, pomeriumUrl, usual);
  } catch (thrown) {
    throw naming(shown(text) || "destination", usual, asAppError(thrown));
  }
}

/** Refuses a wrong one under its own name, rather than under that of the first destination. */
function checkPomeriumUrl(text: string, command: string): void {
  if (text.trim() === "") return;
  try {
    parsePomeriumUrl(text);
  } catch (thrown) {
    throw naming("--pomerium-url", command, asAppError(thrown));
  }
}

/**
 * Reads `destination` and `destination=listen` arguments together with --listen and --pomerium-url.
 * @param command of the two, the one that was called: a destination without a protocol has that one.
 * @throws AppError of the usage kind.
 */
export function readTunnelArguments(given: ParsedArguments, command: Protocol): TunnelArgument[] {
  const { positionals } = given;
  const listenFlag = given.text("listen");
  if (listenFlag !== undefined && positionals.length > 1) {
    throw usageError("--listen is for one destination; with several, write each as DESTINATION=ADDRESS.", command);
  }
  const pomeriumUrl = given.text("pomerium-url");
  checkPomeriumUrl(pomeriumUrl ?? "", command);
  const tunnels: Omit<TunnelArgument, "id">[] = [];
  for (const positional of positionals) {
    const equals = positional.indexOf("=");
    const destination = equals < 0 ? positional : positional.slice(0, equals);
    const pair = equals < 0 ? null : positional.slice(equals + 1);
    if (pair !== null && listenFlag !== undefined) {
      throw usageError("The local address is given twice: behind = and with --listen.", command);
    }
    if (pair?.trim() === "") {
      throw usageError(
        `The local address behind = is missing: ${shown(destination)}=${exampleListen[command]}.`,
        command,
      );
    }
    const target = targetOf(destination, pomeriumUrl, command);
    const what = pair === null ? "--listen" : shown(positional);
    const listen = listenOf(pair ?? listenFlag ?? "", what, command);
    tunnels.push({ target, listen });
  }
  const named = withIds(tunnels);
  checkTogether(named, command);
  return named;
}

/** The same destination twice is told apart by its protocol, and then by a number. */
function withIds(tunnels: readonly Omit<TunnelArgument, "id">[]): TunnelArgument[] {
  const overTcp = new Set(
    tunnels.flatMap(({ target: { destination } }) => (destination.protocol === "tcp" ? authorityOf(destination) : [])),
  );
  const times = new Map<string, number>();
  return tunnels.map((tunnel) => {
    const { destination } = tunnel.target;
    const authority = authorityOf(destination);
    const name = overTcp.has(authority) ? withProtocol(authority, destination.protocol) : authority;
    const time = (times.get(name) ?? 0) + 1;
    times.set(name, time);
    return { id: time === 1 ? name : `${name} (${time})`, ...tunnel };
  });
}

function checkTogether(tunnels: readonly TunnelArgument[], command: Protocol): void {
  const stdio = tunnels.filter(({ listen }) => listen === "stdio");
  if (stdio.some(({ target }) => target.destination.protocol === "udp")) {
    throw usageError(
      `"-" (stdin and stdout) carries TCP only; give a UDP destination a local address, for example ${exampleListen.udp}.`,
      command,
    );
  }
  if (tunnels.length > 1 && stdio.length > 0) {
    throw usageError('"-" (stdin and stdout) can serve one destination only.', command);
  }
  const taken = new Map<string, string>();
  for (const { id, listen, target } of tunnels) {
    if (listen === "stdio" || listen.port === 0) continue;
    const { protocol } = target.destination;
    const key = `${protocol} ${listen.host ?? "*"} ${listen.port}`;
    const other = taken.get(key);
    if (other !== undefined) {
      const port = withProtocol(`port ${listen.port}`, protocol);
      throw usageError(`${other} and ${id} cannot both listen on ${port}.`, command);
    }
    taken.set(key, id);
  }
}
