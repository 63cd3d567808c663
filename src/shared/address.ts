import { AppError } from "./errors.ts";

export type Protocol = "tcp" | "udp";

/** Where a tunnel leads: the authority of the CONNECT request. The port selects the route and nothing else. */
export interface Destination {
  readonly protocol: Protocol;
  /** Lower case; IPv6 without brackets. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** The Pomerium origin that the connection goes to. */
export interface ProxyAddress {
  /** False for `http://`, which is for development only. */
  readonly tls: boolean;
  /** Lower case; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface Target {
  readonly destination: Destination;
  readonly proxy: ProxyAddress;
}

/** Where a tunnel listens. */
export interface LocalAddress {
  /** null means every interface. */
  readonly host: string | null;
  /** 0 means any free port. */
  readonly port: number;
}

export const defaultLocalAddress: LocalAddress = { host: "127.0.0.1", port: 0 };

const exampleDestinations: Readonly<Record<Protocol, string>> = {
  tcp: "pg.example.com:5432",
  udp: "dns.example.com:53",
};

const invalid = (message: string): AppError => new AppError("address-invalid", message);

/** `host:port` with IPv6 in brackets, as CONNECT (RFC 9110 §9.3.6) and people write it. */
export function formatHostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The authority of a destination: always with its port. */
export const authorityOf = (destination: Destination): string => formatHostPort(destination.host, destination.port);

/** The Host header of a proxy: its port only where it is not the scheme's own (protocol.md, Login 2). */
export function hostHeaderOf(proxy: ProxyAddress): string {
  const usual = proxy.tls ? 443 : 80;
  if (proxy.port !== usual) return formatHostPort(proxy.host, proxy.port);
  return proxy.host.includes(":") ? `[${proxy.host}]` : proxy.host;
}

/** The origin of a proxy, which is also its name in events, sessions and files. */
export const originOf = (proxy: ProxyAddress): string => `${proxy.tls ? "https" : "http"}://${hostHeaderOf(proxy)}`;

/** Splits `host:port`, `[v6]:port`, `host` or `[v6]`; does not judge the parts. */
function splitHostPort(text: string): { host: string; bracketed: boolean; port: string | null } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  if (bracketed) return { host: bracketed[1] ?? "", bracketed: true, port: bracketed[2] ?? null };
  if (/[[\]]/.test(text)) throw invalid(`Put IPv6 in brackets, for example [2001:db8::1]:5432. Got: ${written(text)}`);
  const colons = text.split(":").length - 1;
  if (colons > 1) throw invalid(`Put IPv6 in brackets, for example [2001:db8::1]:5432. Got: ${written(text)}`);
  const at = text.indexOf(":");
  return at < 0
    ? { host: text, bracketed: false, port: null }
    : { host: text.slice(0, at), bracketed: false, port: text.slice(at + 1) };
}

/** User input in a message: bounded, and without what could move a terminal's cursor. */
export function shown(text: string): string {
  const clean = text.replace(/[^\x20-\x7e\u00a1-\ud7ff\ue000-\ufffd]/g, "?");
  return clean.length > 100 ? `${clean.slice(0, 100)}…` : clean;
}

/** An address as it was written, for a message: a user name and password before the host are left out. */
export const written = (text: string): string => shown(text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, "$1…@"));

function checkedPort(text: string, lowest: 0 | 1): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (port < lowest || port > 65_535) throw invalid(`The port must be from ${lowest} to 65535. Got: ${written(text)}`);
  return port;
}

