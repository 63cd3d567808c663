import { useEffect, useRef } from "react";
import { useView } from "../store/view.ts";

/** Where the keyboard goes on a page that has no place of its own for it: the list, or else what the page is about. */
const goals = ["[data-list]", "main[tabindex]", "main button"];

/** A page that goes away takes the focus with it; this gives it to the page that comes. */
export function usePageFocus(): void {
  const page = useView((view) => view.page.name);
  const shown = useRef(page);
  useEffect(() => {
    if (shown.current === page) return;
    shown.current = page;
    // The page itself comes first: its effects have run before this one.
    if (document.activeElement !== document.body) return;
    for (const goal of goals) {
      const element = document.querySelector<HTMLElement>(goal);
      if (!element) continue;
      element.focus({ preventScroll: true });
      return;
    }
  }, [page]);
}
