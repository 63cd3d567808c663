import { AppError } from "../../shared/errors.ts";
import type { EventSink } from "../../shared/events.ts";
import type { TlsChoice } from "../ports.ts";
import { createTlsIdentity, type TlsIdentity } from "./identity.ts";
import type { TlsSettings } from "./settings.ts";

/** An identity in use. `release` must be called once the user of it is done; idempotent. */
export interface IdentityLease {
  readonly identity: TlsIdentity;
  readonly release: () => void;
}

/**
 * The TLS settings that are in use now, so that users with equal ones share one SecureContext and one pool. What nobody
 * uses any more is forgotten, or every edit of a certificate would stay in memory.
 */
export class TlsIdentities {
  readonly #events: EventSink;
  readonly #used = new Map<string, { readonly identity: TlsIdentity; users: number }>();
  /** Also those that were released: a background call may still go on with one. */
  readonly #made = new WeakMap<TlsChoice, TlsIdentity>();

  constructor(events: EventSink = () => undefined) {
    this.#events = events;
  }

  /** Distinct settings in use. */
  get size(): number {
    return this.#used.size;
  }

  /** @throws AppError `setting-invalid` or `client-certificate-invalid`. */
  lease(settings: TlsSettings): IdentityLease {
    const made = createTlsIdentity(settings, this.#events);
    const entry = this.#used.get(made.key) ?? { identity: made, users: 0 };
    const { identity } = entry;
    entry.users += 1;
    this.#used.set(identity.key, entry);
    this.#made.set(identity, identity);
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      entry.users -= 1;
      if (entry.users === 0) this.#used.delete(identity.key);
    };
    return { identity, release };
  }

  /** The identity behind a choice that went through code which must not know more of it. */
  of(choice: TlsChoice): TlsIdentity {
    const identity = this.#made.get(choice);
    if (!identity) throw new AppError("internal", "TLS settings that this engine did not make.");
    return identity;
  }
}
