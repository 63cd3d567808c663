import { AppError } from "../../shared/errors.ts";
import { settingIsManaged } from "../../shared/model/policy.ts";
import type { Settings, SettingsChange } from "../../shared/model/settings.ts";
import type { Handlers } from "../ipc/call-gate.ts";
import { checkBrowserCommand } from "./browser-command.ts";
import type { CallContext } from "./context.ts";
import { isShortcut } from "../../shared/model/shortcut.ts";

type Names = "change-settings" | "look-outside";

export function settingsCalls({ settings, state, desktop, updates, outside }: CallContext): Pick<Handlers, Names> {
  /** It will be started, so a page that was taken over must not be able to choose it: a person agrees, in a dialog of the system. */
  const agreeOn = async (command: string): Promise<void> => {
    checkBrowserCommand(command, process.platform, process.env);
    const agreed = await desktop.confirm({
      message: "Open sign-in pages with this command?",
      detail: command,
      goOn: "Use command",
    });
    if (!agreed) throw new AppError("cancelled", "The browser was not changed.");
  };

  return {
    "change-settings": async (wanted) => {
      const change = Object.fromEntries(
        Object.entries(wanted).filter(([, value]) => value !== undefined),
      ) as SettingsChange;
      const checkFree = (): void => {
        if ((Object.keys(change) as (keyof Settings)[]).some((name) => settings.isLocked(name)))
          throw settingIsManaged();
      };
      checkFree();
      const { browserCommand = "", paletteShortcut = "" } = change;
      if (paletteShortcut !== "" && !isShortcut(paletteShortcut)) {
        throw new AppError("setting-invalid", "This key is needed for writing.", {
          userAction: "Add Ctrl, Alt or the system key.",
        });
      }
      if (browserCommand.trim() !== "" && browserCommand !== settings.current.browserCommand)
        await agreeOn(browserCommand);
      // The policy may be another one after a dialog.
      checkFree();
      const before = settings.current;
      // What the system refuses is not saved.
      desktop.applySettings({ ...before, ...change }, before);
      settings.change(change);
      state.settingsChanged();
      if (settings.current.startAtSignIn !== before.startAtSignIn) state.outsideChanged();
      if (settings.current.updates !== before.updates) updates.settingChanged();
    },
    "look-outside": () => outside.look(),
  };
}
