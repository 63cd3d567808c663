import type { KeyObject } from "node:crypto";
import { AppError } from "../../shared/errors.ts";
import { httpsGetAll, type GetOptions } from "./https-get.ts";
import { releaseIn, type Release, type Wanted } from "./release.ts";
import { isSigned } from "./signature.ts";

const maxMetadataBytes = 64 * 1024;
const maxSignatureBytes = 4 * 1024;
/** For each of the two files, milliseconds. */
const totalMs = 30_000;
const silenceMs = 15_000;

export interface FeedOptions {
  /** The folder with the metadata and the files; https. */
  readonly url: string;
  /** One of them must have signed the metadata. */
  readonly keys: readonly KeyObject[];
  readonly wanted: Wanted;
  /** Certificates that are trusted, PEM; asked for at each check. */
  roots(): readonly string[];
  /** Reads YAML. */
  parse(text: string): Promise<unknown>;
}

/** Where the files of a feed are. @throws AppError `setting-invalid` for anything but https without a user name. */
export function feedFolder(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed?.protocol !== "https:" || parsed.username !== "" || parsed.password !== "" || parsed.hash !== "")
    throw new AppError("setting-invalid", "The address of the update server is not an https address.");
  // Relative names would take the place of the last part.
  if (!parsed.pathname.endsWith("/")) parsed.pathname += "/";
  return parsed;
}

/** A file of the feed; `name` is plain, without folders. */
export function feedFile(folder: URL, name: string): URL {
  const url = new URL(folder);
  url.pathname += encodeURIComponent(name);
  return url;
}

/** The metadata for a system, as electron-builder names it. */
export function metadataName({ way, arch }: Pick<Wanted, "way" | "arch">): string {
  if (way === "nsis") return "latest.yml";
  if (way === "squirrel") return "latest-mac.yml";
  return arch === "x64" ? "latest-linux.yml" : `latest-linux-${arch}.yml`;
}

/**
 * Asks the feed for a newer version; null where there is none. Nothing of the metadata is read before its signature is found good.
 * @throws AppError `update-failed` where the server cannot be asked, `update-refused` where its answer is not to be believed.
 */
export async function findRelease(options: FeedOptions, signal: AbortSignal): Promise<Release | null> {
  const folder = feedFolder(options.url);
  const name = metadataName(options.wanted);
  const limits = { totalMs, silenceMs, roots: options.roots(), signal } satisfies Partial<GetOptions>;
  const get = (file: string, maxBytes: number): Promise<Buffer> =>
    httpsGetAll(feedFile(folder, file), { ...limits, maxBytes });
  const content = await get(name, maxMetadataBytes);
  const signatures = await get(`${name}.sig`, maxSignatureBytes);
  if (!isSigned(name, content, signatures.toString("latin1"), options.keys)) {
    throw new AppError("update-refused", `The update server ${folder.host} offers an update with a wrong signature.`, {
      userAction: "Nothing was installed. Tell whoever runs the server.",
    });
  }
  const parsed = await options.parse(content.toString("utf8")).catch(() => null);
  return releaseIn(parsed, options.wanted);
}
