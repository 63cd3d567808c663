import { spawn } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { AppUpdater, BaseUpdater, ResolvedUpdateFileInfo, UpdateInfo } from "electron-updater";
import type { ProviderRuntimeOptions } from "electron-updater/out/providers/Provider.js";
import { AppError } from "../../shared/errors.ts";
import { checkFile, downloadFile, updateError, type DownloadOptions } from "./download.ts";
import { feedFile, feedFolder } from "./feed.ts";
import type { Installer } from "./installer.ts";
import type { Release } from "./release.ts";
import { replaceProgram, stampOf } from "./replace-file.ts";
import type { UpdateWay } from "./way.ts";

/** The part of Electron's own updater for macOS that is needed here. */
export interface Squirrel {
  once(event: "update-downloaded", listener: () => void): unknown;
  once(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: "update-downloaded", listener: () => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
  checkForUpdates(): void;
}

export interface InstallerOptions {
  readonly way: Exclude<UpdateWay, { readonly way: "none" }>;
  /** The folder of the feed. */
  readonly feedUrl: string;
  /** The version that runs. */
  readonly version: string;
  /** Where downloads are kept: a folder of the user's caches. */
  readonly cacheFolder: string;
  /** `app-update.yml` in the resources of the packaged app, which on Windows names who must have signed. */
  readonly configFile: string;
  /** Certificates that are trusted, PEM. */
  roots(): readonly string[];
  /** macOS only. */
  squirrel(): Squirrel;
  log(level: "info" | "debug", message: string): void;
}

/** The name that electron-builder gives to the folder of downloads, which its uninstaller for Windows removes. */
const cacheName = "culvert-updater";
/** How long macOS may take to check and unpack an update, milliseconds. */
const squirrelMs = 2 * 60_000;

/** What electron-updater asks of its network, whose own goes through Chromium, from which the app takes the network. */
interface Executor {
  download(url: URL, destination: string): Promise<string>;
}
/** Members of electron-updater that its types do not show; its version is pinned, and the integration test uses them all. */
interface Hidden {
  httpExecutor: Executor;
  configOnDisk: { readonly value: Promise<{ readonly updaterCacheDirName: string }> };
}

/**
 * electron-updater with a feed and a network of our own: it caches, verifies and installs. It is loaded when it is first needed, so that
 * a start does not wait for it. Whole files are downloaded, never the differences between two.
 */
export class LibraryInstaller implements Installer {
  readonly #options: InstallerOptions;
  #updater: AppUpdater | null = null;
  #release: Release | null = null;
  #download: DownloadOptions | null = null;
  /** What was downloaded. */
  #file: string | null = null;
  /** What the AppImage looked like when it was started. */
  readonly #stamp: string | null;

  constructor(options: InstallerOptions) {
    this.#options = options;
    this.#stamp = options.way.way === "appimage" ? stampOf(options.way.file) : null;
  }

