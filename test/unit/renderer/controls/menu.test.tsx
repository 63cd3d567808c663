// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { MenuButton, SplitButton } from "../../../../src/renderer/controls/menu-button.tsx";
import type { MenuItem } from "../../../../src/renderer/controls/menu.tsx";
import { place } from "../../../../src/renderer/controls/place.ts";
import { Typeahead } from "../../../../src/renderer/controls/typeahead.ts";

afterEach(cleanup);

const chosen: string[] = [];
const item = (label: string): MenuItem => ({ label, onSelect: () => chosen.push(label) });
const items = [item("Copy address"), item("Copy port"), "separator", item("Delete")] as const;
const button = (): HTMLElement => screen.getByRole("button", { name: "More" });
const focused = (): string | null | undefined => document.activeElement?.textContent;

function show(onRow: () => void = () => undefined): void {
  chosen.length = 0;
  render(
    <div onClick={onRow} onKeyDown={onRow}>
      <MenuButton label="More" icon="more" items={items} />
    </div>,
  );
}

test("arrows, Home, End and letters move, and go around", async () => {
  const user = userEvent.setup();
  show();
  await user.click(button());
  expect(button().getAttribute("aria-expanded")).toBe("true");
  expect(focused()).toBe("Copy address");
  await user.keyboard("{ArrowDown}");
  expect(focused()).toBe("Copy port");
  await user.keyboard("{End}{ArrowDown}");
  expect(focused()).toBe("Copy address");
  await user.keyboard("{ArrowUp}");
  expect(focused()).toBe("Delete");
  await user.keyboard("c");
  expect(focused()).toBe("Copy address");
});

test("Enter chooses, closes and gives the focus back, and the row below hears none of it", async () => {
  const user = userEvent.setup();
  const onRow = vi.fn();
  show(onRow);
  button().focus();
  await user.keyboard("{ArrowDown}");
  onRow.mockClear();
  await user.keyboard("{ArrowDown}{Enter}");
  expect(chosen).toEqual(["Copy port"]);
  expect(screen.queryByRole("menu")).toBeNull();
  expect(document.activeElement).toBe(button());
  expect(onRow).not.toHaveBeenCalled();
});

test.each([
  ["Escape", () => fireEvent.keyDown(document.activeElement!, { key: "Escape" })],
  ["Tab", () => fireEvent.keyDown(document.activeElement!, { key: "Tab" })],
  ["a press outside", () => fireEvent.pointerDown(document.body)],
  ["a window without focus", () => fireEvent.blur(window)],
  ["scrolling", () => fireEvent.scroll(document)],
])("%s closes it without a choice", (_how, close) => {
  show();
  fireEvent.click(button());
  close();
  expect(screen.queryByRole("menu")).toBeNull();
  expect(chosen).toEqual([]);
  expect(document.activeElement === button() || document.activeElement === document.body).toBe(true);
});

test("a second click on the button closes it, and does not open it again", async () => {
  const user = userEvent.setup();
  show();
  await user.click(button());
  await user.click(button());
  expect(screen.queryByRole("menu")).toBeNull();
});

test("a split button does the usual thing, its menu the others", async () => {
  const user = userEvent.setup();
  const usual = vi.fn();
  render(
    <SplitButton onClick={usual} menuLabel="Copy as" items={[item("Copy host")]}>
      Copy
    </SplitButton>,
  );
  await user.click(screen.getByRole("button", { name: "Copy" }));
  expect(usual).toHaveBeenCalledTimes(1);
  chosen.length = 0;
  await user.click(screen.getByRole("button", { name: "Copy as" }));
  await user.click(screen.getByRole("menuitem", { name: "Copy host" }));
  expect(chosen).toEqual(["Copy host"]);
});

test("a popup stays on the page: below, else above, never over an edge", () => {
  const page = { width: 500, height: 400 };
  const popup = { width: 200, height: 100 };
  const at = (left: number, top: number) => ({ left, top, right: left + 20, bottom: top + 20 });
  expect(place(at(50, 50), popup, page, "start")).toEqual({ left: 50, top: 74 });
  expect(place(at(300, 50), popup, page, "end")).toEqual({ left: 120, top: 74 });
  expect(place(at(450, 350), popup, page, "start")).toEqual({ left: 292, top: 246 });
  expect(place(at(0, 0), { width: 600, height: 600 }, page, "start")).toEqual({ left: 8, top: 8 });
});

test("letters in one go are a word, the same letter goes on, a pause starts again", () => {
  const labels = ["Copy address", "Copy port", "Connect", "Delete"];
  const typed = new Typeahead();
  expect(typed.find("c", labels, -1, 0)).toBe(0);
  expect(typed.find("o", labels, 0, 100)).toBe(0);
  expect(typed.find("n", labels, 0, 200)).toBe(2);
  expect(typed.find("c", labels, 2, 2_000)).toBe(0);
  expect(typed.find("c", labels, 0, 2_100)).toBe(1);
  expect(typed.find("x", labels, 1, 9_000)).toBe(-1);
});
