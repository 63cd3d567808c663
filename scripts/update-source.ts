import { feedFolder } from "../src/main/updates/feed.ts";
import { publicKeysOf } from "../src/main/updates/signature.ts";

export interface UpdateSource {
  /** "" for a build that does not update itself. */
  readonly url: string;
  /** Public keys, apart by blanks. */
  readonly keys: string;
}

/**
 * Where a build is to get its updates from: CULVERT_UPDATE_URL and CULVERT_UPDATE_KEYS (docs/updates.md). Keys alone are for builds whose
 * feed a policy names.
 * @throws where they are wrong: a release must not find out on other people's computers.
 */
export function updateSource(env: Readonly<Record<string, string | undefined>>): UpdateSource {
  const { CULVERT_UPDATE_URL: url = "", CULVERT_UPDATE_KEYS: keys = "" } = env;
  if (url !== "") feedFolder(url);
  const read = publicKeysOf(keys);
  if (read === null) throw new Error("CULVERT_UPDATE_KEYS: each key is 32 bytes in base64 (docs/updates.md)");
  if (url !== "" && read.length === 0)
    throw new Error("CULVERT_UPDATE_URL needs CULVERT_UPDATE_KEYS (docs/updates.md)");
  return { url, keys };
}
