import { useEffect } from "react";
import type { Place } from "../../shared/ipc/snapshot.ts";
import { count } from "../../shared/words/format.ts";
import { readLink } from "../editor/link.ts";
import { leaveTo, leaving } from "../keyboard/leave.ts";
import { turnOn } from "../store/actions.ts";
import { useHost, type Host } from "../store/host.tsx";
import { ask, goTo, openPalette, select, setFilter, setSearch, showDetail } from "../store/view.ts";

function turnAllOn(host: Host): void {
  const ids = (host.mirror.store.getState().snapshot?.connections ?? []).map(({ id }) => id);
  if (ids.length === 0) return;
  ask({
    title: `Turn on ${ids.length === 1 ? "1 connection" : `all ${count(ids.length, "connection")}`}?`,
    action: "Turn all on",
    run: () => {
      turnOn(host, ids);
    },
  });
}

/** Shows a place that the tray, a notification, the menu or a second start asked for. */
export function showPlace(host: Host, place: Place): void {
  switch (place.page) {
    case "connections":
      leaving(() => {
        goTo({ name: "connections" });
        if (place.select === undefined) return;
        // Whatever is filtered out could not be shown.
        setFilter("all");
        setSearch("");
        select(place.select);
        showDetail(true);
      });
      return;
    case "new": {
      const link = place.link === undefined ? null : readLink(place.link);
      const draft = link && { ...link, ...(place.name === undefined ? {} : { name: place.name }) };
      leaveTo({ name: "editor", id: null, ...(draft === null ? {} : { draft }) });
      return;
    }
    case "settings":
      leaveTo({ name: "settings", ...(place.section === undefined ? {} : { section: place.section }) });
      return;
    case "palette":
      openPalette();
      return;
    case "turn-all-on":
      turnAllOn(host);
      return;
  }
}

export function usePlaces(): void {
  const host = useHost();
  useEffect(() => host.mirror.onPlace((place) => showPlace(host, place)), [host]);
}
