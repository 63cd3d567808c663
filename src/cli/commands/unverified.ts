import type { TlsSettings } from "../../engine/index.ts";
import type { Log } from "../log/log.ts";

/** Says that whoever stands between can pass for the proxy. */
export function warnOfUnverified(log: Log, tls: TlsSettings): void {
  if (tls.verify) return;
  log.say("warn", "tls-not-verified", "the proxy's certificate is not verified: anyone on the way can read along");
}
