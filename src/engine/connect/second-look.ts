import { originOf, type ProxyAddress } from "../../shared/address.ts";
import { AppError } from "../../shared/errors.ts";
import { waitFor } from "../aborts.ts";
import { askForCas } from "./ask-for-cas.ts";
import type { DialOptions } from "./dial.ts";
import { codeOf } from "./network-errors.ts";

const handshakeFailure = /ALERT_HANDSHAKE_FAILURE/;

/** A connection that just ends does not say why, and the alert "handshake failure" has two meanings. */
function isDoubtful(error: AppError, hasClientCertificate: boolean): boolean {
  return hasClientCertificate
    ? error.code === "connection-lost"
    : error.code === "client-certificate-needed" && handshakeFailure.test(codeOf(error.cause));
}

/**
 * Says more of a failure that may be about the client certificate: asks the proxy, on a connection of its own, whether it wants one
 * at all. Clients that fail at the same time share one such connection: a proxy that is going down has enough of them.
 */
export class SecondLooks {
  readonly #options: Pick<DialOptions, "limits" | "lookup">;
  readonly #closing = new AbortController();
  /** By origin; each is gone after `limits.secondLookMs`. */
  readonly #asking = new Map<string, Promise<boolean | null>>();

  constructor(options: Pick<DialOptions, "limits" | "lookup">) {
    this.#options = options;
  }

  /** Takes `limits.secondLookMs` at most, and never rejects: without an answer the error stays as it is. */
  async explain(
    error: AppError,
    { proxy, hasClientCertificate }: { readonly proxy: ProxyAddress; readonly hasClientCertificate: boolean },
    signal: AbortSignal,
  ): Promise<AppError> {
    if (!proxy.tls || signal.aborted || !isDoubtful(error, hasClientCertificate)) return error;
    const wants = await waitFor(this.#wants(proxy), signal).catch(() => null);
    if (hasClientCertificate && wants === true) {
      const hint = "It asks for a client certificate, and may not accept the one that it was shown.";
      return new AppError(error.code, `${error.message} ${hint}`, {
        retryable: error.retryable,
        userAction: "Check that it is the right one; otherwise check the network.",
        cause: error.cause,
      });
    }
    if (!hasClientCertificate && wants === false) {
      return new AppError("tls-failed", `${proxy.host} ended the TLS handshake, and asks for no client certificate.`, {
        userAction: "It may have no cipher in common with Culvert: ask its administrator.",
        cause: error.cause,
      });
    }
    return error;
  }

  /** Whether a proxy asks for a client certificate; null where that cannot be found out. Never rejects. */
  #wants(proxy: ProxyAddress): Promise<boolean | null> {
    const key = originOf(proxy);
    const known = this.#asking.get(key);
    if (known) return known;
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(this.#options.limits.secondLookMs)]);
    const asking = askForCas(proxy, this.#options, signal)
      .then(
        ({ requested }) => requested,
        // The proxy did not even come to ask, for the same reason.
        (thrown: unknown) => (thrown instanceof AppError && handshakeFailure.test(codeOf(thrown.cause)) ? false : null),
      )
      .finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    return asking;
  }

  /** Ends what is under way. */
  close(): void {
    this.#closing.abort();
  }
}
