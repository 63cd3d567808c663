// @vitest-environment jsdom
import { cleanup, fireEvent, render, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, test } from "vitest";
import { GlobalShortcuts } from "../../../../src/renderer/keyboard/global-shortcuts.tsx";
import { guardLeaving } from "../../../../src/renderer/keyboard/leave.ts";
import { HostProvider } from "../../../../src/renderer/store/host.tsx";
import { createMirror, type Mirror } from "../../../../src/renderer/store/mirror.ts";
import { initialView, toast, useView } from "../../../../src/renderer/store/view.ts";
import { connectionOf, FakeMain, snapshotOf } from "../store/fake-main.ts";

let main: FakeMain;
let mirror: Mirror;

beforeEach(() => {
  useView.setState(initialView());
  main = new FakeMain(snapshotOf([connectionOf(1)]));
  mirror = createMirror(main);
  render(
    <HostProvider host={{ bridge: main, mirror }}>
      <GlobalShortcuts />
      <div data-pane="list">
        <input data-search="" aria-label="Search" />
      </div>
      <div data-pane="detail">
        <button type="button">first</button>
        <button type="button">second</button>
      </div>
    </HostProvider>,
  );
});
afterEach(() => {
  cleanup();
  mirror.close();
});

const key = (
  name: string,
  held: { ctrlKey?: boolean; shiftKey?: boolean } = {},
  target: Element = document.body,
): boolean => fireEvent.keyDown(target, { key: name, ...held });

test("the palette opens and closes, pages open, filters change", () => {
  key("k", { ctrlKey: true });
  expect(useView.getState().paletteOpen).toBe(true);
  key("k", { ctrlKey: true });
  expect(useView.getState().paletteOpen).toBe(false);
  key("2", { ctrlKey: true });
  expect(useView.getState().filter).toBe("on");
  key(",", { ctrlKey: true });
  expect(useView.getState().page.name).toBe("settings");
  key("n", { ctrlKey: true });
  expect(useView.getState().page).toEqual({ name: "editor", id: null });
});

test("a page with changes is asked before it is left", () => {
  let go: (() => void) | null = null;
  const stop = guardLeaving((leave) => {
    go = leave;
  });
  key(",", { ctrlKey: true });
  expect(useView.getState().page.name).toBe("connections");
  go!();
  expect(useView.getState().page.name).toBe("settings");
  stop();
});

test("/ and Ctrl+F go to the search field, where / is only a sign", () => {
  const field = document.querySelector("input")!;
  key("/");
  expect(document.activeElement).toBe(field);
  expect(key("/", {}, field)).toBe(true);
  field.blur();
  key("f", { ctrlKey: true });
  expect(document.activeElement).toBe(field);
});

test("F6 goes through the panes and comes back to where it was", () => {
  key("F6");
  expect(document.activeElement).toBe(document.querySelector("input"));
  key("F6", {}, document.activeElement!);
  expect(document.activeElement?.textContent).toBe("first");
  document.querySelectorAll("button")[1]?.focus();
  key("F6", {}, document.activeElement!);
  key("F6", { shiftKey: true }, document.activeElement!);
  expect(document.activeElement?.textContent).toBe("second");
});

test("Ctrl+Z takes the undo of the toast, else asks main for the last deletion", async () => {
  let undone = 0;
  toast({ message: "Deleted", undo: () => undone++ });
  key("z", { ctrlKey: true });
  expect(undone).toBe(1);
  expect(useView.getState().toast).toBeNull();
  key("z", { ctrlKey: true });
  await waitFor(() => expect(main.named("undo-delete")).toHaveLength(1));
});

test("nothing is heard beneath a modal layer", () => {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("open", "");
  document.body.append(dialog);
  key("n", { ctrlKey: true });
  expect(useView.getState().page.name).toBe("connections");
  dialog.remove();
});
