import { createRequire } from "node:module";

/**
 * What the packaging tests use of resedit, electron-builder's own library for the resources of Windows programs. Its types would bring
 * those of a browser into every test.
 */
interface Program {
  generate(): ArrayBuffer;
}

interface ResourceEntry {
  readonly type: string | number;
}

interface Resources {
  readonly entries: ResourceEntry[];
  outputResource(program: Program): void;
}

interface Language {
  readonly lang: number;
  readonly codepage: number;
}

interface VersionInfo {
  setStringValues(language: Language, values: Readonly<Record<string, string>>): void;
  getStringValues(language: Language): Record<string, string>;
  outputToResourceEntries(entries: ResourceEntry[]): void;
}

interface IconGroup {
  readonly icons: readonly { readonly width: number }[];
}

interface Resedit {
  readonly NtExecutable: { createEmpty(is32Bit: boolean, isDll: boolean): Program; from(file: Buffer): Program };
  readonly NtExecutableResource: { from(program: Program): Resources };
  readonly Resource: {
    readonly VersionInfo: { createEmpty(): VersionInfo; fromEntries(entries: readonly ResourceEntry[]): VersionInfo[] };
    readonly IconGroupEntry: { fromEntries(entries: readonly ResourceEntry[]): IconGroup[] };
  };
}

const ofBuilder = createRequire(createRequire(import.meta.url).resolve("app-builder-lib"));
const { NtExecutable, NtExecutableResource, Resource } = ofBuilder("resedit") as Resedit;

/** English (United States), in Unicode. */
const english: Language = { lang: 0x0409, codepage: 1200 };

/** A Windows program that holds nothing but a version in one language, as far as packaging tools look. */
export function stubProgram(name: string): Buffer {
  const program = NtExecutable.createEmpty(false, false);
  const resources = NtExecutableResource.from(program);
  const version = Resource.VersionInfo.createEmpty();
  version.setStringValues(english, { ProductName: name });
  version.outputToResourceEntries(resources.entries);
  resources.outputResource(program);
  return Buffer.from(program.generate());
}

/** What Windows shows of a program. */
export interface ProgramFacts {
  /** Of its version, by name. */
  readonly strings: Readonly<Record<string, string>>;
  /** Widths of the pictures of its icon, pixels. */
  readonly icons: readonly number[];
  readonly types: readonly (string | number)[];
}

export function factsOf(file: Buffer): ProgramFacts {
  const { entries } = NtExecutableResource.from(NtExecutable.from(file));
  const [icon] = Resource.IconGroupEntry.fromEntries(entries);
  return {
    strings: Resource.VersionInfo.fromEntries(entries)[0]?.getStringValues(english) ?? {},
    // 256 is written as 0.
    icons: icon?.icons.map(({ width }) => width || 256) ?? [],
    types: entries.map(({ type }) => type),
  };
}
