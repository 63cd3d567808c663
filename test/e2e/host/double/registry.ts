import type { BrowserWindow } from "./browser-window.ts";
import type { WebContents } from "./web-contents.ts";

/** The windows that exist, oldest first. */
export const windows = new Set<BrowserWindow>();

/** The contents of these windows. */
export const allContents = new Set<WebContents>();
