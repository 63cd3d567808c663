import { useView } from "../store/view.ts";
import { leaveTo } from "./leave.ts";
import { focusSearch } from "./panes.ts";

/** Shows the list and puts the cursor in its search field. */
export function goToSearch(): void {
  if (focusSearch()) return;
  const stop = useView.subscribe(({ page }) => {
    if (page.name !== "connections") return;
    stop();
    // The field is there with the next frame.
    requestAnimationFrame(() => focusSearch());
  });
  leaveTo({ name: "connections" });
  // Kept back by a page with changes: a later visit to the list is none of ⌘F's doing.
  if (useView.getState().page.name !== "connections") stop();
}
