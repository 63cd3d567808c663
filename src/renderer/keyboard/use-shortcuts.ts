import { useEffect, useRef } from "react";
import { ShortcutRegistry, type Shortcut, type ShortcutLayer, type Situation } from "./registry.ts";

/** The one registry of the page. */
const registry = new ShortcutRegistry();

const textTypes = /^(text|search|password|email|url|tel|number|)$/;

/** Where a key press of the page happens. */
export function situationOf(target: EventTarget | null): Situation {
  const element = target instanceof HTMLElement ? target : null;
  const typing =
    element instanceof HTMLTextAreaElement ||
    element instanceof HTMLSelectElement ||
    (element instanceof HTMLInputElement && textTypes.test(element.getAttribute("type") ?? "")) ||
    element?.isContentEditable === true;
  const onControl = element?.closest("button, a[href], summary, [role=tab], input") !== null && element !== null;
  const selection = document.getSelection()?.isCollapsed === false;
  return { typing, onControl, selection };
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  // Beneath a modal layer nothing hears keys, not even when the focus fell to the page's body.
  if (document.querySelector("dialog[open]") !== null) return;
  if (registry.press(event, situationOf(event.target))) event.preventDefault();
}

/** Starts to listen; once for the whole page. @returns the way to stop. */
export function listenForShortcuts(): () => void {
  window.addEventListener("keydown", onKeyDown);
  return () => {
    window.removeEventListener("keydown", onKeyDown);
  };
}

/** Keys of a part of the page, while it is on screen. The newest closures are what runs. */
export function useShortcuts(layer: ShortcutLayer, shortcuts: readonly Shortcut[]): void {
  const newest = useRef(shortcuts);
  useEffect(() => {
    newest.current = shortcuts;
  });
  useEffect(() => registry.add(layer, () => newest.current), [layer]);
}
