import type { Configuration } from "electron-builder";
import { updateSource } from "../update-source.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** What signing with Azure Artifact Signing (once Trusted Signing) needs to know, beside the AZURE_… variables of its login. */
const azure = {
  publisherName: "CULVERT_AZURE_PUBLISHER",
  endpoint: "CULVERT_AZURE_ENDPOINT",
  certificateProfileName: "CULVERT_AZURE_PROFILE",
  codeSigningAccountName: "CULVERT_AZURE_ACCOUNT",
} as const;

/**
 * What of the configuration depends on the environment of the build, over electron-builder.yml. Keys and passwords are not among it:
 * electron-builder and Azure read those from the environment themselves, and where there are none it signs nothing.
 * @throws Error in a sentence for what is set in part or wrong.
 */
export function builderOverrides(env: Env): Configuration {
  const value = (name: string): string => env[name]?.trim() ?? "";
  const [homepage, maintainer] = [value("CULVERT_HOMEPAGE"), value("CULVERT_MAINTAINER")];
  if (homepage !== "" && (!URL.canParse(homepage) || new URL(homepage).protocol !== "https:"))
    throw new Error(`CULVERT_HOMEPAGE is not an https address: ${homepage}`);
  const { url } = updateSource(env);
  return {
    // electron-builder then writes the feed's files beside the installers.
    publish: url === "" ? null : { provider: "generic", url },
    ...(homepage !== "" ? { extraMetadata: { homepage } } : {}),
    ...(maintainer !== "" ? { linux: { maintainer } } : {}),
    ...azureSigning(value),
  };
}

function azureSigning(value: (name: string) => string): Pick<Configuration, "win"> {
  const names = Object.values(azure);
  const missing = names.filter((name) => value(name) === "");
  if (missing.length === names.length) return {};
  if (missing.length > 0) throw new Error(`Signing with Azure also needs ${missing.join(", ")}.`);
  const { publisherName, endpoint, certificateProfileName, codeSigningAccountName } = azure;
  return {
    win: {
      azureSignOptions: {
        publisherName: value(publisherName),
        endpoint: value(endpoint),
        certificateProfileName: value(certificateProfileName),
        codeSigningAccountName: value(codeSigningAccountName),
      },
    },
  };
}

/** What an error of electron-builder is about, where a person can do something about it; null for every other. */
export function downloadProblem(message: string): string | null {
  const failed =
    /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|getaddrinfo|HTTPError|RequestError|status code|cannot download|fetch failed/i;
  if (!failed.test(message)) return null;
  const what = /fpm|nsis|appimage|wine|dmg|7zip|winCodeSign/i.exec(message)?.[0];
  return what === undefined
    ? "Electron's binary could not be downloaded from GitHub: set ELECTRON_MIRROR to a mirror, or ELECTRON_OVERRIDE_DIST_PATH to a folder that holds it."
    : `A tool of electron-builder (${what}) could not be downloaded from GitHub: set ELECTRON_BUILDER_BINARIES_MIRROR to a mirror.`;
}
