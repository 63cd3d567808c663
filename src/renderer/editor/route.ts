import {
  authorityOf,
  formatHostPort,
  hostHeaderOf,
  isLoopback,
  parseLocalAddress,
  parseTarget,
} from "../../shared/address.ts";
import { commandFor, proxyOf, splitDestination } from "../../shared/words/connection.ts";
import type { Draft } from "./form.ts";

/** One stop of the route. */
export interface Stop {
  readonly host: string;
  /** With its colon; "" for none. */
  readonly port: string;
  readonly state: "ok" | "missing" | "bad";
}

export interface PlannedRoute {
  readonly local: Stop;
  readonly proxy: Stop;
  readonly destination: Stop;
}

const missing: Stop = { host: "not known yet", port: "", state: "missing" };

function localStop(listen: string): Stop {
  try {
    const { host, port } = parseLocalAddress(listen);
    const whole = formatHostPort(host ?? "0.0.0.0", port);
    const split = splitDestination(whole);
    return { host: split.host, port: port === 0 ? ", any port" : split.port, state: "ok" };
  } catch {
    return { host: listen.trim(), port: "", state: "bad" };
  }
}

function destinationStop(text: string, protocol: Draft["protocol"]): Stop {
  const written = text.trim();
  if (written === "") return missing;
  try {
    return { ...splitDestination(authorityOf(parseTarget(written, undefined, protocol).destination)), state: "ok" };
  } catch {
    const { host, port } = splitDestination(written);
    return { host, port: port === "" || port === ":" ? ":port?" : port, state: "bad" };
  }
}

/** The way that the data will take, as far as it is written. */
export function plannedRoute(draft: Pick<Draft, "protocol" | "destination" | "listen" | "pomeriumUrl">): PlannedRoute {
  const { protocol } = draft;
  const destination = destinationStop(draft.destination, protocol);
  const proxy = proxyOf({ protocol, destination: draft.destination.trim(), pomeriumUrl: draft.pomeriumUrl.trim() });
  const written = draft.pomeriumUrl.trim();
  const known: Stop =
    proxy !== null
      ? { host: hostHeaderOf(proxy), port: "", state: "ok" }
      : written !== ""
        ? {
            host: written.replace(/^https?:\/\//i, ""),
            port: "",
            state: destination.state === "ok" ? "bad" : "missing",
          }
        : { ...missing, host: destination.state === "missing" ? missing.host : destination.host };
  return { local: localStop(draft.listen), proxy: known, destination };
}

/** The command that will use the connection; null where its port is not known before, or there is no usual command. */
export function plannedCommand(
  draft: Pick<Draft, "protocol" | "destination" | "listen">,
  platform: string,
): string | null {
  try {
    const { host, port } = parseLocalAddress(draft.listen);
    if (port === 0) return null;
    const { destination } = parseTarget(draft.destination.trim(), undefined, draft.protocol);
    const local = host === null || isLoopback({ host, port }) ? (host ?? "127.0.0.1") : host;
    return commandFor(destination.port, formatHostPort(local, port), platform, destination.protocol);
  } catch {
    return null;
  }
}
