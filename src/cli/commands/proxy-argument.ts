import { parsePomeriumUrl, shown, type ProxyAddress } from "../../shared/address.ts";
import { asAppError } from "../../shared/errors.ts";
import { naming } from "../arguments/usage.ts";

/**
 * The proxy that `login` and `logout` are about; a bare host name means https.
 * @throws AppError `address-invalid`.
 */
export function proxyArgument(text: string, command: string): ProxyAddress {
  try {
    return parsePomeriumUrl(text.includes("://") ? text : `https://${text}`);
  } catch (thrown) {
    throw naming(shown(text) || "url", command, asAppError(thrown));
  }
}
