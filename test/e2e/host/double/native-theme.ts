import { EventEmitter } from "node:events";
import { knownEvents, loudClass } from "./loud.ts";
import { allContents } from "./registry.ts";

class NativeTheme
  extends EventEmitter
  implements
    Pick<
      Electron.NativeTheme,
      | "themeSource"
      | "shouldUseDarkColors"
      | "shouldUseHighContrastColors"
      | "shouldUseInvertedColorScheme"
      | "shouldUseDarkColorsForSystemIntegratedUI"
      | "prefersReducedTransparency"
      | "inForcedColorsMode"
    >
{
  readonly shouldUseHighContrastColors = false;
  readonly shouldUseInvertedColorScheme = false;
  readonly prefersReducedTransparency = false;
  readonly inForcedColorsMode = false;
  #source: "system" | "light" | "dark" = "system";

  get themeSource(): "system" | "light" | "dark" {
    return this.#source;
  }

  set themeSource(source: "system" | "light" | "dark") {
    if (!["system", "light", "dark"].includes(source))
      throw new TypeError(`Error processing argument: ${String(source)}`);
    if (source === this.#source) return;
    this.#source = source;
    for (const contents of allContents) contents.showTheme();
    this.emit("updated");
  }

  /** The desktop of the stand-in is light. */
  get shouldUseDarkColors(): boolean {
    return this.#source === "dark";
  }

  get shouldUseDarkColorsForSystemIntegratedUI(): boolean {
    return false;
  }
}
knownEvents("nativeTheme", NativeTheme, ["updated"]);
loudClass("nativeTheme", NativeTheme);

export const nativeTheme = new NativeTheme();
