import { hostHeaderOf } from "../../shared/address.ts";
import type { Limits } from "../../shared/limits.ts";
import type { Http2Connection } from "./http2-connection.ts";
import { requestFields, type ConnectRequest, type UdpOutcome } from "./path.ts";
import { capsuleFields, UdpPath, udpRequestPath } from "./udp-path.ts";

/**
 * CONNECT-UDP by extended CONNECT (RFC 8441 §4, RFC 9298 §3.4) on a stream of its own. Only for a connection that
 * `offersExtendedConnect`: Pomerium, which does not, closes the whole connection over it, with every tunnel (protocol.md).
 * Call only while `hasRoom`. @throws Unanswered, Http2Unusable, or AppError.
 */
export async function connectUdpHttp2(
  connection: Http2Connection,
  request: ConnectRequest,
  limits: Limits,
  signal: AbortSignal,
): Promise<UdpOutcome> {
  const { destination, proxy } = request.target;
  const headers = {
    ":method": "CONNECT",
    ":protocol": "connect-udp",
    ":scheme": "https",
    ":authority": hostHeaderOf(proxy),
    ":path": udpRequestPath(destination),
    ...capsuleFields,
    ...requestFields(request.jwt),
  };
  const opened = await connection.open(headers, request.target, signal);
  if (opened.kind === "answered") return opened;
  const { stream, abort, explain } = opened;
  const path = new UdpPath(stream, {
    via: "h2",
    framing: "raw",
    queueBytes: limits.udpQueueBytes,
    lineBytes: limits.headBytes,
    // PING tells whether the connection lives.
    localAddress: null,
    explain,
    reset: abort,
  });
  return { kind: "open", path };
}
