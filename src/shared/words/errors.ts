import type { AppErrorData, ErrorCode } from "../errors.ts";
import { splitDestination } from "./connection.ts";

/** What the interface can offer beside an error. */
export type ErrorAction =
  | "use-next-port"
  | "try-again"
  | "edit"
  | "edit-local-address"
  | "add-ca"
  | "choose-certificate"
  | "copy-report"
  | "sign-in"
  | "sign-in-as-other"
  | "sign-in-settings";

/** An error in the words of the app (ui.md, section 7). */
export interface ErrorWords {
  /** Two to five words for a row. */
  readonly row: string;
  /** The fact, a sentence without its full stop. */
  readonly title: string;
  /** What to do. */
  readonly text: string;
  /** The first is the one that most people want. */
  readonly actions: readonly ErrorAction[];
}

interface Entry {
  readonly row: string | ((port: string) => string);
  /** In place of the error's own next step, which is worded for the command line or for both. */
  readonly step?: string;
  /** In place of `step` where the certificate comes from the system's store. */
  readonly storeStep?: string;
  /** Its message is one sentence, however many full stops are in the names in it. */
  readonly oneSentence?: true;
  readonly actions: readonly ErrorAction[];
}

const askAdministrator = "If it stays so, ask the administrator of the proxy.";

const entries: Readonly<Record<ErrorCode, Entry>> = {
  "address-invalid": { row: "Address not valid", actions: ["edit"] },
  "setting-invalid": { row: "Setting not valid", actions: ["edit"] },
  "file-unreadable": { row: "File cannot be read", actions: ["edit", "try-again"] },
  "client-certificate-invalid": { row: "Client certificate not valid", actions: ["choose-certificate"] },
  "not-available-yet": { row: "Not available yet", actions: ["edit"] },
  managed: { row: "Not allowed here", actions: ["edit", "try-again"] },
  "port-in-use": {
    row: (port) => (port === "" ? "Port is in use" : `Port ${port} is in use`),
    oneSentence: true,
    actions: ["use-next-port", "try-again"],
  },
  "port-needs-rights": {
    row: "Port needs more rights",
    step: "Ports from 1024 up need no rights.",
    actions: ["use-next-port"],
  },
  "address-not-here": { row: "Address not here", actions: ["edit-local-address"] },
  "listen-failed": { row: "Port cannot be opened", actions: ["edit-local-address", "try-again"] },
  "storage-failed": { row: "Storage failed", actions: ["try-again"] },
  "host-not-found": {
    row: "Host not found",
    step: "Check the spelling, or connect to your VPN.",
    actions: ["edit", "try-again"],
  },
  "no-answer": { row: "No answer", step: "Check the network, or connect to your VPN.", actions: ["try-again"] },
  refused: { row: "Refused", step: "Check the Pomerium URL and its port.", actions: ["try-again", "edit"] },
  "network-unreachable": { row: "No network", actions: ["try-again"] },
  "connection-lost": { row: "Connection lost", actions: ["try-again"] },
  "too-many-connections": { row: "Too many clients", actions: [] },
  "certificate-not-trusted": {
    row: "Certificate not trusted",
    actions: ["add-ca", "try-again", "copy-report"],
  },
  "certificate-expired": { row: "Certificate expired", actions: ["copy-report", "try-again"] },
  "certificate-not-yet-valid": { row: "Certificate not valid yet", actions: ["copy-report", "try-again"] },
  "certificate-wrong-name": {
    row: "Wrong certificate name",
    step: "You may be talking to another server.",
    actions: ["edit", "copy-report"],
  },
  "certificate-revoked": { row: "Certificate revoked", actions: ["copy-report", "try-again"] },
  "client-certificate-needed": {
    row: "Client certificate needed",
    step: "Choose the certificate that your organisation gave you.",
    storeStep: "Import the one that your organisation gave you into the store, or change the filter.",
    actions: ["choose-certificate"],
  },
  "no-certificate-matches": {
    row: "No certificate matches",
    step: "Import the one that your organisation gave you into the store, or change the filter.",
    actions: ["choose-certificate"],
  },
  "client-certificate-refused": {
    row: "Client certificate refused",
    oneSentence: true,
    actions: ["choose-certificate", "copy-report"],
  },
  "tls-failed": { row: "TLS failed", actions: ["try-again", "edit", "copy-report"] },
  "sign-in-needed": { row: "Sign-in needed", step: "Sign in to go on.", actions: ["sign-in"] },
  "access-denied": { row: "Access denied", actions: ["copy-report", "sign-in-as-other", "try-again"] },
  "no-such-route": {
    row: "No such route",
    step: "It may have been renamed. The port is the port in the route’s address.",
    actions: ["edit", "try-again"],
  },
  "wrong-proxy": { row: "Another proxy’s route", actions: ["edit"] },
  "device-not-enrolled": { row: "Device not enrolled", actions: ["copy-report", "try-again"] },
  "upstream-unavailable": {
    row: "Destination unreachable",
    step: "The service may be down.",
    actions: ["try-again", "copy-report"],
  },
  "rate-limited": { row: "Too many requests", actions: ["try-again"] },
  "proxy-error": { row: "Proxy error", step: askAdministrator, actions: ["try-again", "copy-report"] },
  "unexpected-answer": { row: "Unexpected answer", actions: ["copy-report", "try-again"] },
  "udp-not-offered": { row: "UDP not offered", actions: ["copy-report", "try-again"] },
  "not-pomerium": { row: "Not a Pomerium server", actions: ["edit", "try-again"] },
  "sign-in-failed": { row: "Sign-in failed", actions: ["sign-in", "copy-report"] },
  "sign-in-timeout": { row: "Sign-in not finished", step: "Sign in when you are ready.", actions: ["sign-in"] },
  "sign-in-refused": { row: "Sign-in refused", actions: ["sign-in", "copy-report"] },
  "service-account-refused": { row: "Token refused", actions: ["edit", "try-again"] },
  "update-failed": { row: "Update failed", actions: ["try-again"] },
  "update-refused": { row: "Update refused", actions: [] },
  "request-refused": { row: "Refused", actions: [] },
  "not-found": { row: "Not found", actions: [] },
  cancelled: { row: "Cancelled", actions: ["try-again"] },
  closed: { row: "Closed", actions: ["try-again"] },
  internal: {
    row: "Culvert failed",
    step: "Try again; if it happens again, copy the report and tell the makers of Culvert.",
    actions: ["try-again", "copy-report"],
  },
};

