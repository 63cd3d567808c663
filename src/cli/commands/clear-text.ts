import { isLoopback, originOf, type ProxyAddress } from "../../shared/address.ts";
import type { Log } from "../log/log.ts";

/** Says that a session would cross the network unencrypted: once for each proxy with http:// that is not on this computer. */
export function warnOfClearText(log: Log, proxies: readonly ProxyAddress[]): void {
  const open = proxies.filter(({ tls, host }) => !tls && !isLoopback({ host, port: 0 })).map(originOf);
  for (const proxy of new Set(open)) {
    log.say(
      "warn",
      "clear-text",
      `${proxy} is reached without TLS: everyone on the way can read your session and your data; https:// protects them`,
      true,
      { proxy },
    );
  }
}
