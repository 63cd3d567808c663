import { getAsset } from "node:sea";
import { compileFunction } from "node:vm";

/**
 * What the single executable starts with: Node gives it one CommonJS file and no `require` but for its own modules. The
 * rest of the command line is kept as assets and compiled when it is asked for, so that small commands do not read the
 * engine.
 */
type ChunkFunction = (exports: object, require: (name: string) => unknown, module: { exports: object }) => void;

const loaded = new Map<string, { exports: object }>();

function load(name: string): unknown {
  if (!name.startsWith("./")) return process.getBuiltinModule(name);
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  // Before it runs: chunks may ask for each other.
  loaded.set(name, module);
  const text = getAsset(name.slice("./".length), "utf8");
  const run = compileFunction(text, ["exports", "require", "module"], { filename: name }) as ChunkFunction;
  run(module.exports, load, module);
  return module.exports;
}

load("./index.js");
