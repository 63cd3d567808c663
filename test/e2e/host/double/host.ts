import type { Chromium } from "./chromium.ts";

/** What the stand-in was started with. */
export interface Host {
  readonly appPath: string;
  readonly name: string;
  readonly version: string;
  /** The program and everything behind it, as Electron shows it to the app. */
  readonly argv: readonly string[];
  /** A folder of this run with a short path. */
  readonly folder: string;
  /** The browser, once it answers. */
  readonly chromium: () => Promise<Chromium>;
  /** Ends what the stand-in has started, then the process. */
  readonly exit: (code: number) => void;
}

let host: Host | undefined;

/** Has to come before the double is loaded. */
export function setHost(given: Host): void {
  host = given;
}

export function theHost(): Host {
  if (host === undefined) throw new Error("The double of Electron is loaded outside its host");
  return host;
}

/** The value of a switch on the command line; null where it is not there. */
export function switchValue(argv: readonly string[], name: string): string | null {
  const found = argv.find((one) => one === `--${name}` || one.startsWith(`--${name}=`));
  return found === undefined ? null : found.slice(name.length + 3);
}
