import type { DropReason } from "../events.ts";
import { count } from "./format.ts";

const causes: Readonly<Record<DropReason, string>> = {
  "no-path-yet": "there is no way to the destination yet",
  "proxy-slow": "the proxy takes them more slowly than they come",
  "client-slow": "the program takes answers more slowly than they come",
  "client-gone": "the program takes no answers any more",
  "too-large": "larger than fits on the way",
  "too-many-clients": "too many clients are connected",
};

/** "3 datagrams were dropped: they are too large". @param dropped how many. */
export const dropWords = (reason: DropReason, dropped: number): string =>
  `${count(dropped, "datagram")} ${dropped === 1 ? "was" : "were"} dropped: ${causes[reason]}`;
