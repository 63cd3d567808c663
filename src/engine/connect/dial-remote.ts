import { X509Certificate } from "node:crypto";
import type net from "node:net";
import type { DetailedPeerCertificate } from "node:tls";
import { shown } from "../../shared/address.ts";
import { AppError } from "../../shared/errors.ts";
import type { RemoteClient } from "../tls/identity.ts";
import { RemoteTlsError } from "../tls/remote-key/remote-key.ts";
import type { DialOptions, Dialed } from "./dial.ts";
import { networkError, noAnswer, type NetworkContext } from "./network-errors.ts";

/**
 * TLS on an open connection with a key that may not leave its store: the platform does it, and this process has what goes
 * through it. Takes the connection over.
 * @throws AppError of the store or of TLS, as `dial` does.
 */
export async function dialRemote(
  raw: net.Socket,
  { key, chain, ca }: RemoteClient,
  { proxy, identity, alpn, limits }: DialOptions,
  signal: AbortSignal,
): Promise<Dialed> {
  const [own] = chain.flatMap((der) => certificateOf(der) ?? []);
  const explain = (error: unknown): AppError => {
    if (!(error instanceof RemoteTlsError)) return networkError(error, { proxy, hasClientCertificate: true, own });
    return programError(error, key.where) ?? networkError(error, context(error));
  };
  const context = (error: RemoteTlsError): NetworkContext => ({
    proxy,
    hasClientCertificate: true,
    own,
    peer: peerOf(error.chain),
    givenCas: () => identity.givenCas?.() ?? [],
  });
  try {
    const silent = (): AppError => noAnswer(proxy, limits.tlsMs, undefined, "finish the TLS handshake");
    const request = { host: proxy.host, alpn, verify: identity.verify, ca, chain, limits, silent };
    const { socket, alpn: chosen } = await key.connect(raw, request, signal);
    // What no one listens for any more must not end the process.
    socket.on("error", () => undefined);
    const reset = (): void => {
      raw.resetAndDestroy();
      socket.destroy();
    };
    return { socket, alpn: chosen === "h2" ? "h2" : "http/1.1", reset, explain, own };
  } catch (error) {
    raw.resetAndDestroy();
    throw explain(error);
  }
}

/** What the program alone can say; null for what is of TLS. */
function programError(error: RemoteTlsError, where: string): AppError | null {
  if (error.code === "CULVERT_PROGRAM") {
    return new AppError("storage-failed", `The key in ${where} could not be used: ${shown(error.message)}.`, {
      userAction: "culvert-tls is the program that uses such keys; install Culvert again if this stays so.",
      retryable: true,
      cause: error,
    });
  }
  if (!error.code.startsWith("CULVERT_")) return null;
  return new AppError("tls-failed", `TLS with the key in ${where} failed: ${shown(error.message)}.`, {
    userAction: "Ask the administrator of the proxy, or look for a proxy in between.",
    cause: error,
  });
}

function certificateOf(der: Buffer): DetailedPeerCertificate | null {
  try {
    return new X509Certificate(der).toLegacyObject() as DetailedPeerCertificate;
  } catch {
    // What a hostile server sends need not be one.
    return null;
  }
}

/** The chain as a socket of Node has it: each certificate with its issuer. */
function peerOf(chain: readonly Buffer[]): DetailedPeerCertificate | undefined {
  const all = chain.flatMap((der) => certificateOf(der) ?? []);
  return all.reduceRight<DetailedPeerCertificate | undefined>(
    (issuer, one) => (issuer ? Object.assign(one, { issuerCertificate: issuer }) : one),
    undefined,
  );
}
