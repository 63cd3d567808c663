import path from "node:path";

/** Culvert's own scheme and host: everything the window shows comes from here. */
export const appScheme = "app";
export const appOrigin = `${appScheme}://culvert`;
export const startPage = `${appOrigin}/index.html`;

/**
 * Nothing may be loaded but the app's own files, and nothing may be sent anywhere; scripts cannot be made from text.
 * Answered with every file, since a page could be opened by any of them.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  // No alert, print or download, each of which is a window of the system that a page could open without end. What has a fence of
  // its own (forms above, windows in lockdown.ts) is left to that, which tells of it.
  "sandbox allow-scripts allow-same-origin allow-forms allow-popups",
].join("; ");

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
};

export interface AppFile {
  readonly path: string;
  readonly contentType: string;
}

/** Names as the bundler writes them: no dot at the start, so no "..", and nothing that a file system reads as a separator. */
const plainName = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/**
 * The file that an address of `app://culvert/` stands for; null for every address that is not of that host, leaves the folder,
 * or has no known type. Decides by the text alone, so that no file system's reading of a name matters.
 * @param root absolute path of the folder that is served.
 */
export function fileOfUrl(root: string, url: string): AppFile | null {
  const prefix = `${appOrigin}/`;
  if (!url.startsWith(prefix)) return null;
  const [encoded = ""] = url.slice(prefix.length).split(/[?#]/);
  const names = (encoded === "" ? "index.html" : encoded).split("/").map(decoded);
  if (names.some((name) => name === null || !plainName.test(name))) return null;
  const file = path.join(root, ...(names as string[]));
  const contentType = contentTypes[path.extname(file)];
  return contentType === undefined ? null : { path: file, contentType };
}

/** Decoded once, as a browser does; what is encoded twice stays encoded and is refused. */
function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

/** True for addresses of Culvert's own page. @param devOrigin origin of the development server, if there is one. */
export function isOwnPage(url: string, devOrigin: string | null): boolean {
  if (url === appOrigin || url.startsWith(`${appOrigin}/`)) return true;
  return devOrigin !== null && URL.canParse(url) && new URL(url).origin === devOrigin;
}
