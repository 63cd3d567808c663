import dgram from "node:dgram";
import { createServer } from "node:net";
import { formatHostPort, parseLocalAddress } from "../../shared/address.ts";
import { AppError } from "../../shared/errors.ts";
import type { Connection } from "../../shared/model/connection.ts";
import { wantedPort } from "../../shared/words/connection.ts";

/** Ports below need rights on most systems. */
const firstFreePort = 1_024;
/** 443 becomes 8443. */
const reservedOffset = 8_000;
const lastPort = 65_535;
/** Ports that are tried before giving up. */
const attempts = 50;

/** Ports to propose in place of one that cannot be had, the nearest first. @param taken what other connections want. */
export function portsToTry(port: number, taken: ReadonlySet<number>): number[] {
  const first = port < firstFreePort ? port + reservedOffset : port + 1;
  const ports: number[] = [];
  for (let next = first; next <= lastPort && ports.length < attempts; next++) if (!taken.has(next)) ports.push(next);
  return ports;
}

/** The local address with another port: its host stays as it was written. */
export function withPort(listen: string, port: number): string {
  const { host } = parseLocalAddress(listen);
  if (host === null) return `*:${port}`;
  return /^\s*\d*\s*$/.test(listen) ? String(port) : formatHostPort(host, port);
}

/**
 * The next port that nobody uses now, for "Use port 5433". Another program may still take it before the tunnel does, which is
 * then told as ever. @throws AppError `port-in-use` where none is found.
 */
export async function nextPort(connection: Connection, others: readonly Connection[]): Promise<number> {
  const { host, port } = parseLocalAddress(connection.listen);
  const { protocol } = connection;
  const same = others.filter((other) => other.protocol === protocol);
  const taken = new Set(same.flatMap((other) => wantedPort(other.listen) ?? []));
  const isFree = protocol === "udp" ? isFreeUdp : isFreeTcp;
  for (const candidate of portsToTry(port, taken)) if (await isFree(host, candidate)) return candidate;
  throw new AppError("port-in-use", `No free port was found after ${port}.`, {
    userAction: "Leave the port empty: Culvert then takes any free one.",
  });
}

function isFreeUdp(host: string | null, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dgram.createSocket(host === null || host.includes(":") ? "udp6" : "udp4");
    const done = (free: boolean): void => {
      socket.close();
      resolve(free);
    };
    socket.once("error", () => done(false));
    socket.bind({ port, exclusive: true, ...(host === null ? {} : { address: host }) }, () => done(true));
  });
}

function isFreeTcp(host: string | null, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, exclusive: true, ...(host === null ? {} : { host }) }, () =>
      server.close(() => resolve(true)),
    );
  });
}
