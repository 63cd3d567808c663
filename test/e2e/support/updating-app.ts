import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { build } from "vite";
import { UpdateServer } from "../../support/update-feed.ts";
import { launchApp, type LaunchOptions } from "../host/launch.ts";
import type { RunningApp } from "../host/running-app.ts";
import { theRuntime } from "../host/runtime.ts";

const repository = path.join(import.meta.dirname, "../../..");

/** Version 1.4.2 of the app, built for a feed of its own and started as an AppImage. */
export class UpdatingApp {
  readonly server: UpdateServer;
  readonly #folder: string;

  private constructor(server: UpdateServer, folder: string) {
    this.server = server;
    this.#folder = folder;
  }

  /** Builds it; all of it ends with `close`. */
  static async make(): Promise<UpdatingApp> {
    const server = await UpdateServer.start();
    const folder = mkdtempSync(path.join(os.tmpdir(), "culvert-updating-"));
    const app = path.join(folder, "app");
    mkdirSync(app);
    writeFileSync(
      path.join(app, "package.json"),
      JSON.stringify({ name: "culvert", version: "1.4.2", type: "module", main: "./out/main/index.js" }),
    );
    symlinkSync(path.join(repository, "assets"), path.join(app, "assets"));
    for (const part of ["preload", "renderer"])
      cpSync(path.join(repository, "out", part), path.join(app, "out", part), { recursive: true });
    await build({
      configFile: false,
      root: repository,
      logLevel: "error",
      define: {
        __CULVERT_UPDATE_URL__: JSON.stringify(server.url),
        __CULVERT_UPDATE_KEYS__: JSON.stringify(server.key.publicKey),
      },
      build: {
        ssr: "src/main/app.ts",
        outDir: path.join(app, "out/main"),
        target: "node24",
        minify: false,
        rollupOptions: { external: ["electron"], output: { entryFileNames: "index.js" } },
      },
      ssr: { noExternal: true, target: "node" },
    });
    writeFileSync(path.join(folder, "ca.pem"), server.caPem);
    return new UpdatingApp(server, folder);
  }

  /** The AppImage that is replaced. */
  get image(): string {
    return path.join(this.#folder, "Culvert.AppImage");
  }

  get imageText(): string {
    return readFileSync(this.image, "utf8");
  }

  /** True once the new version has been started. */
  get newStarted(): boolean {
    return existsSync(this.#marker);
  }

  /** Where the new version looks for libraries; null before it was started. */
  get newLibraryPath(): string | null {
    return this.newStarted ? readFileSync(this.#marker, "utf8") : null;
  }

  get #marker(): string {
    return path.join(this.#folder, "started");
  }

  /** Puts a release on the server. Its program says that it was started, and nothing else. */
  publish(version: string): void {
    const program = Buffer.from(`#!/bin/sh\n# version ${version}\nprintf %s "$LD_LIBRARY_PATH" > '${this.#marker}'\n`);
    this.server.publish(version, { [`Culvert-${version}-${process.arch}.AppImage`]: program }, { name: metadata });
  }

  /** Starts it anew with the test: an old AppImage, empty caches. */
  async launch(options: LaunchOptions = {}): Promise<RunningApp> {
    rmSync(this.#marker, { force: true });
    if (options.userData === undefined) {
      rmSync(path.join(this.#folder, "caches"), { recursive: true, force: true });
      writeFileSync(this.image, "#!/bin/sh\n# version 1.4.2\n");
      chmodSync(this.image, 0o755);
    }
    const { kind, program } = await theRuntime();
    const mount = path.dirname(kind === "electron" ? realpathSync(program) : process.execPath);
    return await launchApp({
      ...options,
      app: path.join(this.#folder, "app"),
      env: {
        APPIMAGE: this.image,
        APPDIR: mount,
        // As an AppImage's AppRun has it.
        LD_LIBRARY_PATH: `${mount}/usr/lib:/the/user's`,
        XDG_CACHE_HOME: path.join(this.#folder, "caches"),
        NODE_EXTRA_CA_CERTS: path.join(this.#folder, "ca.pem"),
        ...options.env,
      },
    });
  }

  async close(): Promise<void> {
    await this.server.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Of this computer's metadata. */
const metadata = process.arch === "x64" ? "latest-linux.yml" : `latest-linux-${process.arch}.yml`;
