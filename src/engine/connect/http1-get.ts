import { hostHeaderOf, type ProxyAddress } from "../../shared/address.ts";
import { AppError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import { cancelled } from "../aborts.ts";
import type { ApiAnswer } from "../ports.ts";
import type { Dialed } from "./dial.ts";
import { codeOf, noAnswer } from "./network-errors.ts";
import { requestFields } from "./path.ts";

/**
 * GET of one of the proxy's own pages over HTTP/1.1, on a connection that ends with it.
 * @throws AppError `no-answer`, `not-pomerium`, `connection-lost`, `cancelled`; every status resolves.
 */
export async function getHttp1(
  dialed: Dialed,
  proxy: ProxyAddress,
  path: string,
  jwt: string | null,
  limits: Limits,
  signal: AbortSignal,
): Promise<ApiAnswer> {
  // Loading node:http takes tens of milliseconds, and where HTTP/2 is offered it is never needed.
  const { request: send } = await import("node:http");
  return new Promise<ApiAnswer>((resolve, reject) => {
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      dialed.socket.destroy();
      settle();
    };
    const fail = (error: unknown): void =>
      finish(() => reject(codeOf(error).startsWith("HPE_") ? notHttpPage(proxy) : dialed.explain(error)));
    const onAbort = (): void => finish(() => reject(cancelled(signal)));
    const timer = setTimeout(() => finish(() => reject(noAnswer(proxy, limits.apiCallMs))), limits.apiCallMs);
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    const request = send({
      createConnection: () => dialed.socket,
      method: "GET",
      path,
      headers: { ...requestFields(jwt), host: hostHeaderOf(proxy), connection: "close" },
      maxHeaderSize: limits.headBytes,
    });
    request.on("error", fail);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const done = (): void =>
        finish(() =>
          resolve({
            status: response.statusCode ?? 0,
            headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
            body: Buffer.concat(chunks).subarray(0, limits.apiBodyBytes).toString("utf8"),
          }),
        );
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size >= limits.apiBodyBytes) done();
      });
      response.on("end", done).on("error", fail);
    });
    request.end();
  });
}

function notHttpPage(proxy: ProxyAddress): AppError {
  return new AppError("not-pomerium", `${proxy.host} answered, but not with HTTP.`, {
    userAction: "Check the Pomerium URL.",
  });
}
