import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { app } from "./app.ts";
import { loud } from "./loud.ts";

type Handler = (request: Request) => Response | Promise<Response>;

const privileges = new Map<string, Electron.Privileges>();
const handlers = new Map<string, Handler>();

/** Where the browser meets a scheme of the app: it cannot be taught new ones from outside. */
const standInDomain = "stand-in.invalid";

export const protocol = loud("protocol", {
  registerSchemesAsPrivileged: (schemes: Electron.CustomScheme[]) => {
    if (app.isReady()) throw new Error("protocol.registerSchemesAsPrivileged should be called before app is ready");
    for (const one of schemes) privileges.set(one.scheme, one.privileges ?? {});
  },
  handle: (scheme: string, handler: Handler) => {
    if (!app.isReady()) throw new Error("protocol.handle can only be called after app is ready");
    if (handlers.has(scheme)) throw new Error(`Failed to register protocol: ${scheme}`);
    handlers.set(scheme, handler);
  },
  unhandle: (scheme: string) => void handlers.delete(scheme),
  isProtocolHandled: (scheme: string) => handlers.has(scheme),
} satisfies Partial<Record<keyof Electron.Protocol, unknown>>);

/** The address by which the browser knows an address of the app. */
export function outerUrl(url: string): string {
  const [, scheme, host, rest] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/i.exec(url) ?? [];
  const { standard, secure } = privileges.get(scheme ?? "") ?? {};
  if (scheme === undefined || host === undefined || !handlers.has(scheme)) return url;
  if (standard !== true || secure !== true)
    throw new Error(`The stand-in serves only schemes that are registered as standard and secure, not ${scheme}:`);
  return `https://${host}.${scheme}.${standInDomain}${rest}`;
}

const outer = new RegExp(`^https://([^/?#]*)\\.([a-z0-9+-]+)\\.${standInDomain.replaceAll(".", "\\.")}(.*)$`, "s");

/** The address that the app knows; every address of the browser's own stays as it is. */
export function innerUrl(url: string): string {
  const [, host, scheme, rest] = outer.exec(url) ?? [];
  return host === undefined ? url : `${scheme}://${host}${rest}`;
}

/** The pattern of all addresses that the app answers itself. */
export const outerPattern = `https://*.${standInDomain}/*`;

/** Addresses in headers (a policy, a redirect) as the browser knows them. */
export const outerHeader = (value: string): string =>
  value.replace(/[a-z][a-z0-9+.-]*:\/\/[^\s/;,'"]+/gi, (url) =>
    handlers.has(url.split(":")[0] ?? "") ? outerUrl(url) : url,
  );

/** Asks the app's own handler. */
export async function answerOf(url: string, init: RequestInit): Promise<Response> {
  const handler = handlers.get(url.split(":")[0] ?? "");
  if (!handler) throw new Error(`No handler for ${url}`);
  return handler(new Request(url, init));
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
};

export const net = loud("net", {
  fetch: async (url: string, init?: RequestInit) => {
    if (!url.startsWith("file:")) return fetch(url, init);
    const file = fileURLToPath(url);
    const type = types[path.extname(file)] ?? "application/octet-stream";
    return new Response(new Uint8Array(await readFile(file)), { headers: { "content-type": type } });
  },
  isOnline: () => true,
} satisfies Partial<Record<keyof Electron.Net, unknown>>);
