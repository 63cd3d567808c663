import { expect } from "vitest";
import type { Page } from "playwright-core";
import type { RunningApp } from "../host/running-app.ts";
import { axeClean } from "./axe.ts";
import { shot } from "./shot.ts";

/** Makes the desktop dark or light, and waits until the page is too. */
export async function inTheme(app: RunningApp, page: Page, theme: "light" | "dark"): Promise<void> {
  await app.setTheme(theme);
  await expect.poll(() => page.locator("html").getAttribute("data-theme")).toBe(theme);
}

/** Checks the screen as it is now in both themes; the pictures are NAME.png and NAME-dark.png. Ends in the light one. */
export async function looksRight(app: RunningApp, page: Page, name: string): Promise<void> {
  await inTheme(app, page, "dark");
  // Nothing but the colours is another in the dark.
  await axeClean(page, ["color-contrast"]);
  await shot(page, `${name}-dark`);
  await inTheme(app, page, "light");
  await axeClean(page);
  await shot(page, name);
}

/** Sets the size of what the window shows, in pixels. */
export async function resize(app: RunningApp, page: Page, width: number, height: number): Promise<void> {
  await app.evaluateMain(
    ({ BrowserWindow }, size) => {
      const [window] = BrowserWindow.getAllWindows();
      window?.setSize(size.width, size.height);
    },
    { width, height },
  );
  await expect.poll(() => page.evaluate(() => innerWidth)).toBe(width);
}
