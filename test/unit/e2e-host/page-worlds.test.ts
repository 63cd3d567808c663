// @vitest-environment jsdom
import { expect, test, vi } from "vitest";
import { makeCodec } from "../../e2e/host/double/codec.ts";
import { makePageBridge } from "../../e2e/host/double/page-bridge.ts";
import { runIsolatedWorld, runMainWorld, type FromPage, type ToPage } from "../../e2e/host/double/page-worlds.ts";

const codec = makeCodec();
const worlds = globalThis as unknown as {
  culvertSend: (text: string) => void;
  culvertDeliver: (text: string) => void;
};
let last = 0;

/** Both worlds in one: they know each other by events alone. Returns what the preload sends. */
function run(preload: string): FromPage[] {
  const sent: FromPage[] = [];
  worlds.culvertSend = (text) => void sent.push(JSON.parse(text) as FromPage);
  last += 1;
  const token = `token-${last}`;
  runMainWorld(makePageBridge, token);
  const process = { platform: "linux", versions: {} };
  runIsolatedWorld(makePageBridge, makeCodec, { token, preload, preloadPath: "/preload.cjs", process });
  return sent;
}
const deliver = (message: ToPage): void => worlds.culvertDeliver(JSON.stringify(message));

/** What is exposed cannot be taken back, so every test has a name of its own. */
const named = (body: string): [string, string] => {
  const name = `api${last}`;
  return [
    name,
    `const { contextBridge, ipcRenderer } = require("electron"); contextBridge.exposeInMainWorld("${name}", ${body});`,
  ];
};
const exposed = (name: string): Record<string, (...args: unknown[]) => unknown> =>
  (globalThis as unknown as Record<string, Record<string, (...args: unknown[]) => unknown>>)[name] ?? {};

test("functions become proxies, objects are copied and frozen", () => {
  const [name, preload] = named("{ add: (a, b) => a + b, data: { list: [1] } }");
  run(preload);
  const api = exposed(name);
  expect(api["add"]?.(1, 2)).toBe(3);
  expect(Object.isFrozen(api)).toBe(true);
  expect(Object.isFrozen((api["data"] as unknown as { list: number[] }).list)).toBe(true);
  expect(Reflect.set(globalThis, name, 1)).toBe(false);
});

test("a thrown error keeps its message only", () => {
  const [name, preload] = named('{ fail: () => { throw Object.assign(new RangeError("too much"), { code: "X" }); } }');
  run(preload);
  const thrown = vi.fn(exposed(name)["fail"]);
  expect(thrown).toThrow("too much");
  const error = thrown.mock.results[0]?.value as Error & { code?: string };
  expect([error.constructor.name, error.code]).toEqual(["Error", undefined]);
});

test("promises settle on the other side", async () => {
  const [name, preload] = named(
    '{ wait: async (value) => { if (value === 0) throw new Error("zero"); return { value }; } }',
  );
  run(preload);
  expect(await exposed(name)["wait"]?.(5)).toEqual({ value: 5 });
  await expect(exposed(name)["wait"]?.(0)).rejects.toThrow("zero");
});

test("invoke sends, and settles with what comes back", async () => {
  const [name, preload] = named('{ ask: (...args) => ipcRenderer.invoke("ask", ...args) }');
  const sent = run(preload);
  const first = exposed(name)["ask"]?.(1, { two: 2 });
  const second = exposed(name)["ask"]?.();
  expect(sent.map((one) => [one.kind, one.channel, codec.decode(one.args)])).toEqual([
    ["invoke", "ask", [1, { two: 2 }]],
    ["invoke", "ask", []],
  ]);
  const [one, two] = sent as Extract<FromPage, { kind: "invoke" }>[];
  deliver({ kind: "failure", id: two?.id ?? 0, message: "Error invoking remote method 'ask': Error: no" });
  deliver({ kind: "result", id: one?.id ?? 0, value: codec.encode(["yes"]) });
  expect(await first).toEqual(["yes"]);
  await expect(second).rejects.toThrow("Error invoking remote method 'ask': Error: no");
  await expect(exposed(name)["ask"]?.(() => 1)).rejects.toThrow("could not be cloned");
  expect(sent).toHaveLength(2);
});

test("listeners hear until they are taken away", () => {
  const [name, preload] = named(
    '{ listen: (heard) => { const l = (_e, v) => heard(v); ipcRenderer.on("news", l); return () => { ipcRenderer.removeListener("news", l); }; } }',
  );
  run(preload);
  const heard: unknown[] = [];
  const stop = exposed(name)["listen"]?.((value: unknown) => heard.push(value)) as () => void;
  deliver({ kind: "send", channel: "news", args: codec.encode([{ n: 1 }]) });
  stop();
  deliver({ kind: "send", channel: "news", args: codec.encode([{ n: 2 }]) });
  expect(heard).toEqual([{ n: 1 }]);
});

test.each([
  ['require("node:fs")', "module not found: node:fs"],
  ['require("electron").ipcRenderer.postMessage("x")', "no ipcRenderer.postMessage"],
  ['require("electron").webFrame', "no electron.webFrame"],
  ["process.exit()", "no process.exit"],
])("a preload that does %s is told what is missing", (preload, message) => {
  expect(() => run(preload)).toThrow(message);
});

test("a symbol cannot cross, nor an endless value", () => {
  const [name, preload] = named("{ echo: (value) => value }");
  run(preload);
  expect(() => exposed(name)["echo"]?.(Symbol("s"))).toThrow("Symbols");
  let deep: unknown = 1;
  for (let at = 0; at < 1_100; at += 1) deep = [deep];
  expect(() => exposed(name)["echo"]?.(deep)).toThrow("recursion depth");
});
