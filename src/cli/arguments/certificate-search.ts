import type { ClientCertificateSearch, TlsSettings } from "../../engine/index.ts";
import { asAppError } from "../../shared/errors.ts";
import type { ParsedArguments } from "./parse-arguments.ts";
import { naming, usageError } from "./usage.ts";

/** Flags that name one certificate, which a search would be another one of. */
const named = ["client-cert", "client-key"];
const filters = [
  ["client-cert-issuer", "issuer"],
  ["client-cert-subject", "subject"],
] as const;

/**
 * Reads --client-cert-from-store and its filters; an empty filter counts as not given, as in the existing client.
 * @returns null where no search is asked for.
 * @throws AppError of the usage kind that names the flag.
 */
export async function readCertificateSearch(
  given: ParsedArguments,
  command: string,
): Promise<Pick<TlsSettings, "clientCertificateSearch"> | null> {
  const asked = filters.filter(([flag]) => (given.text(flag) ?? "") !== "");
  if (!given.on("client-cert-from-store")) {
    const [flag] = asked[0] ?? [];
    if (flag === undefined) return null;
    throw usageError(`--${flag} is for a search in the system's store: add --client-cert-from-store.`, command);
  }
  const other = named.find((flag) => (given.text(flag) ?? "") !== "");
  if (other !== undefined) {
    throw usageError(`--${other} and --client-cert-from-store cannot both say which certificate to use.`, command);
  }
  const { checkTlsSettings } = await import("../../engine/index.ts");
  const search: { -readonly [K in keyof ClientCertificateSearch]: ClientCertificateSearch[K] } = {};
  for (const [flag, name] of asked) {
    search[name] = given.text(flag) ?? "";
    try {
      checkTlsSettings({ verify: true, ca: [], clientCertificateSearch: search });
    } catch (thrown) {
      throw naming(`--${flag}`, command, asAppError(thrown));
    }
  }
  return { clientCertificateSearch: search };
}
