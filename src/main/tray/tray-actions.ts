import type { Place } from "../../shared/ipc/snapshot.ts";
import type { TrayAction } from "./tray-menu.ts";

/** What the entries of the tray do. */
export interface TrayActor {
  /** Shows the window, and where it should go. */
  openAt(place: Place | null): void;
  setOn(ids: readonly string[], on: boolean): void;
  openSignInPage(proxy: string): void;
  quit(): void;
}

export function actOn(action: TrayAction, actor: TrayActor): void {
  switch (action.do) {
    case "open":
      return actor.openAt(action.select === undefined ? null : { page: "connections", select: action.select });
    case "open-sign-in-page":
      return actor.openSignInPage(action.proxy);
    case "set-on":
      return actor.setOn(action.ids, action.on);
    case "ask-turn-all-on":
      return actor.openAt({ page: "turn-all-on" });
    case "new":
      return actor.openAt({ page: "new" });
    case "settings":
      return actor.openAt({ page: "settings" });
    case "quit":
      return actor.quit();
  }
}
