import { openerOf } from "../../engine/index.ts";
import type { SettingsChange } from "../../shared/model/settings.ts";
import type { Handlers } from "../ipc/call-gate.ts";
import type { CallContext } from "./context.ts";

export function settingsCalls({ settings, state, desktop }: CallContext): Pick<Handlers, "change-settings"> {
  return {
    "change-settings": (wanted) => {
      const change = Object.fromEntries(
        Object.entries(wanted).filter(([, value]) => value !== undefined),
      ) as SettingsChange;
      const { browserCommand } = change;
      if (browserCommand !== undefined && browserCommand.trim() !== "")
        openerOf(browserCommand, process.platform, process.env);
      const before = settings.current;
      // What the system refuses is not saved.
      desktop.applySettings({ ...before, ...change }, before);
      settings.change(change);
      state.settingsChanged();
    },
  };
}
