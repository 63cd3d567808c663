import { useEffect } from "react";
import { useBridge } from "../store/host.tsx";
import { closePalette, endToast, openPalette, setFilter, useView, type Filter } from "../store/view.ts";
import { goToSearch } from "./go-to-search.ts";
import { leaveTo } from "./leave.ts";
import { focusNextPane, focusSearch } from "./panes.ts";
import { listenForShortcuts, useShortcuts } from "./use-shortcuts.ts";

/** The keys that work on every page (ui.md, section 17). Draws nothing; mounted once. */
export function GlobalShortcuts(): null {
  const bridge = useBridge();
  useEffect(listenForShortcuts, []);
  const onList = (): boolean => useView.getState().page.name === "connections";
  const filter = (name: Filter) => (): boolean | void => {
    if (!onList()) return false;
    setFilter(name);
    return undefined;
  };
  useShortcuts("global", [
    { keys: "Mod+K", run: () => (useView.getState().paletteOpen ? closePalette() : openPalette()) },
    { keys: "Mod+N", run: () => leaveTo({ name: "editor", id: null }) },
    { keys: "Mod+,", run: () => leaveTo({ name: "settings" }) },
    { keys: "Mod+F", run: goToSearch },
    { keys: "/", run: () => onList() && focusSearch() },
    { keys: "Mod+1", run: filter("all") },
    { keys: "Mod+2", run: filter("on") },
    { keys: "Mod+3", run: filter("attention") },
    {
      keys: "Mod+Z",
      run: () => {
        const { toast } = useView.getState();
        if (toast?.undo) {
          toast.undo();
          endToast(toast.id);
        } else {
          // False means that there is nothing to bring back, a failure that main has said why in a notice.
          bridge.call("undo-delete").catch(() => undefined);
        }
      },
    },
    { keys: "Mod+W", run: () => window.close() },
    { keys: "Mod+Q", run: () => void bridge.call("quit").catch(() => undefined) },
    { keys: "F6", inFields: true, run: () => focusNextPane(1) },
    { keys: "Shift+F6", inFields: true, run: () => focusNextPane(-1) },
  ]);
  return null;
}
