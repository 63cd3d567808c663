/** Toolbar height of the page, which the title bar is part of on macOS and Windows (ui.md, Window and shell). */
const toolbarHeight = 48;
/** Height of macOS's traffic lights. */
const lightsHeight = 14;

export type Platform = "darwin" | "win32" | "linux";

/** Every system that is not one of the two has the habits of Linux. */
export const platformOf = (name: string): Platform => (name === "darwin" || name === "win32" ? name : "linux");

/** The window before the page has drawn anything, so that nothing flashes. */
export const backgroundOf = (dark: boolean): string => (dark ? "#15181a" : "#ffffff");

/** Where Windows draws its buttons over the page. One pixel is left to the toolbar's lower line. */
export const overlayOf = (dark: boolean): { color: string; symbolColor: string; height: number } => ({
  color: dark ? "#1b1f22" : "#f6f7f7",
  symbolColor: dark ? "#eceff1" : "#15191c",
  height: toolbarHeight - 1,
});

/** How the title bar is drawn: within the toolbar on macOS and Windows, by the desktop elsewhere. */
export function titleBarOf(platform: Platform, dark: boolean) {
  switch (platform) {
    case "darwin":
      return {
        titleBarStyle: "hiddenInset",
        trafficLightPosition: { x: 18, y: (toolbarHeight - lightsHeight) / 2 },
      } as const;
    case "win32":
      return { titleBarStyle: "hidden", titleBarOverlay: overlayOf(dark) } as const;
    case "linux":
      return {} as const;
  }
}

/** What closing the window does. A window that could not be brought back is never hidden. */
export function closeAction(state: {
  readonly quitting: boolean;
  readonly setting: "tray" | "quit";
  readonly hasTray: boolean;
  readonly platform: Platform;
}): "close" | "hide" | "minimize" | "quit" {
  if (state.quitting) return "close";
  if (state.setting === "quit") return "quit";
  // macOS brings the window back by the Dock.
  return state.hasTray || state.platform === "darwin" ? "hide" : "minimize";
}