/** Normalises a host name or address as a URL does: lower case, IDN to A-labels, IPv6 compressed. */
function checkedHost(host: string, bracketed: boolean, example: string): string {
  if (host === "") throw invalid(`The host is missing. Write it before the port, for example ${example}.`);
  if (bracketed && !/^[0-9a-fA-F:.]+$/.test(host)) {
    throw invalid(
      `Only an IPv6 address goes in brackets, for example [2001:db8::1]:5432. Got: ${written(`[${host}]`)}`,
    );
  }
  const literal = bracketed ? `[${host}]` : host;
  // Everything that would end the host part of a URL is refused first, so that URL can only normalise it.
  const clean = !/[\s/?#@\\%<>^|:"`{}]/.test(host) || bracketed;
  if (!clean || !URL.canParse(`https://${literal}/`))
    throw invalid(`This is not a host name: ${written(host)}. Write, for example, ${example}.`);
  const normal = new URL(`https://${literal}/`).hostname;
  // The dot of a fully qualified name is no part of a route's name.
  const name = normal.startsWith("[") ? normal.slice(1, -1) : normal.replace(/\.$/, "");
  if (name.length > 253) throw invalid(`This host name is too long (253 characters at most): ${written(host)}`);
  return name;
}

function parseHostPort(text: string, protocol: Protocol): { host: string; port: number } {
  const { host, bracketed, port } = splitHostPort(text);
  const name = checkedHost(host, bracketed, exampleDestinations[protocol]);
  if (port === null || port === "") {
    const example = formatHostPort(name, protocol === "udp" ? 53 : 5432);
    throw invalid(`Add a port, for example ${example}. It is the port in the route's address.`);
  }
  return { host: name, port: checkedPort(port, 1) };
}

/**
 * Reads a Pomerium URL: `https://host[:port]`, or `http://` for development.
 * @throws AppError `address-invalid` that says what to write.
 */
export function parsePomeriumUrl(input: string): ProxyAddress {
  const text = input.trim();
  const match = /^(https?):\/\/([^/?#]*)(.*)$/i.exec(text);
  if (!match) throw invalid(`Start with https://, for example https://pomerium.example.com. Got: ${written(text)}`);
  const tls = match[1]?.toLowerCase() === "https";
  const rest = match[3] ?? "";
  if (rest !== "" && rest !== "/") throw invalid(`Leave out the path after the host: ${written(text)}`);
  return proxyFromAuthority(match[2] ?? "", tls);
}

function proxyFromAuthority(authority: string, tls: boolean): ProxyAddress {
  if (authority.includes("@")) throw invalid(`Leave out the user name before the host: ${written(authority)}`);
  const { host, bracketed, port } = splitHostPort(authority);
  const name = checkedHost(host, bracketed, "https://pomerium.example.com");
  return { tls, host: name, port: port === null || port === "" ? (tls ? 443 : 80) : checkedPort(port, 1) };
}

/**
 * Reads a destination in every form of protocol.md ("Destinations and proxy URLs").
 * @param input `host:port`, `tcp+https://host:port`, `tcp+https://proxy[:port]/host:port`, or the same with `udp+`.
 * @param pomeriumUrl overrides where the connection goes to.
 * @param usual what `host:port` means, and what the examples in messages show.
 * @throws AppError `address-invalid` that says what to write.
 */
export function parseTarget(input: string, pomeriumUrl?: string, usual: Protocol = "tcp"): Target {
  const text = input.trim();
  const exampleDestination = exampleDestinations[usual];
  if (text === "") throw invalid(`Enter a destination, for example ${exampleDestination}.`);
  const override = pomeriumUrl === undefined || pomeriumUrl.trim() === "" ? null : parsePomeriumUrl(pomeriumUrl);
  const link = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(text);
  if (!link) {
    if (text.includes("/")) {
      throw invalid(
        `Leave out the path after the host, or write ${usual}+https://proxy.example.com/${exampleDestination}. Got: ${written(text)}`,
      );
    }
    return target(usual, text, null, override);
  }
  const scheme = /^(tcp|udp)\+(https?)$/i.exec(link[1] ?? "");
  if (!scheme) {
    throw invalid(
      `A destination starts with tcp+https:// or udp+https://, or is host:port, for example ${exampleDestination}. Got: ${written(text)}`,
    );
  }
  const protocol: Protocol = scheme[1]?.toLowerCase() === "udp" ? "udp" : "tcp";
  const tls = scheme[2]?.toLowerCase() === "https";
  const rest = link[2] ?? "";
  if (/[?#]/.test(rest)) throw invalid(`Leave out everything from ? or # on: ${written(text)}`);
  const slash = rest.indexOf("/");
  const inner = slash < 0 ? "" : rest.slice(slash + 1).replace(/\/$/, "");
  if (inner === "") return target(protocol, slash < 0 ? rest : rest.slice(0, slash), null, override, tls);
  if (inner.includes("/"))
    throw invalid(
      `Write one host:port after the proxy, for example ${protocol}+https://proxy.example.com/${exampleDestinations[protocol]}. Got: ${written(text)}`,
    );
  return target(protocol, inner, proxyFromAuthority(rest.slice(0, slash), tls), override);
}

function target(
  protocol: Protocol,
  hostPort: string,
  bastion: ProxyAddress | null,
  override: ProxyAddress | null,
  tls = true,
): Target {
  if (hostPort.includes("@")) throw invalid(`Leave out the user name before the host: ${written(hostPort)}`);
  const { host, port } = parseHostPort(hostPort, protocol);
  const proxy = override ?? bastion ?? { tls, host, port: tls ? 443 : 80 };
  return { destination: { protocol, host, port }, proxy };
}

/**
 * Reads a local address: `host:port`, `:port` or `*:port` (every interface), a bare port or a bare address.
 * @throws AppError `address-invalid` that says what to write.
 */
export function parseLocalAddress(input: string): LocalAddress {
  const text = input.trim();
  if (text === "") return defaultLocalAddress;
  if (/^\d+$/.test(text)) return { host: defaultLocalAddress.host, port: checkedPort(text, 0) };
  if (/^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text) && URL.canParse(`https://[${text}]/`)) {
    return { host: checkedHost(text, true, "127.0.0.1:5432"), port: 0 };
  }
  const { host, bracketed, port } = splitHostPort(text);
  const all = !bracketed && (host === "" || host === "*");
  if (all && (port === null || port === ""))
    throw invalid(`Add a port, for example 127.0.0.1:5432. Got: ${written(text)}`);
  return {
    host: all ? null : checkedHost(host, bracketed, "127.0.0.1:5432"),
    port: port === null || port === "" ? 0 : checkedPort(port, 0),
  };
}

/** True where only programs of this computer can reach the address. */
export function isLoopback(address: LocalAddress): boolean {
  const { host } = address;
  return host === "localhost" || host === "::1" || (host !== null && /^127\.\d+\.\d+\.\d+$/.test(host));
}
