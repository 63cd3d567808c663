import type { EngineEvent } from "../events.ts";
import { hostOfOrigin } from "./connection.ts";
import { count, dayOf } from "./format.ts";

type Searched = Extract<EngineEvent, { type: "client-certificate-searched" }>;

/** What a search in the system's certificate store came to, in one sentence without its full stop. */
export function searchWords({ proxy, store, asked, chosen }: Searched): string {
  const host = hostOfOrigin(proxy);
  if (!asked) return `${host} asks for no client certificate`;
  if (!chosen) return `No client certificate in ${store} fits ${host}`;
  const { subject, issuer, validTo, keyStaysIn } = chosen;
  const key = keyStaysIn === undefined ? "" : `; its key stays in ${keyStaysIn}`;
  return `Client certificate for ${host}: "${subject}" signed by "${issuer}", valid to ${dayOf(validTo)}${key}`;
}

/** Why the other certificates fell out; "" where there were none. */
export function passedOverWords({ passedOver, more }: Searched): string {
  const others = more === 0 ? [] : [`${count(more, "more certificate")}.`];
  return [...passedOver, ...others].join(" ");
}
