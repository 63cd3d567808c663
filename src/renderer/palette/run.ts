import { asAppError } from "../../shared/errors.ts";
import { nameOf } from "../../shared/words/connection.ts";
import { goToSearch } from "../keyboard/go-to-search.ts";
import { leaveTo, leaving } from "../keyboard/leave.ts";
import { shown, textToCopy, turnOnAndCopy, whenListening } from "../store/actions.ts";
import type { Host } from "../store/host.tsx";
import { connectionOf } from "../store/select.ts";
import { ask, goTo, select, setFilter, setSearch, showDetail, tell, toast } from "../store/view.ts";
import { switchQuestion, type CommandAction } from "./entries.ts";
import type { RowAction } from "./row-action.ts";

/** Shows a connection in the window. */
export function openConnection(id: string): void {
  leaving(() => {
    goTo({ name: "connections" });
    select(id);
    showDetail(true);
  });
}

/** Copies a text and says so. */
async function copyText(host: Host, text: string): Promise<void> {
  try {
    await host.bridge.call("copy-text", text);
    toast({ message: `${text} copied` });
  } catch (thrown) {
    tell(asAppError(thrown).message);
  }
}

/** Copies the address of a connection, as it is or as it will be. */
export function copyAddress(host: Host, id: string): void {
  const address = textToCopy(host, id, "address");
  if (address !== null) {
    void copyText(host, address);
    return;
  }
  const connection = connectionOf(host.mirror.store.getState().snapshot, id);
  if (connection !== null) tell(`${nameOf(connection)} has no address until it is on`);
}

/** Does what Enter promises. */
export function runRowAction(host: Host, id: string, action: RowAction): void {
  switch (action.kind) {
    case "turn-on":
      void turnOnAndCopy(host, id);
      break;
    case "wait":
      void whenListening(host, id).then((address) => (address === null ? undefined : copyText(host, address)));
      break;
    case "copy":
      void copyText(host, action.address);
      break;
    case "show-why":
      openConnection(id);
      break;
  }
}

/** Does what a command promises. */
export function runCommand(host: Host, action: CommandAction): void {
  switch (action.type) {
    case "new":
      leaveTo({ name: "editor", id: null, ...(action.draft === undefined ? {} : { draft: action.draft }) });
      break;
    case "search":
      if (action.text !== undefined) setSearch(action.text);
      goToSearch();
      break;
    case "settings":
      leaveTo({ name: "settings", ...(action.section === undefined ? {} : { section: action.section }) });
      break;
    case "filter":
      leaving(() => {
        goTo({ name: "connections" });
        setFilter(action.filter);
      });
      break;
    case "set-on": {
      const { ids, on } = action;
      const run = (): void => {
        host.mirror.setOn(ids, on);
      };
      if (action.ask === true && ids.length > 1)
        ask({ title: switchQuestion(on, ids.length), action: on ? "Turn on" : "Turn off", run });
      else run();
      break;
    }
    case "open-sign-in":
      void shown(host.bridge.call("open-sign-in-page", action.proxy));
      break;
    case "open-log-folder":
      void shown(host.bridge.call("open-log-folder"));
      break;
    case "quit":
      void shown(host.bridge.call("quit"));
      break;
  }
}
