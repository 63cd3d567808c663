import type { Engine, Tunnel, TunnelSettings } from "../../engine/index.ts";
import { authorityOf, isLoopback, originOf, type Protocol } from "../../shared/address.ts";
import { asAppError } from "../../shared/errors.ts";
import { limits } from "../../shared/limits.ts";
import { readAuthSettings } from "../arguments/auth-settings.ts";
import { readTimeFlag } from "../arguments/duration.ts";
import { readEngineOptions } from "../arguments/engine-options.ts";
import type { ParsedArguments } from "../arguments/parse-arguments.ts";
import { readTlsSettings } from "../arguments/tls-settings.ts";
import { readTunnelArguments, type TunnelArgument } from "../arguments/tunnel-arguments.ts";
import type { CommandContext } from "../command.ts";
import { warnOfClearText } from "./clear-text.ts";
import { warnOfUnverified } from "./unverified.ts";

/**
 * Does the work of `tcp` and `udp`, which differ in one thing: the protocol of a destination that names none.
 * Resolves to the exit code.
 * @throws AppError of the arguments, or of what stopped it all.
 */
export async function runTunnels(context: CommandContext, given: ParsedArguments, command: Protocol): Promise<number> {
  const tunnels = readTunnelArguments(given, command);
  const onStdio = tunnels.some(({ listen }) => listen === "stdio");
  context.log.scope = onStdio ? "stdio" : tunnels.length > 1 ? "several" : "one";
  const overUdp = tunnels.filter(({ target }) => target.destination.protocol === "udp").map(({ id }) => id);
  context.log.udpTunnels = new Set(overUdp);
  const udpIdleMs = readTimeFlag(given, "idle-timeout", command);
  const options = readEngineOptions(given, command, onStdio);
  const tls = await readTlsSettings(given, command);
  const auth = await readAuthSettings(given, context.env, command);
  const engine = await context.openEngine(options);
  warnOfUnverified(context.log, tls);
  if (udpIdleMs !== undefined && overUdp.length === 0) {
    context.log.say("warn", "idle-timeout-unused", "--idle-timeout is for UDP, and no destination here is UDP");
  }
  warnOfClearText(
    context.log,
    tunnels.map(({ target }) => target.proxy),
  );
  const idle = udpIdleMs === undefined ? {} : { udpIdleMs };
  const settings = tunnels.map(({ id, target, listen }) => ({ id, target, listen, tls, auth, ...idle }));
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
  for (const { id, listen: address, target } of settings) {
    if (isLoopback(address)) continue;
    log.say("warn", "open-to-the-network", `every computer that reaches this one can use ${id} in your name`, false, {
      destination: authorityOf(target.destination),
    });
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
  // A UDP client has no end that could be waited for.
  if (tunnels.some(({ id, peers }) => peers > 0 && !log.udpTunnels.has(id))) {
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
