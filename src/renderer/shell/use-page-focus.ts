import { useEffect, useRef } from "react";
import { useMirror } from "../store/host.tsx";
import { useView } from "../store/view.ts";

/** Where the keyboard goes on a page that has no place of its own for it: the list, or else what the page is about. */
const goals = ["[data-list]", "main[tabindex]"];
/** Frames in which it may still come: the list is drawn behind the rest. */
const frames = 10;

/** What had the focus among the connections, in words that find it again: the page is drawn anew when it comes back. */
interface Place {
  readonly pane: string;
  readonly name: string;
  /** The connection that the detail was about. */
  readonly selected: string | null;
}

const nameIn = (element: Element): string => element.getAttribute("aria-label") ?? element.textContent.trim();

function placeOf(element: EventTarget | null): Place | null {
  const pane = element instanceof HTMLElement ? element.closest<HTMLElement>("[data-pane]") : null;
  if (!(element instanceof HTMLElement) || pane === null) return null;
  return { pane: pane.dataset["pane"] ?? "", name: nameIn(element), selected: useView.getState().selected };
}

function findPlace({ pane, name, selected }: Place): HTMLElement | null {
  // After something was saved or deleted, the list is where the news is.
  if (name === "" || selected !== useView.getState().selected) return null;
  const within = `[data-pane="${pane}"]`;
  const elements = document.querySelectorAll<HTMLElement>(`${within}, ${within} :is(button, input, [tabindex])`);
  return [...elements].find((element) => nameIn(element) === name) ?? null;
}

/**
 * A page that goes away takes the focus with it; this gives it to the page that comes. Back among the connections it is where it
 * was when they were left. Before the first connection there is one thing to do, and Enter does it.
 */
export function usePageFocus(): void {
  const page = useView((view) => view.page.name);
  const empty = useMirror(({ snapshot }) => snapshot?.connections.length === 0);
  const what = page === "connections" && empty ? "first run" : page;
  const shown = useRef<string>("connections");
  const left = useRef<Place | null>(null);
  useEffect(() => {
    if (page !== "connections") return undefined;
    const keep = ({ target }: FocusEvent): void => {
      left.current = placeOf(target) ?? left.current;
    };
    document.addEventListener("focusin", keep);
    return () => {
      document.removeEventListener("focusin", keep);
    };
  }, [page]);
  useEffect(() => {
    if (shown.current === what) return undefined;
    shown.current = what;
    const selectors = what === "first run" ? ["main button"] : goals;
    let frame = 0;
    const seek = (framesLeft: number): void => {
      // The page itself comes first: its effects have run before this one.
      if (document.activeElement !== document.body) return;
      const before = what === "connections" && left.current !== null ? findPlace(left.current) : null;
      const goal =
        before ??
        selectors.map((selector) => document.querySelector<HTMLElement>(selector)).find((element) => element !== null);
      if (goal) goal.focus({ preventScroll: true });
      else if (framesLeft > 0) frame = requestAnimationFrame(() => seek(framesLeft - 1));
    };
    seek(frames);
    return () => cancelAnimationFrame(frame);
  }, [what]);
}
