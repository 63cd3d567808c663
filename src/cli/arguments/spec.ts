/** One flag of a command, as data: the parser, the help and the typo hints read the same list. */
export interface FlagSpec {
  /** Long name without dashes. */
  readonly name: string;
  readonly short?: string;
  readonly kind: "text" | "boolean";
  /** What stands for the value in the help, for example `FILE`. */
  readonly value?: string;
  readonly about: string;
}

/** What a command takes. */
export interface CommandSpec {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Usage lines without the program's name. */
  readonly usage: readonly string[];
  /** Paragraphs below the usage. */
  readonly about?: readonly string[];
  readonly positionals: {
    readonly min: number;
    readonly max: number;
    readonly name: string;
    /** Every word that may stand there; left out where there is no end to them. */
    readonly values?: readonly string[];
  };
  readonly flags: readonly FlagSpec[];
  readonly examples?: readonly string[];
}

/** The flag that every command has. */
export const helpFlag: FlagSpec = { name: "help", short: "h", kind: "boolean", about: "show this help" };