  async parse(text: string): Promise<unknown> {
    const { parseUpdateInfo } = await import("electron-updater/out/providers/Provider.js");
    return parseUpdateInfo(text, "metadata", new URL(this.#options.feedUrl));
  }

  async download(release: Release, { signal, received }: Pick<DownloadOptions, "signal" | "received">): Promise<void> {
    try {
      this.#updater ??= await this.#load();
      this.#release = release;
      this.#file = null;
      this.#download = { roots: this.#options.roots(), signal, received };
      const found = await this.#updater.checkForUpdates();
      signal.throwIfAborted();
      if (found?.isUpdateAvailable !== true) throw new Error("the library does not find it newer");
      const [file] = await this.#updater.downloadUpdate();
      if (file === undefined) throw new Error("there is no file");
      this.#file = file;
    } catch (thrown) {
      if (signal.aborted) throw new AppError("cancelled", "Stopped.", { retryable: true });
      throw updateError(thrown);
    }
  }

  async prepare(signal: AbortSignal): Promise<void> {
    if (this.#file === null || this.#release === null) throw new AppError("update-failed", "There is no update.");
    try {
      await checkFile(this.#file, this.#release.file, signal);
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      // The library takes a file of its own for good while it is there.
      await rm(this.#file, { force: true });
      this.#file = null;
      throw thrown;
    }
    signal.throwIfAborted();
    if (!this.#isInPlace()) {
      throw new AppError("update-failed", "The AppImage that runs was moved or replaced.", {
        userAction: "Quit Culvert, and start it from where it is now.",
      });
    }
    if (this.#options.way.way === "squirrel") await this.#handOver(signal);
  }

  install(restart: boolean): boolean {
    const updater = this.#updater;
    if (updater === null || this.#file === null) return false;
    if (this.#options.way.way !== "squirrel") return (updater as BaseUpdater).install(true, restart);
    // Otherwise macOS installs what was handed over as soon as the process has ended.
    if (restart) updater.quitAndInstall();
    return true;
  }

  /** False where an update would bring back a file that the user has moved, or go over a newer one. */
  #isInPlace(): boolean {
    const { way } = this.#options;
    return way.way !== "appimage" || (this.#stamp !== null && stampOf(way.file) === this.#stamp);
  }

  /** Has macOS take the update from the library's server on this computer, and check it against the app's own signature. */
  #handOver(signal: AbortSignal): Promise<void> {
    const squirrel = this.#options.squirrel();
    return new Promise((resolve, reject) => {
      const end = (done: () => void): void => {
        clearTimeout(timer);
        squirrel.removeListener("update-downloaded", taken);
        squirrel.removeListener("error", failed);
        signal.removeEventListener("abort", aborted);
        done();
      };
      const taken = (): void => end(resolve);
      const failed = (error: Error): void => end(() => reject(updateError(error)));
      const aborted = (): void => end(() => reject(new AppError("cancelled", "Stopped.", { retryable: true })));
      const timer = setTimeout(() => failed(new Error("macOS took too long")), squirrelMs);
      squirrel.once("update-downloaded", taken);
      squirrel.once("error", failed);
      signal.addEventListener("abort", aborted);
      squirrel.checkForUpdates();
    });
  }

  async #load(): Promise<AppUpdater> {
    const options = this.#options;
    const isInPlace = (): boolean => this.#isInPlace();
    const { AppImageUpdater, MacUpdater, NsisUpdater, Provider } = (await import("electron-updater")).default;
    const offer = (): { readonly info: UpdateInfo; readonly file: ResolvedUpdateFileInfo } => {
      if (this.#release === null) throw new Error("there is no release");
      const { version, file } = this.#release;
      const info = { url: file.name, sha512: file.sha512, size: file.size };
      return {
        info: { version, files: [info], path: file.name, sha512: file.sha512, releaseDate: "" },
        file: { url: feedFile(feedFolder(options.feedUrl), file.name), info },
      };
    };

    /** Gives the library the release that was found, whose signature is known to be good. */
    class SignedProvider extends Provider<UpdateInfo> {
      constructor(_options: unknown, _updater: unknown, runtime: ProviderRuntimeOptions) {
        super(runtime);
      }
      override getLatestVersion(): Promise<UpdateInfo> {
        return Promise.resolve(offer().info);
      }
      override resolveFiles(): ResolvedUpdateFileInfo[] {
        return [offer().file];
      }
    }

    /**
     * The library deletes the running AppImage before it moves the new one there, and gives it another name: a full disk would cost the
     * user the program, and an entry for starting at sign-in would name a file that is gone.
     */
    class InPlaceAppImageUpdater extends AppImageUpdater {
      protected override doInstall({ isForceRunAfter }: { readonly isForceRunAfter: boolean }): boolean {
        const { way } = options;
        const { sha512 } = offer().file.info;
        if (way.way !== "appimage" || this.installerPath === null || !isInPlace()) return false;
        replaceProgram(way.file, this.installerPath, sha512);
        // Nobody else removes it before the next update.
        rmSync(this.installerPath, { force: true });
        if (isForceRunAfter) spawn(way.file, [], { detached: true, stdio: "ignore" }).unref();
        return true;
      }
    }

    const adapter = {
      version: options.version,
      name: "culvert",
      isPackaged: true,
      appUpdateConfigPath: options.configFile,
      // The library keeps an id of this computer for staged roll-outs, which our provider sends to nobody.
      userDataPath: `${options.cacheFolder}/${cacheName}`,
      baseCachePath: options.cacheFolder,
      whenReady: () => Promise.resolve(),
      relaunch: () => undefined,
      quit: () => undefined,
      onQuit: () => undefined,
    };
    const kinds = { nsis: NsisUpdater, squirrel: MacUpdater, appimage: InPlaceAppImageUpdater };
    const updater: AppUpdater = new kinds[options.way.way](undefined, adapter);
    updater.logger = {
      info: (message) => options.log("debug", String(message)),
      warn: (message) => options.log("info", String(message)),
      // Whoever asked for it gets the error itself.
      error: (message) => options.log("info", String(message)),
    };
    // When to download and to install is decided elsewhere.
    updater.autoDownload = false;
    updater.autoInstallOnAppQuit = false;
    updater.disableWebInstaller = true;
    updater.disableDifferentialDownload = true;
    const hidden = updater as unknown as Hidden;
    hidden.httpExecutor = { download: (url, destination) => this.#fetch(url, destination) };
    if (!existsSync(options.configFile))
      hidden.configOnDisk = { value: Promise.resolve({ updaterCacheDirName: cacheName }) };
    updater.setFeedURL({ provider: "custom", updateProvider: SignedProvider });
    return updater;
  }

  async #fetch(url: URL, destination: string): Promise<string> {
    if (this.#download === null || this.#release === null) throw new Error("there is no release");
    await downloadFile(url, destination, this.#release.file, this.#download);
    return destination;
  }
}
