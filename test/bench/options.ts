/** How much of everything is measured. */
export interface Effort {
  readonly rounds: number;
  /** Rounds of what starts processes and thousands of connections. */
  readonly heavyRounds: number;
  /** One turn of something that can go on for any time; milliseconds. */
  readonly turnMs: number;
  readonly idleClients: number;
  /** Wait before memory is read; milliseconds. */
  readonly settleMs: number;
  readonly launches: number;
  /** No scenario begins after this; milliseconds. */
  readonly budgetMs: number;
}

const full: Effort = {
  rounds: 5,
  heavyRounds: 3,
  turnMs: 700,
  idleClients: 1_000,
  settleMs: 2_000,
  launches: 10,
  budgetMs: 210_000,
};

const quick: Effort = {
  rounds: 2,
  heavyRounds: 1,
  turnMs: 200,
  idleClients: 300,
  settleMs: 700,
  launches: 3,
  budgetMs: 90_000,
};

export interface Options {
  readonly names: readonly string[];
  readonly effort: Effort;
  readonly quick: boolean;
  /** Where the tunnel processes leave their CPU profiles; null for none. */
  readonly profileFolder: string | null;
}

/** Reads the command line. @throws Error that says what is wrong with it. */
export function readOptions(argv: readonly string[], known: readonly string[]): Options {
  const names: string[] = [];
  let profileFolder: string | null = null;
  let isQuick = false;
  for (const argument of argv) {
    if (argument === "--quick") isQuick = true;
    else if (argument.startsWith("--cpu-prof=")) profileFolder = argument.slice("--cpu-prof=".length);
    else if (known.includes(argument)) names.push(argument);
    else throw new Error(`"${argument}" is neither --quick, --cpu-prof=FOLDER nor one of: ${known.join(", ")}`);
  }
  return {
    names: names.length > 0 ? names : known,
    effort: isQuick ? quick : full,
    quick: isQuick,
    profileFolder,
  };
}
