import * as v from "valibot";
import { AppError } from "../../shared/errors.ts";
import { isNewer, isReleaseVersion } from "./versions.ts";

/** The largest file that is downloaded, bytes. */
export const maxFileBytes = 1024 * 1024 * 1024;

/** A plain name: no folder, no other host, nothing that a shell or a file system would take for more. */
const fileName = /^[A-Za-z0-9][A-Za-z0-9._+ -]{0,199}$/;

/** A moment in UTC; some readers of YAML make a date of it. */
const momentSchema = v.pipe(
  v.union([v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/)), v.date()]),
  v.check((moment) => !Number.isNaN(new Date(moment).getTime())),
);

const metadataSchema = v.object({
  version: v.pipe(v.string(), v.maxLength(32), v.check(isReleaseVersion)),
  files: v.pipe(
    v.array(
      v.object({
        url: v.pipe(v.string(), v.regex(fileName)),
        sha512: v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]{86}==$/)),
        size: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(maxFileBytes)),
      }),
    ),
    v.minLength(1),
    v.maxLength(32),
  ),
  validUntil: v.optional(momentSchema),
  minimumSystemVersion: v.optional(v.pipe(v.string(), v.regex(/^\d{1,6}(\.\d{1,6}){0,2}$/))),
});

/** A file of a release, as its signed metadata has it. */
export interface ReleaseFile {
  readonly name: string;
  /** SHA-512 in base64. */
  readonly sha512: string;
  /** Bytes. */
  readonly size: number;
}

/** A newer version, and the one file that this computer needs of it. */
export interface Release {
  readonly version: string;
  readonly file: ReleaseFile;
}

/** What a release has to fit. */
export interface Wanted {
  /** The version that runs. */
  readonly running: string;
  readonly way: "nsis" | "squirrel" | "appimage";
  /** As `process.arch` has it. */
  readonly arch: string;
  /** Of the system's kernel, as `os.release()` has it. */
  readonly system: string;
}

const extensions = { nsis: ".exe", squirrel: ".zip", appimage: ".AppImage" } as const;

const archWords: Readonly<Record<string, readonly string[]>> = {
  x64: ["x64", "x86_64", "amd64"],
  arm64: ["arm64", "aarch64"],
  ia32: ["ia32", "i386", "x86"],
  arm: ["armv7l", "armhf"],
};

const refused = (why: string): AppError =>
  new AppError("update-refused", `The update server’s answer was not accepted: ${why}.`, {
    userAction: "Nothing was installed. Tell whoever runs the server.",
  });

const ranOut = (until: Date): AppError => {
  const day = until.toISOString().slice(0, 10);
  return new AppError(
    "update-failed",
    `The update server’s list of versions was good until ${day}: there may be a newer one.`,
    {
      retryable: true,
      userAction: "If the clock of this computer is right, tell whoever runs the server.",
    },
  );
};

/** @param parsed the metadata as YAML, whose signature has been checked. */
export function readMetadata(parsed: unknown): v.InferOutput<typeof metadataSchema> {
  const result = v.safeParse(metadataSchema, parsed);
  if (result.success) return result.output;
  const field = v.getDotPath(result.issues[0]) ?? "all of it";
  throw refused(`its metadata is not in order (${field})`);
}

/**
 * The release that metadata offers this computer; null where it is not newer than the version that runs.
 * @param now milliseconds since 1970.
 * @throws AppError `update-refused` for metadata out of order, or without a file for this computer; `update-failed` where there is
 * nothing newer in it and it has run out, as when somebody serves old metadata for ever.
 */
export function releaseIn(parsed: unknown, wanted: Wanted, now = Date.now()): Release | null {
  const { version, files, minimumSystemVersion, validUntil } = readMetadata(parsed);
  if (!isNewer(version, wanted.running)) {
    if (validUntil !== undefined && new Date(validUntil).getTime() < now) throw ranOut(new Date(validUntil));
    return null;
  }
  if (minimumSystemVersion !== undefined && isOlderSystem(wanted.system, minimumSystemVersion)) {
    throw new AppError("update-failed", `Culvert ${version} needs a newer version of this system.`);
  }
  const file = fileFor(
    files.map(({ url, ...rest }) => ({ name: url, ...rest })),
    wanted,
  );
  if (file === null) throw refused(`Culvert ${version} has no file for this computer`);
  return { version, file };
}

/** The file whose name has this computer's architecture; else the one that names none, or says that it fits all. */
function fileFor(files: readonly ReleaseFile[], { way, arch }: Wanted): ReleaseFile | null {
  const fitting = files.filter(({ name }) => name.toLowerCase().endsWith(extensions[way].toLowerCase()));
  const names = (file: ReleaseFile, words: readonly string[]): boolean =>
    words.some((word) =>
      file.name
        .toLowerCase()
        .split(/[^a-z0-9_]+/)
        .includes(word),
    );
  const own = fitting.find((file) => names(file, archWords[arch] ?? [arch]));
  const all = Object.values(archWords).flat();
  return own ?? fitting.find((file) => !names(file, all)) ?? null;
}

function isOlderSystem(system: string, minimum: string): boolean {
  const [have, need] = [system, minimum].map((text) => text.split(/[.-]/).map(Number));
  for (const at of [0, 1, 2]) {
    const [a, b] = [have?.[at] ?? 0, need?.[at] ?? 0];
    // What is no number says nothing.
    if (Number.isNaN(a) || a > b) return false;
    if (a < b) return true;
  }
  return false;
}
