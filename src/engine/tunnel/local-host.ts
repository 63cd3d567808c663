import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

type Lookup = (host: string, options: { readonly order: "ipv4first" }) => Promise<{ readonly address: string }>;

/**
 * The address to listen on for a name such as `localhost`: IPv4 where it has one, as other clients do. Where the hosts file puts
 * ::1 first, a program that is told 127.0.0.1 would find nobody there otherwise.
 * @throws NodeJS.ErrnoException of the look-up.
 */
export async function localAddressOf(host: string, find: Lookup = lookup): Promise<string> {
  return isIP(host) === 0 ? (await find(host, { order: "ipv4first" })).address : host;
}
