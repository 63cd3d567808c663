import { authorityOf } from "../../shared/address.ts";
import type { Limits } from "../../shared/limits.ts";
import { isPage, notHttp } from "./answers.ts";
import type { Dialed } from "./dial.ts";
import { HeadReader } from "./head-reader.ts";
import { requestFields, type ConnectOutcome, type ConnectRequest } from "./path.ts";

/**
 * CONNECT over HTTP/1.1 (RFC 9110 §9.3.6) on a connection of its own. The connection belongs to this call:
 * it ends on every outcome but an open path.
 * @throws AppError `no-answer`, `not-pomerium`, `connection-lost`, `cancelled`, or a TLS alert that came late.
 */
export async function connectHttp1(
  dialed: Dialed,
  request: ConnectRequest,
  limits: Limits,
  signal: AbortSignal,
): Promise<ConnectOutcome> {
  const { socket } = dialed;
  const authority = authorityOf(request.target.destination);
  const fields = Object.entries(requestFields(request.jwt)).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n${fields.join("")}\r\n`, "latin1");
  const reader = new HeadReader(dialed, request, limits);
  try {
    const { head, body } = await reader.read(signal);
    if (head.status >= 300) {
      socket.destroy();
      return { kind: "answered", answer: { status: head.status, headers: head.headers, body, own: dialed.own } };
    }
    if (head.status === 101) throw notHttp(request.target, "it switched to another protocol");
    if (isPage(head.headers)) throw notHttp(request.target, "it sent a web page");
    // Bytes behind the head are already the stream (RFC 9110 §9.3.6); framing fields of a 2xx are ignored.
    if (head.rest.length > 0) socket.unshift(head.rest);
    return {
      kind: "open",
      path: {
        stream: socket,
        via: "http/1.1",
        carriesHalfClose: false,
        reset: dialed.reset,
        endIsClean: () => true,
        wasCutShort: () => false,
        explain: dialed.explain,
      },
    };
  } catch (error) {
    // A FIN could pass for the end of a request whose answer is still awaited.
    dialed.reset();
    throw error;
  }
}
