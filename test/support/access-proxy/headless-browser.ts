import type { LookupAddress } from "node:dns";
import http from "node:http";
import https from "node:https";
import { text } from "node:stream/consumers";

/** Where a name leads; the default is loopback for every name. */
export type Resolve = (host: string) => string;

export interface HeadlessSignInOptions {
  readonly caPem: string;
  readonly resolve?: Resolve;
  readonly signal?: AbortSignal;
  /** Client certificate, for proxies that demand one in the handshake. */
  readonly client?: { readonly certPem: string; readonly keyPem: string };
  /** The port that stands for 443, where names of the world lead to a stand-in. */
  readonly usualPort?: number;
}

/** What the last page said. */
export interface PageResult {
  readonly status: number;
  readonly body: string;
  /** The page that said it. */
  readonly url: string;
}

/** A browser without a window: follows redirects and keeps cookies for each host. */
export interface HeadlessBrowser {
  visit(url: string, signal?: AbortSignal): Promise<PageResult>;
}

const maxRedirects = 10;

/** Opens a browser with an empty cookie jar. */
export function createHeadlessBrowser(options: HeadlessSignInOptions): HeadlessBrowser {
  const jar = new Map<string, Map<string, string>>();
  const resolve = options.resolve ?? ((host: string) => (host === "::1" ? "::1" : "127.0.0.1"));

  const remember = (host: string, lines: readonly string[]): void => {
    const cookies = jar.get(host) ?? new Map<string, string>();
    jar.set(host, cookies);
    for (const line of lines) {
      const [pair = ""] = line.split(";");
      const mark = pair.indexOf("=");
      const value = pair.slice(mark + 1);
      if (value === "") cookies.delete(pair.slice(0, mark));
      else cookies.set(pair.slice(0, mark), value);
    }
  };

  const get = (url: URL, signal: AbortSignal | undefined): Promise<http.IncomingMessage> => {
    const cookies = [...(jar.get(url.hostname) ?? [])].map(([name, value]) => `${name}=${value}`).join("; ");
    const request = (url.protocol === "https:" ? https : http).request(url, {
      agent: false,
      ...(options.usualPort !== undefined && url.port === "" ? { port: options.usualPort } : {}),
      headers: { accept: "text/html,*/*", host: url.host, ...(cookies === "" ? {} : { cookie: cookies }) },
      ca: options.caPem,
      ...(options.client === undefined ? {} : { cert: options.client.certPem, key: options.client.keyPem }),
      ...(signal === undefined ? {} : { signal }),
      lookup: (host, lookupOptions, callback) => {
        const address = resolve(host);
        const family = address.includes(":") ? 6 : 4;
        if (lookupOptions.all === true) callback(null, [{ address, family }] satisfies LookupAddress[]);
        else callback(null, address, family);
      },
    });
    return new Promise((done, reject) => {
      request.once("response", done);
      request.once("error", reject);
      request.end();
    });
  };

  return {
    async visit(start, signal = options.signal) {
      let url = new URL(start);
      for (let hops = 0; hops <= maxRedirects; hops += 1) {
        const response = await get(url, signal);
        remember(url.hostname, response.headers["set-cookie"] ?? []);
        const body = await text(response);
        const status = response.statusCode ?? 0;
        const { location } = response.headers;
        if (status < 300 || status > 399 || location === undefined) return { status, body, url: url.toString() };
        url = new URL(location, url);
      }
      throw new Error(`More than ${maxRedirects} redirects from ${new URL(start).origin}`);
    },
  };
}

/** Signs in at a URL as a browser would, up to the loopback callback, and says what the last page was. */
export async function headlessSignIn(url: string, options: HeadlessSignInOptions): Promise<PageResult> {
  return await createHeadlessBrowser(options).visit(url);
}
