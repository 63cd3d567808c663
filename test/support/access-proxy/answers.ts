/** An answer before a front adds what it puts on every one of them (date, server, x-request-id). */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The reason phrases that were seen on HTTP/1.1; Envoy says "Unknown" where it knows none (450 and 495 among them). */
const reasons: Readonly<Record<number, string>> = {
  101: "Switching Protocols",
  200: "OK",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  421: "Misdirected Request",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** The reason phrase that goes with a status on HTTP/1.1. */
export function reasonOf(status: number): string {
  return reasons[status] ?? "Unknown";
}

const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** A page for people, as Pomerium shows where JSON was not asked for. */
export function htmlPage(title: string, content = ""): string {
  return `<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head><body><h1>${escapeHtml(title)}</h1>${content}</body></html>\n`;
}

/** An HTML error page; the extra header is what the real one carries. */
export function htmlError(status: number, title: string): Answer {
  return {
    status,
    headers: { "content-type": "text/html; charset=UTF-8", "x-pomerium-intercepted-response": "true" },
    body: htmlPage(title),
  };
}

/** The policy's JSON shape: `{"error","request_id"}`. */
export function policyError(status: number, error: string, requestId: string): Answer {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ error, request_id: requestId }),
  };
}

/** Envoy's own JSON shape: `{"requestId","status","statusText"}`. */
export function envoyError(status: number, statusText: string, requestId: string): Answer {
  return {
    status,
    headers: { "content-type": "application/json; charset=UTF-8" },
    body: JSON.stringify({ requestId, status: String(status), statusText }, null, 2),
  };
}

/** What Envoy says when the upstream refuses the connection. */
export const upstreamRefused =
  "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}";

/** A redirect with the small HTML body that Go's and Pomerium's redirects have. */
export function redirect(location: string, extra: Readonly<Record<string, string>> = {}): Answer {
  return {
    status: 302,
    headers: { "content-type": "text/html; charset=UTF-8", location, ...extra },
    body: `<a href="${escapeHtml(location)}">Found</a>.\n`,
  };
}

/** A JSON answer of the control plane. */
export function json(status: number, value: unknown): Answer {
  return {
    status,
    headers: { "content-type": "application/json", vary: "Accept-Encoding" },
    body: JSON.stringify(value),
  };
}
