import { createHash } from "node:crypto";
import {
  copyFileSync,
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parse, parseDocument, stringify } from "yaml";
import { readMetadata } from "../src/main/updates/release.ts";
import { isSigned, publicKeyOf, publicTextOf, signatureOf } from "../src/main/updates/signature.ts";

const usage = `node scripts/sign-feed.ts FOLDER                   signs every latest*.yml in the folder, as NAME.sig beside it
node scripts/sign-feed.ts --into FEED FOLDER...    gathers what was built on several machines in one folder first
node scripts/sign-feed.ts --public-key             prints the public half of the key, for CULVERT_UPDATE_KEYS

The key, an Ed25519 key in PEM, is in CULVERT_UPDATE_SIGNING_KEY, or in the file that CULVERT_UPDATE_SIGNING_KEY_FILE names;
several in one file sign each (docs/updates.md). Where CULVERT_UPDATE_KEYS is set, one of them has to be of a key in there.
With CULVERT_UPDATE_VALID_DAYS set the metadata is good for so many days, and has to be signed again before they are over.`;

/** The private keys, PEM. @throws where there is none. */
export function signingKeys(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const { CULVERT_UPDATE_SIGNING_KEY: given = "", CULVERT_UPDATE_SIGNING_KEY_FILE: file = "" } = env;
  const text = given === "" && file !== "" ? readFileSync(file, "utf8") : given;
  const keys = text.match(/-----BEGIN PRIVATE KEY-----[\s\S]*?-----END PRIVATE KEY-----/g);
  if (keys === null)
    throw new Error("There is no key: set CULVERT_UPDATE_SIGNING_KEY or CULVERT_UPDATE_SIGNING_KEY_FILE");
  return keys;
}

/**
 * @param builtIn the public keys that the released app has, as CULVERT_UPDATE_KEYS; "" where that is not known here.
 * @throws where the app believes none of the keys: it would refuse every update, and nobody would see why.
 */
export function checkBelieved(keys: readonly string[], builtIn: string): void {
  const believed = builtIn.split(/[\s,]+/).filter((part) => part !== "");
  if (believed.length > 0 && !keys.some((key) => believed.includes(publicTextOf(key))))
    throw new Error(
      "The app would refuse this feed: CULVERT_UPDATE_KEYS has the public half of none of the signing keys",
    );
}

/** How long metadata is to be good, days; null for always. @throws for what is no such number. */
function validDaysIn({ CULVERT_UPDATE_VALID_DAYS: given = "" }: NodeJS.ProcessEnv): number | null {
  if (given === "") return null;
  const days = /^\d{1,4}$/.test(given) ? Number(given) : 0;
  if (days < 1 || days > 3650)
    throw new Error(`CULVERT_UPDATE_VALID_DAYS is a number of days from 1 to 3650, not ${given}`);
  return days;
}

/** Writes into metadata until when it is good. */
function limit(file: string, until: number): void {
  const metadata = parseDocument(readFileSync(file, "utf8"));
  metadata.set("validUntil", new Date(until).toISOString());
  writeFileSync(file, metadata.toString({ lineWidth: 0 }));
}

/**
 * Signs all metadata in a folder, after a look whether the app would take it: its form, and the size and SHA-512 of each file that is
 * there.
 * @param validity how long it is good from `now` on, milliseconds since 1970; without days it stays good as long as it says itself.
 * @returns the names that were signed.
 * @throws at the first thing that is wrong; what was signed before stays.
 */
