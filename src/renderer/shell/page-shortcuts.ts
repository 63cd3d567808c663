import { isOn } from "../../shared/model/status.ts";
import { count } from "../../shared/words/format.ts";
import { isMac } from "../keyboard/platform.ts";
import { useShortcuts } from "../keyboard/use-shortcuts.ts";
import type { ListModel } from "../list/groups.ts";
import { copy, deleteConnections, duplicate, edit, setPinned, shown, turnOff, turnOn } from "../store/actions.ts";
import { useHost } from "../store/host.tsx";
import { statusOf } from "../store/select.ts";
import { ask, setTab, showDetail, useView, type DetailTab } from "../store/view.ts";

const tabs: readonly DetailTab[] = ["overview", "log", "configuration"];

/** The keys of the selected connection and of what is in view (ui.md, section 17), wherever the focus is on the page. */
export function usePageShortcuts(model: ListModel, onePane: boolean): void {
  const host = useHost();
  /** Does it to the selected connection; false without one, or where several are. */
  const withOne = (run: (id: string) => boolean | void) => (): boolean | void => {
    const { selected, several } = useView.getState();
    return selected === null || several.length > 0 ? false : run(selected);
  };
  const turnAll = (on: boolean) => (): boolean => {
    const state = host.mirror.store.getState();
    const ids = model.shown.filter((id) => isOn(statusOf(state, id)) !== on);
    if (ids.length === 0) return false;
    ask({
      title: `Turn ${on ? "on" : "off"} ${count(ids.length, "connection")}?`,
      action: on ? "Turn all on" : "Turn all off",
      run: () => {
        if (on) turnOn(host, ids);
        else turnOff(host, ids);
      },
    });
    return true;
  };
  const nextTab = (step: 1 | -1) => (): boolean | void => {
    const { tab, selected } = useView.getState();
    if (selected === null) return false;
    setTab(tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length] ?? "overview");
    return undefined;
  };
  useShortcuts("page", [
    { keys: "Mod+C", run: withOne((id) => copy(host, id)) },
    { keys: "Mod+Shift+C", run: withOne((id) => copy(host, id, "port")) },
    { keys: "Mod+P", run: withOne((id) => setPinned(host, id)) },
    { keys: "Mod+E", run: withOne(edit) },
    { keys: "Mod+D", run: withOne(duplicate) },
    {
      keys: isMac() ? ["Mod+Backspace"] : ["Delete"],
      run: () => {
        const { selected, several } = useView.getState();
        const ids = several.length > 0 ? several : selected === null ? [] : [selected];
        if (ids.length === 0) return false;
        deleteConnections(host, ids);
        return undefined;
      },
    },
    {
      keys: "Mod+R",
      run: withOne((id) => {
        const { kind } = statusOf(host.mirror.store.getState(), id);
        if (kind === "retrying" || kind === "error") void shown(host.bridge.call("try-again", id));
      }),
    },
    {
      keys: "Mod+.",
      run: withOne((id) => {
        const status = statusOf(host.mirror.store.getState(), id);
        if (status.kind !== "signing-in") return false;
        void shown(host.bridge.call("cancel-sign-in", status.proxy, id));
        return undefined;
      }),
    },
    { keys: "Ctrl+Tab", inFields: true, run: nextTab(1) },
    { keys: "Ctrl+Shift+Tab", inFields: true, run: nextTab(-1) },
    { keys: "Mod+Shift+O", run: turnAll(true) },
    { keys: "Mod+Shift+X", run: turnAll(false) },
    {
      keys: ["ArrowDown", "ArrowUp", "Home", "End"],
      // Where nothing has the focus, as at the start, the keys of the list lead to it.
      run: () => {
        if (document.activeElement !== document.body) return false;
        document.querySelector<HTMLElement>("[data-list]")?.focus();
        return undefined;
      },
    },
    {
      keys: "Escape",
      run: () => {
        if (!onePane || !useView.getState().detailShown) return false;
        showDetail(false);
        // The list is there with the next frame.
        requestAnimationFrame(() => document.querySelector<HTMLElement>("[data-list]")?.focus());
        return undefined;
      },
    },
  ]);
}
