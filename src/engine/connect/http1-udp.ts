import { hostHeaderOf } from "../../shared/address.ts";
import type { Limits } from "../../shared/limits.ts";
import { isPage } from "./answers.ts";
import type { Dialed } from "./dial.ts";
import { HeadReader } from "./head-reader.ts";
import { requestFields, type ConnectRequest, type UdpOutcome } from "./path.ts";
import { capsuleFields, speaksCapsules, UdpPath, udpNotOffered, udpRequestPath } from "./udp-path.ts";

/**
 * CONNECT-UDP by an HTTP/1.1 upgrade (RFC 9298 §3.2) on a connection of its own, which belongs to this call. Takes both
 * answers: 101 with capsules as they are, and what Pomerium sends, a 200 whose body has the capsules inside chunks
 * (protocol.md). No datagram is sent ahead of the answer: a proxy that refuses would take it for another request.
 * @param answerMs how long the answer may take.
 * @throws AppError `no-answer`, `not-pomerium`, `connection-lost`, `udp-not-offered`, `cancelled`, or a late TLS alert.
 */
export async function connectUdpHttp1(
  dialed: Dialed,
  request: ConnectRequest,
  limits: Limits,
  signal: AbortSignal,
  answerMs = limits.connectAnswerMs,
): Promise<UdpOutcome> {
  const { socket } = dialed;
  const { destination, proxy } = request.target;
  const fields = { ...capsuleFields, ...requestFields(request.jwt) };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(
    `GET ${udpRequestPath(destination)} HTTP/1.1\r\nhost: ${hostHeaderOf(proxy)}\r\n` +
      `connection: Upgrade\r\nupgrade: connect-udp\r\n${lines.join("")}\r\n`,
    "latin1",
  );
  try {
    const { head, body } = await new HeadReader(dialed, request, limits).read(signal, answerMs);
    const { status, headers } = head;
    if (status >= 300) {
      socket.destroy();
      return { kind: "answered", answer: { status, headers, body, own: dialed.own } };
    }
    const switched = status === 101;
    if (switched ? !/\bconnect-udp\b/i.test(headers["upgrade"] ?? "") : !speaksCapsules(headers) || isPage(headers))
      throw udpNotOffered(proxy.host, status);
    if (head.rest.length > 0) socket.unshift(head.rest);
    const chunked = !switched && /\bchunked\s*$/i.test(headers["transfer-encoding"] ?? "");
    const path = new UdpPath(socket, {
      via: "http/1.1",
      framing: chunked ? "chunked" : "raw",
      queueBytes: limits.udpQueueBytes,
      lineBytes: limits.headBytes,
      localAddress: socket.localAddress ?? null,
      explain: dialed.explain,
      reset: () => socket.destroy(),
    });
    return { kind: "open", path };
  } catch (error) {
    dialed.reset();
    throw error;
  }
}
