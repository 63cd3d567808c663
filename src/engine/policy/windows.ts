import { nothingFound, type Found } from "./place.ts";
import { runProgram, type RunProgram } from "./run-program.ts";

/** Where group policies stand, the computer's first; users may read both and write neither. */
const hives = [
  { root: "HKEY_LOCAL_MACHINE", parent: "HKLM\\SOFTWARE\\Policies" },
  { root: "HKEY_CURRENT_USER", parent: "HKCU\\SOFTWARE\\Policies" },
] as const;

const keyName = "Culvert";

/** A value of a type that no managed setting has, or with letters that did not survive reg.exe: it fits nothing. */
export interface OddValue {
  readonly odd: string;
}

/** The lines that `reg query` writes; latin1 keeps every byte apart. */
const linesOf = (stdout: Buffer): string[] => stdout.toString("latin1").split(/\r?\n/);

function valueOf(type: string, text: string): unknown {
  const odd = (why: string): OddValue => ({ odd: why });
  // reg.exe writes in the code page of a console, which is not known here.
  if (!/^[\x20-\x7e]*$/.test(text)) return odd("has letters beyond ASCII");
  switch (type) {
    case "REG_DWORD":
      return /^0x[0-9a-f]{1,8}$/i.test(text) ? Number(text) : odd("is no number");
    case "REG_SZ":
      return text;
    case "REG_MULTI_SZ":
      // That is how reg.exe shows the end of each but the last one.
      return text.split("\\0").filter((part) => part !== "");
    default:
      return odd(`has the type ${type}`);
  }
}

/** The values of one key from the output of `reg query KEY`, without those of its subkeys. */
export function readRegistryValues(stdout: Buffer): Readonly<Record<string, unknown>> {
  const values: [string, unknown][] = [];
  let keys = 0;
  for (const line of linesOf(stdout)) {
    if (line.startsWith("HKEY_")) keys++;
    const value = /^ {4}(\S.*?) {4}(REG_[A-Z_]+)(?: {4}(.*))?$/.exec(line);
    // Subkeys come after the values, and are named and no more.
    if (value && keys === 1) values.push([value[1] ?? "", valueOf(value[2] ?? "", value[3] ?? "")]);
  }
  return Object.fromEntries(values);
}

/** True where the output of `reg query PARENT` names this key below it. */
export function hasSubkey(stdout: Buffer, name: string): boolean {
  const end = `\\${name}`.toLowerCase();
  return linesOf(stdout).some((line) => line.startsWith("HKEY_") && line.trimEnd().toLowerCase().endsWith(end));
}

/**
 * Reads the registry by the system's own reg.exe. Whether Culvert's key is there is asked of the key above it: "no such key"
 * and "not allowed" look the same otherwise.
 * @param systemRoot the folder of Windows.
 */
export async function readWindowsPolicy(systemRoot: string, run: RunProgram = runProgram): Promise<Found[]> {
  const program = `${systemRoot}\\System32\\reg.exe`;
  const found: Found[] = [];
  for (const { root, parent } of hives) {
    const above = await run(program, ["query", parent]);
    if (above.kind === "failed" || above.code !== 0) {
      // The computer's key is on every Windows and open to all; the user's own may be missing.
      if (root === "HKEY_CURRENT_USER" && above.kind === "ended") continue;
      const why = above.kind === "failed" ? above.why : "the registry may not be read with reg.exe here";
      return [
        ...found,
        {
          kind: "unknown",
          problem: `Managed settings were not looked for in ${parent}: ${why}. Until they can be, Culvert goes on without them, or by what it has read before.`,
        },
      ];
    }
    found.push(hasSubkey(above.stdout, keyName) ? await readKey(program, `${parent}\\${keyName}`, run) : nothingFound);
  }
  return found;
}

async function readKey(program: string, place: string, run: RunProgram): Promise<Found> {
  const end = await run(program, ["query", place]);
  if (end.kind === "failed") return { kind: "unreadable", place, why: end.why };
  if (end.code !== 0)
    return {
      kind: "unreadable",
      place,
      why: "reg.exe could not read it",
      mend: "Every user has to have the right to read the key.",
    };
  return {
    kind: "values",
    place,
    values: readRegistryValues(end.stdout),
    placeOf: (name) => `${place}\\${name}`,
    isRegistry: true,
  };
}
