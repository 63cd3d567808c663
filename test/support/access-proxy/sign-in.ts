import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { htmlPage } from "./answers.ts";

/** Signs URLs the way Pomerium does: over the URL exactly as written, host included. */
export interface UrlSigner {
  /** Adds issue time, expiry and signature. */
  sign(url: URL | string, parameters?: Readonly<Record<string, string>>): string;
  /** Null when the URL is ours and fresh, else why it is not. */
  check(base: string, target: string): string | null;
}

/**
 * `base` is kept as text and never parsed: a URL object would drop `:443`, and that the signature covers it is
 * what makes `Host: name:443` fail at the callback on a real Pomerium.
 */
function splitUrl(text: string): { base: string; query: URLSearchParams } {
  const mark = text.indexOf("?");
  if (mark < 0) return { base: text, query: new URLSearchParams() };
  return { base: text.slice(0, mark), query: new URLSearchParams(text.slice(mark + 1)) };
}

/** A signer with its own secret. */
export function createUrlSigner(secret: string, lifetimeMs: number): UrlSigner {
  const signature = (base: string, query: URLSearchParams): string => {
    const sorted = new URLSearchParams(query);
    sorted.delete("pomerium_signature");
    sorted.sort();
    return createHmac("sha256", secret).update(`${base}?${sorted.toString()}`).digest("base64url");
  };
  return {
    sign(url, parameters = {}) {
      const { base, query } = splitUrl(url.toString());
      const now = Date.now();
      for (const [name, value] of Object.entries(parameters)) query.set(name, value);
      query.set("pomerium_issued", String(Math.floor(now / 1000)));
      query.set("pomerium_expiry", String(Math.floor((now + lifetimeMs) / 1000)));
      query.set("pomerium_signature", signature(base, query));
      query.sort();
      return `${base}?${query.toString()}`;
    },
    check(origin, target) {
      const { base, query } = splitUrl(origin + target);
      const given = Buffer.from(query.get("pomerium_signature") ?? "");
      const wanted = Buffer.from(signature(base, query));
      if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return "invalid signature";
      const expiry = Number(query.get("pomerium_expiry"));
      return Date.now() / 1000 > expiry ? "the link has expired" : null;
    },
  };
}

/** A trace id, as every signed URL carries one. */
export function traceparent(): string {
  return `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-00`;
}

/** Whether the login API sends a JWT to this address: only loopback, on any port and path. */
export function isAllowedRedirect(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const loopback = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  return loopback && (url.protocol === "http:" || url.protocol === "https:");
}

/** The callback with the JWT added; Go's `Values.Encode` sorts, so the JWT is not always last. */
export function withJwt(redirect: string, jwt: string): string {
  const url = new URL(redirect);
  url.searchParams.set("pomerium_jwt", jwt);
  url.searchParams.sort();
  return url.toString();
}

/** The page with the two buttons that `form` shows. */
export function signInForm(approveAction: string, denyAction: string): string {
  const form = (action: string, label: string): string =>
    `<form method="post" action="${action.replaceAll("&", "&amp;")}"><button type="submit">${label}</button></form>`;
  return htmlPage(
    "Sign in",
    form(approveAction, "Sign in as Alice").replace("<button", '<button id="approve"') +
      form(denyAction, "Deny").replace("<button", '<button id="deny"'),
  );
}
