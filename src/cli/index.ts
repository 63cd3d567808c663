import os from "node:os";
import path from "node:path";
import { AppError, asAppError } from "../shared/errors.ts";
import { limits } from "../shared/limits.ts";
import { parseArguments } from "./arguments/parse-arguments.ts";
import { exitCodeOf } from "./arguments/usage.ts";
import type { CommandContext, EngineOptions } from "./command.ts";
import { loadCommand } from "./commands/registry.ts";
import { Interruption, interruptedExitCode } from "./interruption.ts";
import { Log } from "./log/log.ts";
import { lineWriter, wantsColor } from "./log/stderr.ts";
import { flushed, printTo } from "./stdout.ts";
import { culvertHome } from "./store/home.ts";

/** The folder that holds src and out; null in the executable, whose sources are nowhere. */
const checkoutOf = (folder: string | undefined): string | null =>
  folder === undefined ? null : path.join(folder, "../..");

/** Opens the engine with the adapters of the command line. Loaded late: most of the start-up time is in here. */
async function openEngine(options: EngineOptions, home: string, log: Log, interruption: Interruption) {
  const [engine, { FileSessionStore }, signIn] = await Promise.all([
    import("../engine/index.ts"),
    import("./store/file-session-store.ts"),
    import("./sign-in/adapters.ts"),
  ]);
  const { BrowserOrTerminal, KeyboardLines, OpenBrowser, TerminalSignIn, chosenOpener, openKeyboard, systemOpener } =
    signIn;
  const keyboard = new KeyboardLines(
    () => openKeyboard(process.stdin, options.stdinIsData),
    () => interruption.pressCtrlC(),
  );
  const terminal = new TerminalSignIn(log, keyboard, limits.signInUrlFreshMs);
  const opener =
    options.browserCommand === undefined
      ? systemOpener(process.platform, process.env)
      : chosenOpener(options.browserCommand, process.platform, process.env);
  const { locked, rules, problems } = await engine.readPolicy({
    platform: process.platform,
    // Elsewhere nobody asks, and an account without a name, as in containers, would be an error.
    user: process.platform === "darwin" ? os.userInfo().username : "",
    systemRoot: process.env["SystemRoot"],
  });
  for (const problem of problems) log.say("warn", "managed-settings", problem);
  const opened = new engine.Engine({
    rules: () => rules,
    sessions: new FileSessionStore(home),
    browser: options.noBrowser || opener === null ? terminal : new BrowserOrTerminal(new OpenBrowser(opener), terminal),
    events: (event) => log.event(event),
    certificates: engine.systemCertificateStore({
      platform: process.platform,
      home: os.homedir(),
      dataHome: process.env["XDG_DATA_HOME"],
      password: () => process.env["CULVERT_CERT_STORE_PASSWORD"],
      passwordHint: "Set CULVERT_CERT_STORE_PASSWORD to the store's password, or to the card's PIN.",
      helper: engine.findHelper({
        platform: process.platform,
        arch: process.arch,
        folders: [path.dirname(process.execPath)],
        checkout: checkoutOf(import.meta.dirname),
      }),
    }),
    shareSessions: options.shareSessions && locked.shareSessions !== false,
    ...(options.loginMs === undefined ? {} : { limits: { loginMs: options.loginMs } }),
  });
  interruption.cutOff = () => void opened.close({ graceMs: 0 });
  return opened;
}

/** Reads what was asked for and does it. Resolves to the exit code. */
async function main(argv: readonly string[], log: Log, interruption: Interruption): Promise<number> {
  const home = culvertHome(process.platform, process.env, os.homedir());
  const context: CommandContext = {
    env: process.env,
    log,
    home,
    stdin: process.stdin,
    stdout: process.stdout,
    stop: interruption.signal,
    print: (text) => printTo(process.stdout, text),
    openStore: async () => new (await import("./store/file-session-store.ts")).FileSessionStore(home),
    openEngine: (options) => openEngine(options, home, log, interruption),
  };
  const [first = "help", ...rest] = argv;
  const name = { "-h": "help", "--help": "help", "-v": "version", "--version": "version" }[first] ?? first;
  const command = await loadCommand(name);
  const given = parseArguments(rest, command.spec);
  if (!given.help) return command.run(context, given);
  const { helpOf } = await import("./commands/help.ts");
  await context.print(helpOf(command.spec));
  return 0;
}

function lostOutput(error: NodeJS.ErrnoException): AppError {
  const why = error.code === "ENOSPC" ? "the disk is full" : `the system says ${error.code ?? error.message}`;
  return new AppError("storage-failed", `Culvert could not write all of its output: ${why}.`, {
    cause: error,
    userAction: "What was written is not complete; look at where it goes and try again.",
  });
}

// Whoever looks for the holder of a port finds this name rather than "node".
process.title = "culvert";
const argv = process.argv.slice(2);
const log = new Log({
  // Known before anything is parsed, so that a mistake on the command line is told in the form that was asked for.
  json: argv.includes("--json") || argv.includes("--json=true"),
  color: wantsColor(process.stderr, process.env),
  now: () => new Date(),
  write: lineWriter(process.stderr),
});
const interruption = new Interruption();
interruption.install();
let outputError: AppError | null = null;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Whoever reads may leave when it has enough; anything else means that output was lost.
  if (error.code !== "EPIPE") outputError = lostOutput(error);
  interruption.stop();
});
process.on("uncaughtException", (thrown) => {
  log.failure(thrown);
  process.exit(1);
});

/** Resolves to the exit code when all is done and written. */
async function outcome(): Promise<number> {
  let exitCode: number;
  try {
    exitCode = await main(argv, log, interruption);
  } catch (thrown) {
    const error = asAppError(thrown);
    if (error.code === "cancelled" && interruption.signal.aborted) exitCode = interruptedExitCode;
    else {
      log.failure(error);
      exitCode = exitCodeOf(error);
    }
  }
  if (outputError !== null) {
    log.failure(outputError);
    exitCode = exitCodeOf(outputError);
  }
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  return interruption.forced ?? exitCode;
}

// A process that runs out of things to wait for before it has an outcome has failed.
process.exitCode = 1;
// Without a top-level await: the single executable is CommonJS.
void outcome().then((exitCode) => process.exit(exitCode));
