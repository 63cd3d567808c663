/** Marks an element as a stop of F6: `data-pane="list"`. */
const paneSelector = "[data-pane]";
const focusable = "a[href], button, input, select, textarea, [tabindex]:not([tabindex='-1'])";

const lastIn = new WeakMap<Element, HTMLElement>();

const visible = (element: HTMLElement): boolean =>
  element.tabIndex >= 0 && !element.hasAttribute("disabled") && element.closest("[hidden], [inert]") === null;

/** Which pane comes next. @param current index of the pane with the focus, -1 for none. */
export const nextPane = (count: number, current: number, step: 1 | -1): number =>
  current < 0 ? (step > 0 ? 0 : count - 1) : (current + step + count) % count;

/** Moves the focus to the next pane, to where it was in it last. False where there is none. */
export function focusNextPane(step: 1 | -1): boolean {
  const panes = [...document.querySelectorAll<HTMLElement>(paneSelector)];
  const { activeElement } = document;
  const current = panes.findIndex((pane) => pane.contains(activeElement));
  const here = panes[current];
  if (here && activeElement instanceof HTMLElement) lastIn.set(here, activeElement);
  for (let tried = 0, at = current; tried < panes.length; tried += 1) {
    at = nextPane(panes.length, at, step);
    const pane = panes[at];
    if (!pane || at === current) continue;
    const last = lastIn.get(pane);
    const stops = [...pane.querySelectorAll<HTMLElement>(focusable)].filter(visible);
    const goal = last && last.isConnected && pane.contains(last) ? last : stops[0];
    if (goal) {
      goal.focus();
      return true;
    }
  }
  return false;
}

/** Marks the field that ⌘F goes to: `data-search`. */
export function focusSearch(): boolean {
  const field = document.querySelector<HTMLInputElement>("input[data-search]");
  if (!field) return false;
  field.focus();
  field.select();
  return true;
}
