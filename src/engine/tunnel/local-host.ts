import dns from "node:dns";
import { isIP } from "node:net";

type Lookup = (host: string, options: { readonly order: "ipv4first" }) => Promise<{ readonly address: string }>;

/** By the one function that all look-ups of the process go through. */
const lookup: Lookup = (host, options) =>
  new Promise((resolve, reject) => {
    dns.lookup(host, options, (error, address) => (error ? reject(error) : resolve({ address })));
  });

/**
 * The address to listen on for a name such as `localhost`: IPv4 where it has one, as other clients do. Where the hosts file puts
 * ::1 first, a program that is told 127.0.0.1 would find nobody there otherwise.
 * @throws NodeJS.ErrnoException of the look-up.
 */
export async function localAddressOf(host: string, find: Lookup = lookup): Promise<string> {
  return isIP(host) === 0 ? (await find(host, { order: "ipv4first" })).address : host;
}
