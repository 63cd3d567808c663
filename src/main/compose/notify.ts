import type { ConnectionManager } from "../../engine/index.ts";
import type { Place } from "../../shared/ipc/snapshot.ts";
import { NotificationDesk } from "../notifications/notification-desk.ts";
import { showNotification } from "../notifications/show-notification.ts";
import type { Stores } from "./stores.ts";

export interface NotifyPorts {
  readonly stores: Stores;
  readonly tunnels: ConnectionManager;
  isFocused(): boolean;
  openAt(place: Place | null): void;
  openSignInPage(proxy: string): void;
}

/** The notifications, with what a click on one does. */
export function createNotifications(ports: NotifyPorts): NotificationDesk {
  const { settings, connections } = ports.stores;
  return new NotificationDesk({
    settings: () => settings.current,
    connection: (id) => connections.get(id),
    waitingFor: (proxy) => ports.tunnels.waitingFor(proxy),
    isFocused: () => ports.isFocused(),
    show: (notification) =>
      showNotification(notification, (click) => {
        if (click.do === "open-sign-in-page") ports.openSignInPage(click.proxy);
        else if (click.do === "sessions") ports.openAt({ page: "settings", section: "sessions" });
        else if (click.do === "updates") ports.openAt({ page: "settings", section: "logs" });
        else ports.openAt(click.select === undefined ? null : { page: "connections", select: click.select });
      }),
    now: Date.now,
  });
}
