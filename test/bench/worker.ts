import { delayCalls } from "./roles/delay.ts";
import { loadCalls } from "./roles/load.ts";
import { closeProxies, proxyCalls } from "./roles/proxy.ts";
import { relayCalls } from "./roles/relay.ts";
import { udpLoadCalls } from "./roles/udp-load.ts";
import { upstreamCalls } from "./roles/upstream.ts";

/** Everything a worker process can be. */
export const roles = {
  delay: delayCalls,
  load: loadCalls,
  proxy: proxyCalls,
  relay: relayCalls,
  udpLoad: udpLoadCalls,
  upstream: upstreamCalls,
};

export type Roles = typeof roles;

interface Request {
  readonly id: number;
  readonly call: string;
  readonly argument: unknown;
}

async function answer({ id, call, argument }: Request): Promise<void> {
  const calls = roles[process.argv[2] as keyof Roles] as Readonly<
    Record<string, ((argument: unknown) => Promise<unknown>) | undefined>
  >;
  try {
    const run = calls[call];
    if (run === undefined) throw new Error(`no such call: ${call}`);
    process.send?.({ id, result: await run(argument) });
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

if (process.send !== undefined) {
  process.on("message", (request: Request) => void answer(request));
  // The end of the bench is the end of its workers; a Ctrl-C reaches them by way of it, so that Envoy goes as well.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => undefined);
  process.on("disconnect", () => void closeProxies().finally(() => process.exit(0)));
}
