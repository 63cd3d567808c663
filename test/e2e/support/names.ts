import type { RunningApp } from "../host/running-app.ts";

/** Where names of the outside world lead in one run of the app. */
export interface Names {
  /** Local ports by the end of a host name; the longest that fits counts. Only for port 443. */
  readonly ports: Readonly<Record<string, number>>;
  /** Names that DNS never answers. */
  readonly silent?: readonly string[];
}

/**
 * Gives the app a small internet: names lead to local ports, so that addresses look as they do at work. Nothing of the app
 * is replaced, only what the network around it would answer.
 */
export async function leadNames(app: RunningApp, names: Names): Promise<void> {
  const plain = { ports: Object.entries(names.ports), silent: [...(names.silent ?? [])] };
  await app.evaluateMain((_electron, { ports, silent }) => {
    const net = process.getBuiltinModule("node:net");
    const dns = process.getBuiltinModule("node:dns");
    type Connect = (this: unknown, ...args: unknown[]) => unknown;
    const socket = net.Socket.prototype as unknown as { connect: Connect };
    const { connect } = socket;
    socket.connect = function (...args) {
      const given = (Array.isArray(args[0]) ? args[0] : args) as unknown[];
      const options = given[0] as { host?: string; port?: number };
      const fits = ports.filter(([end]) => options.host?.endsWith(end) === true);
      const port = fits.sort(([a], [b]) => b.length - a.length)[0]?.[1];
      if (port === undefined || options.port !== 443) return connect.apply(this, args);
      const told = given.find((one) => typeof one === "function");
      return connect.call(this, { ...options, host: "127.0.0.1", port }, ...(told === undefined ? [] : [told]));
    };
    const module = dns as unknown as { lookup: (name: string, ...rest: unknown[]) => unknown };
    const { lookup } = module;
    module.lookup = (name, ...rest) => (silent.includes(name) ? undefined : lookup(name, ...rest));
  }, plain);
}
