import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import path from "node:path";

/** CommonJS, as a sandboxed preload has to be. */
const preload = `
const { contextBridge, ipcRenderer } = require("electron");
contextBridge.exposeInMainWorld("fixture", {
  invoke: (channel, ...args) => ipcRenderer.invoke(channel, ...args),
  listen: (listener) => {
    const heard = (_event, value) => listener(value);
    ipcRenderer.on("news", heard);
    return () => ipcRenderer.removeListener("news", heard);
  },
  data: { list: [1, 2] },
  fail: () => { throw new RangeError("too much"); },
  type: typeof process + " " + process.sandboxed,
});
`;

/** Writes the fixture app as Electron takes it, without types, into a new folder. */
export function writeFixture(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const main = readFileSync(path.join(import.meta.dirname, "main.ts"), "utf8");
  const about = { name: "culvert-fixture", version: "1.2.3", type: "module", main: "main.js" };
  writeFileSync(path.join(folder, "package.json"), JSON.stringify(about));
  writeFileSync(path.join(folder, "main.js"), stripTypeScriptTypes(main));
  writeFileSync(path.join(folder, "preload.cjs"), preload);
  return folder;
}
