import { useEffect, useSyncExternalStore } from "react";
import type { Settings } from "../../shared/model/settings.ts";
import { useMirror } from "../store/host.tsx";

function listenTo(query: string) {
  return (listener: () => void): (() => void) => {
    const list = matchMedia(query);
    list.addEventListener("change", listener);
    return () => {
      list.removeEventListener("change", listener);
    };
  };
}

const wantsDark = "(prefers-color-scheme: dark)";
const narrow = "(max-width: 719px)";
const listenToDark = listenTo(wantsDark);
const listenToNarrow = listenTo(narrow);

/** True in a window that has room for one pane only. */
export const useOnePane = (): boolean => useSyncExternalStore(listenToNarrow, () => matchMedia(narrow).matches);

export const themeOf = (setting: Settings["theme"], dark: boolean): "light" | "dark" =>
  setting === "system" ? (dark ? "dark" : "light") : setting;

/** Puts the theme and the platform on the page's root, where the styles look for them. */
export function usePageAttributes(): void {
  const dark = useSyncExternalStore(listenToDark, () => matchMedia(wantsDark).matches);
  const setting = useMirror(({ snapshot }) => snapshot?.settings.theme ?? "system");
  const platform = useMirror(({ snapshot }) => snapshot?.host.platform);
  useEffect(() => {
    document.documentElement.dataset["theme"] = themeOf(setting, dark);
  }, [setting, dark]);
  useEffect(() => {
    if (platform !== undefined) document.documentElement.dataset["platform"] = platform;
  }, [platform]);
}
