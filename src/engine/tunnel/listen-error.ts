import { isIP } from "node:net";
import { formatHostPort, type LocalAddress } from "../../shared/address.ts";
import { AppError } from "../../shared/errors.ts";
import { findPortHolder } from "./port-holder.ts";

/** "::1:7011" is an IPv6 address by its letters, but hardly by what was meant. */
function meantPort({ host, port }: LocalAddress): string | null {
  const [, address, digits] = /^(.*):(\d{2,5})$/.exec(host ?? "") ?? [];
  return port === 0 && address !== undefined && isIP(address) === 6
    ? `To listen on port ${digits ?? ""} of ${address}, write [${address}]:${digits ?? ""}.`
    : null;
}

/** What a failed `listen` means to the user; names the program that holds the port where the platform tells. */
export async function listenError(
  error: unknown,
  listen: LocalAddress,
  protocol: "tcp" | "udp" = "tcp",
): Promise<AppError> {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const where = listen.host === null ? `port ${listen.port}` : formatHostPort(listen.host, listen.port);
  switch (code) {
    case "EADDRINUSE": {
      const holder = await findPortHolder(listen.port, protocol);
      const who = holder ? `${holder.name} (process ${holder.pid})` : "Another program";
      return new AppError("port-in-use", `${who} uses port ${listen.port}.`, {
        userAction: "Choose another port, or close that program.",
        cause: error,
      });
    }
    case "EACCES":
    case "EPERM":
      return new AppError("port-needs-rights", `Port ${listen.port} is reserved by this system.`, {
        userAction: "Ports from 1024 up need no rights.",
        cause: error,
      });
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new AppError("address-not-here", `${listen.host ?? "This"} is not an address of this computer.`, {
        userAction: meantPort(listen) ?? "Use 127.0.0.1, or an address that this computer has.",
        cause: error,
      });
    case "EAFNOSUPPORT":
      return new AppError("address-not-here", `This computer has no IPv6, so it cannot listen on ${where}.`, {
        userAction: "Use 127.0.0.1.",
        cause: error,
      });
    default:
      return new AppError("listen-failed", `Culvert cannot listen on ${where}${code === "" ? "" : ` (${code})`}.`, {
        userAction: "Choose another local address.",
        cause: error,
      });
  }
}
