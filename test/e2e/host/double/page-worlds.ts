import type { Codec } from "./codec.ts";
import type { PageBridge } from "./page-bridge.ts";

/** What a preload sends to the main process. */
export type FromPage =
  | { readonly kind: "invoke"; readonly id: number; readonly channel: string; readonly args: string }
  | { readonly kind: "send"; readonly channel: string; readonly args: string };

/** What the main process sends to a preload. */
export type ToPage =
  | { readonly kind: "result"; readonly id: number; readonly value: string }
  | { readonly kind: "failure"; readonly id: number; readonly message: string }
  | { readonly kind: "send"; readonly channel: string; readonly args: string };

/** The page's own world: takes what the preload exposes. Runs there from its source. */
export function runMainWorld(
  makeBridge: (token: string, here: string, there: string) => PageBridge,
  token: string,
): void {
  const freeze = (value: unknown): unknown => {
    if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
      Object.freeze(value);
      for (const one of Object.values(value)) freeze(one);
    }
    return value;
  };
  makeBridge(token, "page", "preload").offer("expose", (key, api) => {
    if (Object.hasOwn(window, key as string))
      throw new Error("Cannot bind an API on top of an existing property on the window object");
    Object.defineProperty(window, key as string, { value: freeze(api), enumerable: true });
  });
}

/** What only the isolated world has. */
export interface IsolatedSetting {
  readonly token: string;
  readonly preload: string;
  readonly preloadPath: string;
  readonly process: { readonly platform: string; readonly versions: Readonly<Record<string, string | undefined>> };
}

/** The isolated world: runs the preload with what a sandboxed preload gets. Runs there from its source. */
export function runIsolatedWorld(
  makeBridge: (token: string, here: string, there: string) => PageBridge,
  makeCodec: () => Codec,
  setting: IsolatedSetting,
): void {
  type Listener = ((...args: unknown[]) => void) & { original?: unknown };
  const inside = globalThis as unknown as {
    culvertSend: (text: string) => void;
    culvertDeliver: (text: string) => void;
  };
  const codec = makeCodec();
  const bridge = makeBridge(setting.token, "preload", "page");
  const send = (message: FromPage): void => inside.culvertSend(JSON.stringify(message));
  const listeners = new Map<string, Listener[]>();
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let last = 0;

  const loud = (owner: string, members: object): object =>
    new Proxy(members, {
      get(target, name, receiver): unknown {
        if (typeof name === "symbol" || name in target || name === "then") return Reflect.get(target, name, receiver);
        throw new Error(`The stand-in for Electron has no ${owner}.${name} for a preload: write it in page-worlds.ts`);
      },
    });
  const on = (channel: string, listener: Listener): object => {
    listeners.set(channel, [...(listeners.get(channel) ?? []), listener]);
    return ipcRenderer;
  };
  const off = (channel: string, listener: Listener): object => {
    const all = listeners.get(channel) ?? [];
    const index = all.findLastIndex((one) => one === listener || one.original === listener);
    listeners.set(
      channel,
      all.filter((_, at) => at !== index),
    );
    return ipcRenderer;
  };
  const ipcRenderer = loud("ipcRenderer", {
    on,
    addListener: on,
    off,
    removeListener: off,
    once: (channel: string, listener: Listener): object => {
      const once: Listener = (...args) => {
        off(channel, once);
        listener(...args);
      };
      once.original = listener;
      return on(channel, once);
    },
    removeAllListeners: (channel: string): object => {
      listeners.delete(channel);
      return ipcRenderer;
    },
    listenerCount: (channel: string): number => listeners.get(channel)?.length ?? 0,
    send: (channel: string, ...args: unknown[]): void => send({ kind: "send", channel, args: codec.encode(args) }),
    invoke: (channel: string, ...args: unknown[]): Promise<unknown> =>
      new Promise((resolve, reject) => {
        last += 1;
        const message: FromPage = { kind: "invoke", id: last, channel, args: codec.encode(args) };
        waiting.set(last, { resolve, reject });
        send(message);
      }),
  });

  inside.culvertDeliver = (text) => {
    const message = JSON.parse(text) as ToPage;
    if (message.kind === "send") {
      const event = { sender: ipcRenderer, senderId: 0, ports: [] };
      const args = codec.decode(message.args) as unknown[];
      for (const listener of listeners.get(message.channel) ?? []) listener(event, ...args);
      return;
    }
    const one = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.kind === "failure") one?.reject(new Error(message.message));
    else one?.resolve(codec.decode(message.value));
  };

  const electron = loud("electron", {
    contextBridge: loud("contextBridge", {
      exposeInMainWorld: (key: string, api: unknown): void => void bridge.ask("expose", key, api),
    }),
    ipcRenderer,
  });
  const load = (id: string): unknown => {
    if (id === "electron" || id === "electron/renderer") return electron;
    throw new Error(`module not found: ${id}`);
  };
  const process = loud("process", {
    ...setting.process,
    type: "renderer",
    sandboxed: true,
    contextIsolated: true,
    env: {},
    argv: [],
  });
  const module = { exports: {} };
  // The page's policy does not hold in this world, as it does not in Electron's.
  const text = `${setting.preload}\n//# sourceURL=${setting.preloadPath}`;
  const run = Reflect.construct(Function, ["require", "process", "exports", "module", text]) as (
    ...args: unknown[]
  ) => void;
  run(load, process, module.exports, module);
}
