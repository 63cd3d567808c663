import { createHash } from "node:crypto";

// Takes the JWT out of the address bar and the history, then closes the tab where a browser lets a page do that.
const script = `history.replaceState(null,"","/");window.close();`;

const style = `:root{color-scheme:light dark}
body{margin:0;min-height:100vh;display:grid;place-items:center;font:16px/1.5 system-ui,sans-serif;background:#f4f5f7;color:#1c1f24}
main{max-width:26rem;margin:1.5rem;padding:2rem 2.25rem;border-radius:12px;background:#fff;box-shadow:0 1px 3px #0003}
h1{margin:0 0 .5rem;font-size:1.25rem}h1::before{content:"\\2713";margin-right:.5rem;color:#1a7f4b}
p{margin:0;overflow-wrap:anywhere}
@media (prefers-color-scheme:dark){body{background:#16181d;color:#e6e8eb}main{background:#22252b}h1::before{color:#4cc38a}}`;

const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

const common = {
  "Cache-Control": "no-store",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "Cross-Origin-Resource-Policy": "same-origin",
  Connection: "close",
} as const;

const closedPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Headers of the page that tells a person they are signed in. */
export const signedInHeaders: Readonly<Record<string, string>> = {
  ...common,
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy": `${closedPolicy}; script-src ${hashOf(script)}; style-src ${hashOf(style)}`,
};

/** Headers of every refusal. */
export const refusalHeaders: Readonly<Record<string, string>> = {
  ...common,
  "Content-Type": "text/plain; charset=utf-8",
  "Content-Security-Policy": closedPolicy,
};

const escapeHtml = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");

/** The page that the browser shows at the end of a sign-in; it loads nothing. */
export function signedInPage(host: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Signed in</title>
<style>${style}</style></head>
<body><main><h1>Signed in</h1><p>You are signed in to ${escapeHtml(host)}. Go back to your program; you can close this tab.</p></main>
<script>${script}</script></body></html>
`;
}
