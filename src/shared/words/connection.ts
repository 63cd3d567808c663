import {
  formatHostPort,
  isLoopback,
  originOf,
  parseLocalAddress,
  parseTarget,
  type ProxyAddress,
  type Target,
} from "../address.ts";
import type { Connection } from "../model/connection.ts";
import { boundAddressOf, type ConnectionStatus } from "../model/status.ts";

/** What says where a connection leads. */
type Leads = Pick<Connection, "destination" | "pomeriumUrl"> & Partial<Pick<Connection, "protocol">>;

/** Where a connection leads; null where what is saved is not an address, which only an edited file can cause. */
export function targetOf(connection: Leads): Target | null {
  try {
    return parseTarget(connection.destination, connection.pomeriumUrl, connection.protocol);
  } catch {
    return null;
  }
}

export const proxyOf = (connection: Leads): ProxyAddress | null => targetOf(connection)?.proxy ?? null;

/** The origin of its proxy, which names it in sessions and sign-ins. */
export function proxyOriginOf(connection: Leads): string | null {
  const proxy = proxyOf(connection);
  return proxy === null ? null : originOf(proxy);
}

/** An origin as people say it: without https://. */
export const hostOfOrigin = (origin: string): string => origin.replace(/^https:\/\//, "");

/** A destination in two parts, so that the port stays when the host is cut. */
export function splitDestination(destination: string): { readonly host: string; readonly port: string } {
  const at = destination.lastIndexOf(":");
  return at < 0 || destination.endsWith("]")
    ? { host: destination, port: "" }
    : { host: destination.slice(0, at), port: destination.slice(at) };
}

/** The name to show: what the user gave, else the destination's host. */
export function nameOf(connection: Pick<Connection, "name" | "destination">): string {
  const name = connection.name.trim();
  return name !== "" ? name : splitDestination(connection.destination).host || "Unnamed";
}

const listenOf = (listen: string): ReturnType<typeof parseLocalAddress> | null => {
  try {
    return parseLocalAddress(listen);
  } catch {
    return null;
  }
};

/** The port that is asked for; null for any free one. */
export function wantedPort(listen: string): number | null {
  const port = listenOf(listen)?.port ?? 0;
  return port === 0 ? null : port;
}

/** What to show for the local end: "127.0.0.1:5432" once it is on, else ":5433" or "any port". */
export function localLabel(connection: Pick<Connection, "listen">, status: ConnectionStatus): string {
  const bound = boundAddressOf(status);
  if (bound !== null) return bound;
  const wanted = listenOf(connection.listen);
  if (wanted === null) return connection.listen;
  if (wanted.port === 0) return "any port";
  // Where it is being opened, or could not be, the whole address is the news.
  return status.kind === "off" ? `:${wanted.port}` : formatHostPort(wanted.host ?? "0.0.0.0", wanted.port);
}

/** Other computers could use the port. */
export function isNetworkAddress(connection: Pick<Connection, "listen">): boolean {
  const listen = listenOf(connection.listen);
  return listen !== null && !isLoopback(listen);
}

/** The address that programs of this computer use, for copying: a wildcard address is reached on loopback. */
export function addressToUse(bound: string): string {
  const { host, port } = splitDestination(bound);
  if (host === "0.0.0.0") return `127.0.0.1${port}`;
  return host === "[::]" ? `[::1]${port}` : bound;
}

const programs: Readonly<Record<number, (host: string, port: string) => string>> = {
  22: (host, port) => `ssh -p ${port} ${host}`,
  3306: (host, port) => `mysql -h ${host} -P ${port}`,
  5432: (host, port) => `psql -h ${host} -p ${port}`,
  6379: (host, port) => `redis-cli -h ${host} -p ${port}`,
  9000: (host, port) => `clickhouse-client --host ${host} --port ${port}`,
  27017: (host, port) => `mongosh --host ${host} --port ${port}`,
};

const udpPrograms: typeof programs = {
  53: (host, port) => `dig @${host} -p ${port} example.com`,
};

/**
 * The command that uses a connection, by the destination's port; null where there is no usual one.
 * @param address host:port where the tunnel listens.
 */
export function commandFor(
  destinationPort: number,
  address: string,
  platform: string,
  protocol: Connection["protocol"] = "tcp",
): string | null {
  const { host, port } = splitDestination(addressToUse(address));
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  const digits = port.slice(1);
  if (!/^\d+$/.test(digits)) return null;
  if (protocol === "udp") return udpPrograms[destinationPort]?.(bare, digits) ?? null;
  if (destinationPort === 3389) {
    if (platform === "win32") return `mstsc /v:${host}:${digits}`;
    return platform === "darwin" ? `open "rdp://full%20address=s:${host}:${digits}"` : `xfreerdp /v:${host}:${digits}`;
  }
  return programs[destinationPort]?.(bare, digits) ?? null;
}

/** Equal for texts that mean the same local address. */
export function addressKey(listen: string): string {
  const address = listenOf(listen);
  return address === null ? listen.trim() : formatHostPort(address.host ?? "*", address.port);
}

/** Equal for connections that lead to the same destination by the same proxy. */
export function targetKey(connection: Leads): string {
  const target = targetOf(connection);
  if (target === null) return `${connection.destination} ${connection.pomeriumUrl}`;
  const { destination, proxy } = target;
  return `${destination.protocol} ${formatHostPort(destination.host, destination.port)} ${originOf(proxy)}`;
}
