import path from "node:path";
import { naming } from "../arguments/usage.ts";
import { openerOf, type Opener } from "../../engine/index.ts";
import { asAppError } from "../../shared/errors.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** The opener that `--browser-cmd` names. @throws AppError `setting-invalid` when it is empty or a quote is not closed. */
export function chosenOpener(text: string, platform: NodeJS.Platform, env: Env): Opener {
  try {
    return openerOf(text, platform, env);
  } catch (thrown) {
    throw naming("--browser-cmd", "tcp", asAppError(thrown));
  }
}

/** The system's own opener, or null where there is no screen to open a browser on. */
export function systemOpener(platform: NodeJS.Platform, env: Env): Opener | null {
  if (platform === "darwin") return { command: "/usr/bin/open", args: [], name: "the browser" };
  if (platform === "win32") {
    // Not `cmd /c start`: a shell would read the & of the URL.
    const command = path.win32.join(env["SystemRoot"] ?? "C:\\Windows", "System32", "rundll32.exe");
    return { command, args: ["url.dll,FileProtocolHandler"], name: "the browser" };
  }
  const screen = ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"].some((name) => (env[name] ?? "") !== "");
  return screen ? { command: "xdg-open", args: [], name: "the browser (xdg-open)" } : null;
}
