import { AppError } from "../../shared/errors.ts";
import { readEngineOptions } from "../arguments/engine-options.ts";
import { jsonLogFlag, signInFlags, storePasswordNote, tlsFlags } from "../arguments/flags.ts";
import type { ParsedArguments } from "../arguments/parse-arguments.ts";
import type { CommandSpec } from "../arguments/spec.ts";
import { readTlsSettings } from "../arguments/tls-settings.ts";
import type { Command, CommandContext } from "../command.ts";
import { printable } from "../log/text.ts";
import { warnOfClearText } from "./clear-text.ts";
import { warnOfUnverified } from "./unverified.ts";
import { proxyArgument } from "./proxy-argument.ts";

const spec: CommandSpec = {
  name: "login",
  summary: "sign in at a Pomerium, so that tunnels need no sign-in later",
  usage: ["login URL [flags]"],
  about: [storePasswordNote],
  positionals: { min: 1, max: 1, name: "URL" },
  flags: [...tlsFlags, ...signInFlags, jsonLogFlag],
  examples: [
    "culvert login https://redis.corp.example.com",
    "culvert login --no-browser https://redis.corp.example.com",
  ],
};

async function run(context: CommandContext, given: ParsedArguments): Promise<number> {
  const proxy = proxyArgument(given.positionals[0] ?? "", spec.name);
  const options = readEngineOptions(given, spec.name, false);
  const tls = await readTlsSettings(given, spec.name);
  warnOfClearText(context.log, [proxy]);
  warnOfUnverified(context.log, tls);
  const engine = await context.openEngine(options);
  try {
    const session = await engine.login(proxy, tls, context.stop);
    const who = session.user?.email ?? session.user?.name;
    // The engine would go on with a session that it could not store; this process ends, and the session with it.
    const kept = await (await context.openStore()).list().catch(() => []);
    if (!kept.some(({ jwt }) => jwt === session.jwt)) {
      throw new AppError("storage-failed", `The sign-in at ${session.proxy} could not be kept.`, {
        userAction: "Mend what the warning says and sign in again.",
      });
    }
    await context.print(printable(`Signed in at ${session.proxy}${who === undefined ? "" : ` as ${who}`}.`) + "\n");
    return 0;
  } finally {
    await engine.close({ graceMs: 0 });
  }
}

/** `culvert login`. */
export const login: Command = { spec, run };
