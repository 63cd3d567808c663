import { originOf } from "../../shared/address.ts";
import { jsonLogFlag, storePasswordNote, tlsFlags } from "../arguments/flags.ts";
import type { ParsedArguments } from "../arguments/parse-arguments.ts";
import type { CommandSpec } from "../arguments/spec.ts";
import { readTlsSettings } from "../arguments/tls-settings.ts";
import type { Command, CommandContext } from "../command.ts";
import { printable } from "../log/text.ts";
import { proxyArgument } from "./proxy-argument.ts";
import { warnOfUnverified } from "./unverified.ts";

const spec: CommandSpec = {
  name: "logout",
  summary: "sign out at one Pomerium, or at all of them",
  usage: ["logout [URL] [flags]"],
  about: [
    "Without URL it signs out everywhere. Open connections live on until either side closes them.",
    "Proxies are told over TLS: give the CA and the client certificate that they need.",
    "A session that does not end at its proxy is forgotten all the same: a warning says why, and the exit code is 0.",
    storePasswordNote,
  ],
  positionals: { min: 0, max: 1, name: "URL" },
  flags: [...tlsFlags, jsonLogFlag],
  examples: ["culvert logout https://redis.corp.example.com", "culvert logout"],
};

async function run(context: CommandContext, given: ParsedArguments): Promise<number> {
  const url = given.positionals[0];
  const origin = url === undefined ? null : originOf(proxyArgument(url, spec.name));
  const tls = await readTlsSettings(given, spec.name);
  warnOfUnverified(context.log, tls);
  const engine = await context.openEngine({ noBrowser: true, shareSessions: true, stdinIsData: false });
  try {
    const ended = await engine.logout(origin, tls, context.stop);
    if (ended.length === 0) await context.print(`There is no session${origin === null ? "" : ` at ${origin}`}.\n`);
    for (const { proxy, endedAtProxy, reason: error } of ended) {
      // Without the next step: the session is forgotten by now, so that nothing can end it there from here.
      if (error)
        context.log.say("warn", "sign-out-failed", `sign-out at ${proxy}: ${error.message}`, false, { proxy, error });
      const line = endedAtProxy
        ? `Signed out at ${proxy}.`
        : `Forgot the session at ${proxy}; the proxy may take it until it expires.`;
      await context.print(`${printable(line)}\n`);
    }
    return 0;
  } finally {
    await engine.close({ graceMs: 0 });
  }
}

/** `culvert logout`. */
export const logout: Command = { spec, run };
