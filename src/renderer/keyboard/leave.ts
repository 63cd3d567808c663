import { goTo, type Page } from "../store/view.ts";

/** Called before a page is left; it calls `go` when it may be, now or after a question. */
export type LeaveGuard = (go: () => void) => void;

let guard: LeaveGuard | null = null;

/** What is asked before the page on screen is left. @returns the way to take the guard away. */
export function guardLeaving(ask: LeaveGuard): () => void {
  guard = ask;
  return () => {
    if (guard === ask) guard = null;
  };
}

/** Goes to a page, unless the page on screen holds changes that the user wants to keep. */
export function leaveTo(page: Page): void {
  leaving(() => goTo(page));
}

/** Does what would end the page on screen, when that may be. */
export function leaving(go: () => void): void {
  if (guard) guard(go);
  else go();
}
