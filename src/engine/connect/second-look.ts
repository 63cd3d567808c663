import type { ProxyAddress } from "../../shared/address.ts";
import { AppError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
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

export interface SecondLookOptions extends Pick<DialOptions, "lookup"> {
  readonly proxy: ProxyAddress;
  readonly hasClientCertificate: boolean;
  readonly limits: Limits;
}

/**
 * Says more of a failure that may be about the client certificate: asks the proxy, on a connection of its own, whether it
 * wants one at all. Takes `limits.secondLookMs` at most, and never rejects: without an answer the error stays as it is.
 */
export async function secondLook(error: AppError, options: SecondLookOptions, signal: AbortSignal): Promise<AppError> {
  const { proxy, hasClientCertificate, limits } = options;
  if (!proxy.tls || signal.aborted || !isDoubtful(error, hasClientCertificate)) return error;
  const isOver = AbortSignal.timeout(limits.secondLookMs);
  const wants = await askForCas(proxy, options, AbortSignal.any([signal, isOver])).then(
    ({ requested }) => requested,
    // The proxy did not even come to ask, for the same reason.
    (thrown: unknown) => (thrown instanceof AppError && handshakeFailure.test(codeOf(thrown.cause)) ? false : null),
  );
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
