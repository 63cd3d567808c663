import { act, cleanup, render } from "@testing-library/react";
import { App } from "../../../../src/renderer/app.tsx";
import { createMirror, type Mirror } from "../../../../src/renderer/store/mirror.ts";
import { initialView, useView } from "../../../../src/renderer/store/view.ts";
import type { FakeMain } from "../store/fake-main.ts";

/** Pixels of the window that is pretended: jsdom lays nothing out. */
const height = 600;
let width = 960;
let mirror: Mirror | null = null;

function pretendLayout(): void {
  const size = (name: string, get: () => number): void => {
    Object.defineProperty(HTMLElement.prototype, name, { configurable: true, get });
  };
  size("offsetHeight", () => height);
  size("offsetWidth", () => width);
  size("clientHeight", () => height);
  Object.defineProperty(HTMLElement.prototype, "scrollTo", { configurable: true, value: () => undefined });
  window.matchMedia = (query: string) =>
    ({
      matches: query.includes("max-width: 719px") && width < 720,
      addEventListener: () => undefined,
      removeEventListener: () => undefined,
    }) as unknown as MediaQueryList;
  HTMLDialogElement.prototype.showModal = function showModal() {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function close() {
    this.open = false;
  };
}

/** The whole page on a main that is told what to answer. */
export async function renderApp(main: FakeMain, windowWidth = 960): Promise<{ readonly mirror: Mirror }> {
  width = windowWidth;
  pretendLayout();
  useView.setState(initialView(), true);
  const made = createMirror(main);
  mirror = made;
  await act(async () => {
    render(<App host={{ bridge: main, mirror: made }} />);
    await Promise.resolve();
  });
  return { mirror: made };
}

export function endApp(): void {
  cleanup();
  mirror?.close();
  mirror = null;
  localStorage.clear();
}

/** News from main, and what the page makes of it. */
export const news = async (tell: () => void): Promise<void> => {
  await act(async () => {
    tell();
    await Promise.resolve();
  });
};
