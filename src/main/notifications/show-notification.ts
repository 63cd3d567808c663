import { Notification } from "electron";
import type { DeskNotification, NotificationClick } from "./notification-desk.ts";

/** Shows a notification of the desktop, without a sound; returns the way to take it back. */
export function showNotification(
  { title, body, click }: DeskNotification,
  clicked: (click: NotificationClick) => void,
): () => void {
  if (!Notification.isSupported()) return () => undefined;
  const notification = new Notification({ title, body, silent: true });
  notification.on("click", () => clicked(click));
  notification.show();
  return () => notification.close();
}
