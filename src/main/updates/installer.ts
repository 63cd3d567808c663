import type { DownloadOptions } from "./download.ts";
import type { Release } from "./release.ts";

/** Downloads a release and puts it in the place of the running one. */
export interface Installer {
  /**
   * Downloads it, or finds it downloaded already.
   * @throws AppError `update-failed`, `update-refused` or `cancelled`.
   */
  download(release: Release, options: Pick<DownloadOptions, "signal" | "received">): Promise<void>;
  /**
   * Does before the app closes what may fail: makes sure that the file is still there and the same, and on macOS hands it to the system.
   * @throws AppError as `download`; nothing has changed then.
   */
  prepare(signal: AbortSignal): Promise<void>;
  /**
   * Replaces the app, or starts what does; the process has to end right after it, and everything be closed before.
   * @param restart whether the new version is to be started then.
   * @returns false where it could not be begun.
   */
  install(restart: boolean): boolean;
  /** Reads the YAML of release metadata. */
  parse(text: string): Promise<unknown>;
}
