import type { Engine, Tunnel, TunnelSettings } from "../../engine/index.ts";
import { authorityOf, isLoopback, originOf } from "../../shared/address.ts";
import { asAppError } from "../../shared/errors.ts";
import { limits } from "../../shared/limits.ts";
import { readAuthSettings } from "../arguments/auth-settings.ts";
import { readEngineOptions } from "../arguments/engine-options.ts";
import {
  jsonLogFlag,
  listenFlag,
  noSharedSignInFlag,
  pomeriumUrlFlag,
  serviceAccountFlags,
  signInFlags,
  tlsFlags,
} from "../arguments/flags.ts";
import type { ParsedArguments } from "../arguments/parse-arguments.ts";
import type { CommandSpec } from "../arguments/spec.ts";
import { readTlsSettings } from "../arguments/tls-settings.ts";
import { readTunnelArguments, type TunnelArgument } from "../arguments/tunnel-arguments.ts";
import type { Command, CommandContext } from "../command.ts";
import { warnOfClearText } from "./clear-text.ts";

const spec: CommandSpec = {
  name: "tcp",
  summary: "open local TCP ports that lead to routes of Pomerium",
  usage: ["tcp DESTINATION [--listen ADDRESS] [flags]", "tcp DESTINATION=ADDRESS… [flags]"],
  about: [
    "DESTINATION is the address of a TCP route: HOST:PORT, tcp+https://HOST:PORT, or\ntcp+https://PROXY[:PORT]/HOST:PORT where the proxy has another name or port.",
    "ADDRESS is HOST:PORT, PORT (loopback), or :PORT (every interface). IPv6 goes in brackets: [::1]:5432.\n--listen - carries stdin and stdout instead, for ssh's ProxyCommand.",
    "The service account is taken from --service-account, else --service-account-file, else CULVERT_SERVICE_ACCOUNT.",
  ],
  positionals: { min: 1, max: 256, name: "destination" },
  flags: [
    listenFlag,
    pomeriumUrlFlag,
    ...tlsFlags,
    ...signInFlags,
    ...serviceAccountFlags,
    noSharedSignInFlag,
    jsonLogFlag,
  ],
  examples: [
    "culvert tcp pg.corp.example.com:5432 --listen 5432",
    "culvert tcp redis.corp.example.com:6379=6379 pg.corp.example.com:5432=127.0.0.1:5432",
    "ssh -o ProxyCommand='culvert tcp --listen - %h:%p' ssh.corp.example.com",
  ],
};

async function run(context: CommandContext, given: ParsedArguments): Promise<number> {
  const tunnels = readTunnelArguments(given, spec.name);
  const onStdio = tunnels.some(({ listen }) => listen === "stdio");
  context.log.scope = onStdio ? "stdio" : tunnels.length > 1 ? "several" : "one";
  const options = readEngineOptions(given, spec.name, onStdio);
  const tls = await readTlsSettings(given, spec.name);
  const auth = await readAuthSettings(given, context.env, spec.name);
  const engine = await context.openEngine(options);
  if (!tls.verify) {
    context.log.say(
      "warn",
      "tls-not-verified",
      "the proxy's certificate is not verified: anyone on the way can read along",
    );
  }
  warnOfClearText(
    context.log,
    tunnels.map(({ target }) => target.proxy),
  );
  const settings = tunnels.map(({ id, target, listen }) => ({ id, target, listen, tls, auth }));
  const [first] = settings;
  try {
    if (first?.listen === "stdio") return await spliceStdio(context, engine, first);
    return await listen(context, engine, settings.filter(isListening));
  } finally {
    await engine.close({ graceMs: 0 });
  }
}

const isListening = (
  settings: Omit<TunnelSettings, "listen"> & Pick<TunnelArgument, "listen">,
): settings is TunnelSettings => settings.listen !== "stdio";

async function listen(context: CommandContext, engine: Engine, settings: readonly TunnelSettings[]): Promise<number> {
  const { log, stop } = context;
  const opened = await Promise.allSettled(settings.map((one) => engine.openTunnel(one, stop)));
  if (stop.aborted) return 0;
  if (opened.some(({ status }) => status === "rejected")) {
    for (const [index, result] of opened.entries()) {
      if (result.status === "rejected")
        log.failure(result.reason, log.scope === "several" ? settings[index]?.id : undefined);
    }
    if (opened.some(({ status }) => status === "fulfilled")) {
      log.say("warn", "closing", "closing the other tunnels as well: all of them must be able to listen");
    }
    return 1;
  }
  for (const { listen: address, target } of settings) {
    if (isLoopback(address)) continue;
    log.say(
      "warn",
      "open-to-the-network",
      `every computer that reaches this one can use ${authorityOf(target.destination)} in your name`,
      false,
      { destination: authorityOf(target.destination) },
    );
  }
  const tunnels = opened.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  return untilStopped(context, engine, settings, tunnels);
}

/** Lets open connections finish; a sign-in that waits for the person who has just stopped it is ended at once. */
async function drain(engine: Engine, settings: readonly Pick<TunnelSettings, "target">[]): Promise<void> {
  for (const { target } of settings) engine.cancelSignIn(originOf(target.proxy));
  await engine.close({ graceMs: limits.drainMs });
}

async function untilStopped(
  context: CommandContext,
  engine: Engine,
  settings: readonly TunnelSettings[],
  tunnels: readonly Tunnel[],
): Promise<number> {
  const { log, stop } = context;
  const stopped = aborted(stop).then(() => null);
  const lost = await Promise.race([stopped, ...tunnels.map(async (tunnel) => tunnel.closed.then(() => tunnel))]);
  if (lost !== null && !stop.aborted) {
    log.say("error", "tunnel-lost", `the local port of ${lost.id} was closed by the system; start culvert again`);
    return 1;
  }
  if (tunnels.some(({ peers }) => peers > 0)) {
    const seconds = limits.drainMs / 1_000;
    log.say("info", "stopping", `stopping; open connections have ${seconds} s to finish, Ctrl-C again ends them now`);
  }
  await drain(engine, settings);
  return 0;
}

async function spliceStdio(
  context: CommandContext,
  engine: Engine,
  settings: Omit<TunnelSettings, "listen">,
): Promise<number> {
  const { log, stop, stdin, stdout } = context;
  const cut = new AbortController();
  const spliced = engine.splice(settings, { readable: stdin, writable: stdout }, cut.signal).then(
    () => "done" as const,
    (thrown: unknown) => asAppError(thrown),
  );
  const result = await Promise.race([spliced, aborted(stop).then(() => "stopped" as const)]);
  if (result === "stopped") {
    await drain(engine, [settings]);
    cut.abort();
    return 0;
  }
  if (result === "done") return 0;
  log.failure(result);
  return 1;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** `culvert tcp`. */
export const tcp: Command = { spec, run };
