import { isIP } from "node:net";
import { getDomain } from "tldts";
import { originOf, parsePomeriumUrl } from "../../shared/address.ts";
import { waitFor } from "../aborts.ts";
import type { Session } from "../ports.ts";
import { BoundedMap } from "./bounded-map.ts";
import { askPomerium, type PageDeps, type SessionContext } from "./proxy-pages.ts";

/**
 * The registrable domain of a host ("corp.example" of "pg.corp.example"), by the public suffix list with its private
 * part; null for addresses, single labels and public suffixes themselves, which never share anything.
 */
export function registrableDomain(host: string): string | null {
  if (isIP(host) !== 0 || !host.includes(".")) return null;
  return getDomain(host, { allowPrivateDomains: true });
}

/** The domain within which a proxy may use sessions of others and lend its own; null where it may do neither. */
export function sharingDomain(ctx: SessionContext): string | null {
  return ctx.proxy.tls && ctx.tls.verify ? registrableDomain(ctx.proxy.host) : null;
}

/** True where the session may be offered in `domain` at all; which Pomerium it belongs to is another question. */
export function isLendable(session: Session, domain: string): boolean {
  if (!session.verified || session.pomerium === null) return false;
  try {
    const issuer = parsePomeriumUrl(session.proxy);
    return issuer.tls && registrableDomain(issuer.host) === domain;
  } catch {
    return false;
  }
}

interface Known {
  readonly pomerium: string | null;
  /** Monotonic milliseconds. */
  readonly until: number;
}

/** Knows for a while which Pomerium each proxy says it belongs to. It asks only when it is asked. */
export class PomeriumLookup {
  readonly #deps: PageDeps;
  readonly #closing: AbortSignal;
  readonly #known: BoundedMap<string, Known>;
  readonly #asking = new Map<string, Promise<string | null>>();

  /** @param closing ends what is on its way. */
  constructor(deps: PageDeps, closing: AbortSignal) {
    this.#deps = deps;
    this.#closing = closing;
    this.#known = new BoundedMap(deps.limits.rememberedProxies);
  }

  /**
   * The origin of the authentication endpoint that this proxy names, or null.
   * @throws AppError only when `signal` aborts; the question goes on for others then.
   */
  async ask(ctx: SessionContext, signal: AbortSignal): Promise<string | null> {
    const key = `${originOf(ctx.proxy)} ${ctx.tls.key}`;
    const known = this.#known.get(key);
    if (known !== undefined && performance.now() < known.until) return known.pomerium;
    const asking = this.#asking.get(key) ?? this.#begin(key, ctx);
    return await waitFor(asking, signal);
  }

  async #begin(key: string, ctx: SessionContext): Promise<string | null> {
    const asking = askPomerium(this.#deps, ctx, this.#closing);
    this.#asking.set(key, asking);
    const pomerium = await asking;
    this.#asking.delete(key);
    const { learnedMs, wellKnownFailureMs } = this.#deps.limits;
    const until = performance.now() + (pomerium === null ? wellKnownFailureMs : learnedMs);
    this.#known.set(key, { pomerium, until });
    return pomerium;
  }
}
