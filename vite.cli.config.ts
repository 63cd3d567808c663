import { readFileSync } from "node:fs";
import { defineConfig } from "vite";

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")) as { version: string };

/**
 * Bundles the command line with all it needs, so that it starts without node_modules. The engine stays a file of its
 * own beside index.js: `culvert version` and usage errors do not read it.
 */
export default defineConfig({
  define: { __CULVERT_VERSION__: JSON.stringify(version) },
  build: {
    ssr: "src/cli/index.ts",
    outDir: "out/cli",
    target: "node20",
    minify: false,
    rollupOptions: {
      output: {
        entryFileNames: "index.js",
        chunkFileNames: "[name].js",
        banner: (chunk) => (chunk.isEntry ? "#!/usr/bin/env node" : ""),
      },
    },
  },
  ssr: { noExternal: true, target: "node" },
});
