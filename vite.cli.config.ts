import { defineConfig } from "vite";

/** Bundles the command line into one file, so that it starts in one read and needs no node_modules. */
export default defineConfig({
  build: {
    ssr: "src/cli/index.ts",
    outDir: "out/cli",
    target: "node20",
    minify: false,
    rollupOptions: { output: { entryFileNames: "index.js", banner: "#!/usr/bin/env node" } },
  },
  ssr: { noExternal: true, target: "node" },
});
