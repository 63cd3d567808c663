import os from "node:os";
import { app } from "electron";
import { readPolicy, readPolicyFile } from "../../engine/index.ts";
import type { Policy } from "../../shared/model/policy.ts";
import { ownProgram } from "../lifecycle/app-image.ts";
import { ElectronLoginItem, LinuxLoginItem, type LoginItem } from "../lifecycle/login-item.ts";
import { autostartFile } from "../lifecycle/start-at-sign-in.ts";
import type { Platform } from "../window/window-look.ts";

/** Reads what the administrators of this computer have set. Developers and tests may name a file of their own. */
export function policyReader(platform: Platform): () => Promise<Policy> {
  const file = app.isPackaged ? "" : (process.env["CULVERT_POLICY_FILE"] ?? "");
  if (file !== "") return () => readPolicyFile(file, process.getuid?.() ?? 0);
  // An account without a name, as in containers, is an error there; only macOS asks for it.
  const user = platform === "darwin" ? os.userInfo().username : "";
  return () => readPolicy({ platform, user, systemRoot: process.env["SystemRoot"] });
}

/** The system's list of what starts at sign-in. */
export function loginItem(platform: Platform): LoginItem {
  const { isPackaged } = app;
  if (platform !== "linux") {
    return new ElectronLoginItem({ platform, app, isPackaged, execPath: process.execPath, appPath: app.getAppPath() });
  }
  const program = ownProgram(process.execPath, process.env);
  const command = isPackaged ? [program] : [program, app.getAppPath()];
  return new LinuxLoginItem(autostartFile(process.env, app.getPath("home")), command);
}