/** The engine names in parentheses the flag by which the command line takes what is missing. */
const flag = / \(--[a-z-]+\)/g;
const caFlag = "--alternate-ca-path";

/** The engine's next step in the words of the app. */
const appStep = (userAction: string): string => userAction.replace(flag, "").replace(/(\p{L})'(?=s\b)/gu, "$1’");

/** What to offer: a CA only where one mends it, which the engine's next step says. */
const actionsOf = ({ actions }: Entry, { userAction = caFlag }: AppErrorData): readonly ErrorAction[] =>
  actions.filter((action) => action !== "add-ca" || userAction.includes(caFlag));

const withoutStop = (sentence: string): string => sentence.replace(/\.$/, "");

/**
 * An error in the words of the app. The title is the first sentence of its message, which names the real hosts; the text
 * is the rest and the next step.
 * @param about where it happened: a local port for errors of listening, and whether its certificate is searched for in the
 * system's store.
 */
export function errorWords(
  error: AppErrorData,
  about: { readonly address?: string | null; readonly searches?: boolean } = {},
): ErrorWords {
  const entry = entries[error.code];
  // The last one: a name before it may speak of ports as well.
  const port = /.*\bport (\d+)/is.exec(error.message)?.[1] ?? splitDestination(about.address ?? "").port.slice(1);
  const end = entry.oneSentence ? null : /\.\s+(?=\S)/.exec(error.message);
  const title = end ? error.message.slice(0, end.index) : withoutStop(error.message);
  const rest = end ? error.message.slice(end.index + end[0].length) : "";
  const own = (about.searches === true ? entry.storeStep : undefined) ?? entry.step;
  const step = own ?? appStep(error.userAction ?? "");
  return {
    row: typeof entry.row === "string" ? entry.row : entry.row(port),
    title: title.replace(/ \(process \d+\)/, ""),
    text: [rest, step].filter((part) => part !== "").join(" "),
    actions: actionsOf(entry, error),
  };
}
