import type { ProxyAddress } from "../../shared/address.ts";
import { AppError } from "../../shared/errors.ts";
import { announcedCas, type Announced } from "../certstore/announced-cas.ts";
import { dialTcp, type DialOptions } from "./dial.ts";
import { networkError, noAnswer } from "./network-errors.ts";

/**
 * Asks a proxy, on a connection of its own, which CAs it accepts client certificates of.
 * @throws AppError of the way to the proxy.
 */
export async function askForCas(
  proxy: ProxyAddress,
  { limits, lookup }: Pick<DialOptions, "limits" | "lookup">,
  signal: AbortSignal,
): Promise<Announced> {
  const raw = await dialTcp({ proxy, limits, lookup }, signal);
  return announcedCas(
    raw,
    {
      host: proxy.host,
      ms: limits.tlsMs,
      bytes: limits.handshakeBytes,
      late: () => noAnswer(proxy, limits.tlsMs, undefined, "finish the TLS handshake"),
      explain: (error) => beforeTheRequest(networkError(error, { proxy, hasClientCertificate: false }), proxy),
    },
    signal,
  );
}

/** The handshake is over once the request has come: an alert before that is about something else. */
function beforeTheRequest(error: AppError, { host }: ProxyAddress): AppError {
  if (error.code !== "client-certificate-needed") return error;
  return new AppError("tls-failed", `${host} ended the TLS handshake before it asked for a client certificate.`, {
    userAction: "It may have no cipher in common with Culvert: ask its administrator.",
    cause: error.cause,
  });
}
