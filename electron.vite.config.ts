import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "electron-vite";
import { updateSource } from "./scripts/update-source.ts";

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")) as { version: string };
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const define = { __CULVERT_VERSION__: JSON.stringify(version) };
const updates = updateSource(process.env);

/**
 * Builds the three parts of the app into out/. Everything but electron is bundled, so that the app needs no node_modules.
 * A sandboxed preload has to be CommonJS.
 */
export default defineConfig({
  main: {
    define: {
      __CULVERT_UPDATE_URL__: JSON.stringify(updates.url),
      __CULVERT_UPDATE_KEYS__: JSON.stringify(updates.keys),
    },
    build: {
      outDir: "out/main",
      target: "node24",
      externalizeDeps: false,
      rollupOptions: { input: { index: at("src/main/app.ts") }, external: ["electron"] },
    },
  },
  preload: {
    build: {
      outDir: "out/preload",
      externalizeDeps: false,
      rollupOptions: {
        input: { index: at("src/preload/preload.ts") },
        external: ["electron"],
        output: { format: "cjs", entryFileNames: "[name].cjs" },
      },
    },
  },
  renderer: {
    root: at("src/renderer"),
    define,
    plugins: [react()],
    build: {
      outDir: at("out/renderer"),
      minify: true,
      // Data URLs would need room in the content security policy.
      assetsInlineLimit: 0,
      rollupOptions: { input: at("src/renderer/index.html") },
    },
  },
});
