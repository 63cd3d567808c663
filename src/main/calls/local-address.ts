import { isIP } from "node:net";
import os from "node:os";
import { isLoopback, parseLocalAddress } from "../../shared/address.ts";

/** False for the address of another computer. Names, loopback and "every interface" are left to the system. */
export function isHere(listen: string): boolean {
  const address = parseLocalAddress(listen);
  const { host } = address;
  if (host === null || isIP(host) === 0 || isLoopback(address) || host === "0.0.0.0" || host === "::") return true;
  return Object.values(os.networkInterfaces()).some((own) => own?.some(({ address: one }) => one === host));
}
