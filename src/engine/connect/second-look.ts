import { originOf, type ProxyAddress } from "../../shared/address.ts";
import { AppError } from "../../shared/errors.ts";
import { waitFor } from "../aborts.ts";
import { askForCas } from "./ask-for-cas.ts";
import type { DialOptions } from "./dial.ts";
import { codeOf, LostWith } from "./network-errors.ts";
import { ownName } from "./tls-errors.ts";

const handshakeFailure = /ALERT_HANDSHAKE_FAILURE/;

/** Only who speaks TLS sends alerts. */
const alert = /^ERR_SSL_.*ALERT_/;

/** A connection that just ends does not say why, and the alert "handshake failure" has two meanings. */
function isDoubtful(error: AppError, hasClientCertificate: boolean): boolean {
  return hasClientCertificate
    ? error.code === "connection-lost"
    : error.code === "client-certificate-needed" && handshakeFailure.test(codeOf(error.cause));
}

/** Failures of a clear-text connection that one to a port for TLS has as well. */
const doubtsClearText: ReadonlySet<string> = new Set(["connection-lost", "not-pomerium", "udp-not-offered"]);

/** Answers by which servers for TLS refuse clear text where they answer it at all; nginx gives the second to CONNECT. */
const refusesClearText: ReadonlySet<number> = new Set([400, 405]);

/** What one look at a proxy found out; null where it did not. */
interface Seen {
  readonly speaksTls: true | null;
  readonly wantsCertificate: boolean | null;
}

const nothing: Seen = { speaksTls: null, wantsCertificate: null };

/** What the failure of a look says. */
function seenIn(thrown: unknown): Seen {
  const code = thrown instanceof AppError ? codeOf(thrown.cause) : "";
  // The proxy did not even come to ask, for the same reason.
  if (handshakeFailure.test(code)) return { speaksTls: true, wantsCertificate: false };
  return alert.test(code) ? { ...nothing, speaksTls: true } : nothing;
}

/** What is told where clear text was sent to a port that has been seen to speak TLS. */
const httpsWanted = ({ host, port }: ProxyAddress, cause: unknown): AppError =>
  new AppError("tls-failed", `${host} speaks TLS on port ${port}, but the Pomerium URL starts with http://.`, {
    userAction: "Start the Pomerium URL with https://.",
    cause,
  });

/**
 * Says more of a failure that may be about the client certificate, or about TLS that is missing: asks the proxy, on a connection
 * of its own, whether it speaks TLS and wants a certificate at all. Clients that fail at the same time share one such connection: a
 * proxy that is going down has enough of them.
 */
export class SecondLooks {
  readonly #options: Pick<DialOptions, "limits" | "lookup">;
  readonly #closing = new AbortController();
  /** By origin; each is gone after `limits.secondLookMs`. */
  readonly #asking = new Map<string, Promise<Seen>>();

  constructor(options: Pick<DialOptions, "limits" | "lookup">) {
    this.#options = options;
  }

  /** Takes `limits.secondLookMs` at most, and never rejects: without an answer the error stays as it is. */
  async explain(
    error: AppError,
    { proxy, hasClientCertificate }: { readonly proxy: ProxyAddress; readonly hasClientCertificate: boolean },
    signal: AbortSignal,
  ): Promise<AppError> {
    if (!proxy.tls) {
      const isDoubt = doubtsClearText.has(error.code);
      return isDoubt && (await this.#speaksTls(proxy, signal)) ? httpsWanted(proxy, error) : error;
    }
    if (!isDoubtful(error, hasClientCertificate)) return error;
    const { wantsCertificate: wants } = await this.#seen(proxy, signal);
    if (hasClientCertificate && wants === true) {
      const own = error.cause instanceof LostWith ? ownName(error.cause.own) : null;
      const hint = `It asks for a client certificate, and may not accept ${own ?? "the one that it was shown"}.`;
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

  /**
   * Throws where a refusal came over clear text from a port that speaks TLS. Takes `limits.secondLookMs` at most.
   * @throws AppError `tls-failed`.
   */
  async checkClearText(proxy: ProxyAddress, status: number, signal: AbortSignal): Promise<void> {
    if (proxy.tls || !refusesClearText.has(status)) return;
    if (await this.#speaksTls(proxy, signal)) throw httpsWanted(proxy, undefined);
  }

  async #speaksTls(proxy: ProxyAddress, signal: AbortSignal): Promise<boolean> {
    return (await this.#seen(proxy, signal)).speaksTls === true;
  }

  /** Never rejects. */
  async #seen(proxy: ProxyAddress, signal: AbortSignal): Promise<Seen> {
    if (signal.aborted) return nothing;
    return await waitFor(this.#look(proxy), signal).catch(() => nothing);
  }

  #look(proxy: ProxyAddress): Promise<Seen> {
    const key = originOf(proxy);
    const known = this.#asking.get(key);
    if (known) return known;
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(this.#options.limits.secondLookMs)]);
    const asking = askForCas(proxy, this.#options, signal)
      .then(({ requested }): Seen => ({ speaksTls: true, wantsCertificate: requested }), seenIn)
      .finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    return asking;
  }

  /** Ends what is under way. */
  close(): void {
    this.#closing.abort();
  }
}