export async function signFolder(
  folder: string,
  keys: readonly string[],
  { validDays = null, now = Date.now() }: { readonly validDays?: number | null; readonly now?: number } = {},
): Promise<readonly string[]> {
  const names = metadataIn(folder);
  if (names.length === 0) throw new Error(`There is no latest*.yml in ${folder}`);
  const publics = keys.map((key) => publicKeyOf(publicTextOf(key))).filter((key) => key !== null);
  for (const name of names) {
    if (validDays !== null) limit(path.join(folder, name), now + validDays * 86_400_000);
    const content = readFileSync(path.join(folder, name));
    const { files, validUntil } = readMetadata(parse(content.toString("utf8")));
    if (validUntil !== undefined && new Date(validUntil).getTime() < now)
      throw new Error(
        `${name} was good until ${new Date(validUntil).toISOString()}: set CULVERT_UPDATE_VALID_DAYS to renew it`,
      );
    for (const file of files) await checkReleased(path.join(folder, file.url), file);
    const lines = keys.map((key) => `${signatureOf(name, content, key)}\n`).join("");
    if (!isSigned(name, content, lines, publics)) throw new Error(`The signature of ${name} does not hold`);
    writeFileSync(path.join(folder, `${name}.sig`), lines);
  }
  return names;
}

/**
 * Gathers releases in one folder: each machine has built for its own architecture, and some systems have one metadata file for all.
 * Folders, what electron-builder writes about itself, and old signatures are left out.
 * @param feed a folder; made where it is missing, and files of the same names in it are replaced.
 * @returns the names of the metadata; empty where these builds have no feed.
 * @throws where two folders have different versions for one system, or two files of one name.
 */
export function joinFeeds(folders: readonly string[], feed: string): readonly string[] {
  mkdirSync(feed, { recursive: true });
  const joined = new Map<string, ReturnType<typeof readMetadata>>();
  const from = new Map<string, string>();
  for (const folder of folders) {
    for (const name of releasedIn(folder)) {
      const other = from.get(name);
      if (other !== undefined) throw new Error(`${name} is in ${other} and in ${folder}`);
      from.set(name, folder);
      copyFileSync(path.join(folder, name), path.join(feed, name));
    }
    for (const name of metadataIn(folder)) {
      const found = readMetadata(parse(readFileSync(path.join(folder, name), "utf8")));
      const known = joined.get(name);
      if (known !== undefined && known.version !== found.version)
        throw new Error(`${name} is of ${known.version} in one folder and of ${found.version} in another`);
      joined.set(name, { ...known, ...found, files: [...(known?.files ?? []), ...found.files] });
    }
  }
  for (const [name, metadata] of joined) writeFileSync(path.join(feed, name), stringify(metadata));
  return [...joined.keys()];
}

const isMetadata = (name: string): boolean => /^latest.*\.yml$/.test(name);

const metadataIn = (folder: string): readonly string[] => readdirSync(folder).filter(isMetadata).sort();

const releasedIn = (folder: string): readonly string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .filter((name) => !isMetadata(name) && !/^builder-.*\.ya?ml$|^\.|\.sig$/.test(name))
    .sort();

async function checkReleased(file: string, wanted: { readonly size: number; readonly sha512: string }): Promise<void> {
  if (!existsSync(file)) throw new Error(`${file} is not there`);
  const hash = createHash("sha512");
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) hash.update(chunk);
  if (statSync(file).size !== wanted.size || hash.digest("base64") !== wanted.sha512)
    throw new Error(`${file} is not the file that its metadata describes`);
}

async function main(args: readonly string[]): Promise<void> {
  const [first, second, ...folders] = args;
  if (first === undefined || first === "--help") {
    console.log(usage);
    process.exitCode = first === undefined ? 2 : 0;
  } else if (first === "--public-key") {
    for (const key of signingKeys(process.env)) console.log(publicTextOf(key));
  } else {
    const isJoined = first === "--into";
    if (isJoined ? second === undefined || folders.length === 0 : second !== undefined) throw new Error(usage);
    const feed = isJoined ? (second ?? "") : first;
    if (isJoined && joinFeeds(folders, feed).length === 0) {
      console.log("There is nothing to sign: these builds have no feed of updates (CULVERT_UPDATE_URL)");
      return;
    }
    const keys = signingKeys(process.env);
    checkBelieved(keys, process.env["CULVERT_UPDATE_KEYS"] ?? "");
    const validDays = validDaysIn(process.env);
    for (const name of await signFolder(feed, keys, { validDays })) console.log(`${name}.sig`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
