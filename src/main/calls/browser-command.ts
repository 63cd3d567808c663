import { openerOf } from "../../engine/index.ts";
import { AppError } from "../../shared/errors.ts";

/** Characters that would make the question whether to run it show something else than what is run. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/**
 * Checks a browser command before a person is asked about it. Nothing is started; files of this computer are looked at.
 * @throws AppError `setting-invalid`.
 */
export function checkBrowserCommand(
  command: string,
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
): void {
  if (unseen.test(command)) {
    throw new AppError("setting-invalid", "The browser command has characters that cannot be seen.", {
      userAction: "Write it by hand.",
    });
  }
  // Already to look whether such a file is there would show Windows' credentials to the other computer.
  if (platform === "win32" && /^\s*[\\/]{2}/.test(command)) {
    throw new AppError("setting-invalid", "The browser has to be a program of this computer.", {
      userAction: "Name it with its drive, for example C:\\Programs\\browser.exe.",
    });
  }
  openerOf(command, platform, env);
}
