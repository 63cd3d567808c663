import { isLoopback, parseLocalAddress, parsePomeriumUrl, parseTarget } from "../address.ts";
import type { LocalAddress, ProxyAddress } from "../address.ts";
import { AppError } from "../errors.ts";
import type { Connection, ConnectionInput, FieldProblem } from "./connection.ts";
import type { Settings, SettingsChange } from "./settings.ts";

/** What an administrator allows. */
export interface PolicyRules {
  /** Why nothing is allowed: there is a policy, and it cannot be read (decisions/012). "" where it can. */
  readonly unreadable: string;
  /** Connections whose server certificate is not verified, and those without TLS. */
  readonly allowUnverifiedTls: boolean;
  /** Local addresses that other computers can reach. */
  readonly allowNetworkListen: boolean;
  readonly allowServiceAccountTokens: boolean;
  /** Hosts of proxies, see `readProxyPattern`; null where any may be used. */
  readonly allowedProxies: readonly string[] | null;
}

/** The rules where there is no policy. */
export const everythingAllowed: PolicyRules = {
  unreadable: "",
  allowUnverifiedTls: true,
  allowNetworkListen: true,
  allowServiceAccountTokens: true,
  allowedProxies: null,
};

/** What the administrators of this computer have set. */
export interface Policy {
  /** "unknown": the system did not let Culvert look, so that there may be one. "unreadable" where any place of it is. */
  readonly found: "nothing" | "values" | "unreadable" | "unknown";
  /** Settings that the user cannot change, with their values. */
  readonly locked: SettingsChange;
  readonly rules: PolicyRules;
  /** Where the app looks for newer versions of itself in place of the built-in address; "" where the policy does not say. */
  readonly updateFeed: string;
  /** What of it is wrong, a sentence each that names the place; for people. */
  readonly problems: readonly string[];
}

export const noPolicy: Policy = {
  found: "nothing",
  locked: {},
  rules: everythingAllowed,
  updateFeed: "",
  problems: [],
};

/** What of the policy the window shows. */
export interface Managed {
  readonly locked: readonly (keyof Settings)[];
  readonly rules: PolicyRules;
}

export const managedOf = ({ locked, rules }: Policy): Managed => ({
  locked: Object.keys(locked) as (keyof Settings)[],
  rules,
});

export const nothingManaged: Managed = managedOf(noPolicy);

interface ProxyPattern {
  /** Every host below this one, but not itself. */
  readonly below: boolean;
  readonly host: string;
  /** null means any. */
  readonly port: number | null;
}

/** Reads `host`, `*.domain` or either with `:port`; null for anything else. */
export function readProxyPattern(text: string): ProxyPattern | null {
  const below = text.startsWith("*.");
  const rest = below ? text.slice(2) : text;
  if (/[*/\s]/.test(rest)) return null;
  try {
    const { host, port } = parsePomeriumUrl(`https://${rest}`);
    // Below an address there is nothing.
    if (below && (host.includes(":") || /^[\d.]+$/.test(host))) return null;
    return { below, host, port: /:\d+$/.test(rest) ? port : null };
  } catch {
    return null;
  }
}

function fits(proxy: ProxyAddress, text: string): boolean {
  const pattern = readProxyPattern(text);
  if (pattern === null || (pattern.port !== null && pattern.port !== proxy.port)) return false;
  return pattern.below ? proxy.host.endsWith(`.${pattern.host}`) : proxy.host === pattern.host;
}

/** What somebody wants to do; what is not known, or not wanted, is left out. */
export interface Wanted {
  readonly proxy?: ProxyAddress;
  readonly verify?: boolean;
  readonly listen?: LocalAddress;
  /** A service account token signs in. */
  readonly token?: boolean;
}

/** One rule that stands against it, and the part of what is wanted that it is about. */
export interface Refusal {
  readonly about: "everything" | keyof Wanted;
  readonly error: AppError;
}

const refusal = (about: Refusal["about"], message: string, userAction: string): Refusal => ({
  about,
  error: new AppError("managed", message, { userAction }),
});

/** Patterns for a sentence: a policy may name many. */
export const proxyList = (patterns: readonly string[]): string =>
  patterns.length > 3 ? `${patterns.slice(0, 3).join(", ")} and ${patterns.length - 3} more` : patterns.join(", ");

/** Everything that the rules have against it; empty where it is allowed. */
export function refusalsOf(rules: PolicyRules, { proxy, verify, listen, token }: Wanted): readonly Refusal[] {
  if (rules.unreadable !== "") return [refusal("everything", rules.unreadable, "Ask your administrator to mend it.")];
  const found: Refusal[] = [];
  const { allowedProxies: patterns } = rules;
  if (proxy && patterns !== null && !patterns.some((pattern) => fits(proxy, pattern))) {
    const step =
      patterns.length === 0 ? "Ask your administrator." : `It allows ${proxyList(patterns)}. Ask your administrator.`;
    found.push(refusal("proxy", `Your organisation does not allow connections through ${proxy.host}.`, step));
  }
  if (!rules.allowUnverifiedTls && proxy?.tls === false)
    found.push(
      refusal("proxy", "Your organisation does not allow connections without TLS.", "Start the URL with https://."),
    );
  if (!rules.allowUnverifiedTls && verify === false)
    found.push(
      refusal(
        "verify",
        "Your organisation does not allow connections whose server certificate is not verified.",
        "Have the certificate verified, with your organisation’s CA where it needs one.",
      ),
    );
  if (!rules.allowNetworkListen && listen && !isLoopback(listen))
    found.push(
      refusal(
        "listen",
        "Your organisation does not allow local ports that other computers can reach.",
        "Listen on 127.0.0.1.",
      ),
    );
  if (!rules.allowServiceAccountTokens && token === true)
    found.push(
      refusal("token", "Your organisation does not allow service account tokens.", "Sign in with the browser."),
    );
  return found;
}

/** @throws AppError `managed` for the first rule that stands against it. */
export function checkAllowed(rules: PolicyRules, wanted: Wanted): void {
  const [first] = refusalsOf(rules, wanted);
  if (first) throw first.error;
}

const known = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

/** What a connection wants; an address that is none is told elsewhere, and wants nothing. */
export function wantedOf(connection: Connection | ConnectionInput): Wanted {
  const { destination, pomeriumUrl, protocol, trust, auth } = connection;
  const proxy = known(() => parseTarget(destination, pomeriumUrl, protocol).proxy);
  const listen = known(() => parseLocalAddress(connection.listen));
  return {
    ...(proxy && { proxy }),
    ...(listen && { listen }),
    verify: trust.kind !== "unverified",
    token: auth.kind !== "browser",
  };
}

/**
 * What the rules have against a connection, beside the fields that can put it right. A policy that cannot be read stops nobody
 * from saving: what it says may fit.
 */
export function managedProblems(input: ConnectionInput, rules: PolicyRules): FieldProblem[] {
  const fields = {
    proxy: input.pomeriumUrl.trim() === "" ? "destination" : "pomeriumUrl",
    verify: "ca",
    listen: "listen",
    token: input.auth.kind === "token-file" ? "tokenFile" : "token",
  } as const;
  return refusalsOf(rules, wantedOf(input)).flatMap(({ about, error }) =>
    about === "everything"
      ? []
      : [{ field: fields[about], level: "error", message: error.message.replace(/\.$/, "") } as const],
  );
}

/** The refusal of a change to settings of which one is managed. */
export const settingIsManaged = (): AppError =>
  new AppError("managed", "Your organisation manages this setting.", {
    userAction: "Ask your administrator to change it.",
  });
