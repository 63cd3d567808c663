// @vitest-environment jsdom
import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Segmented } from "../../../../src/renderer/controls/segmented.tsx";
import { startNoteWords } from "../../../../src/renderer/settings/catalog.ts";
import { SettingsPage } from "../../../../src/renderer/settings/settings-page.tsx";
import { HostProvider } from "../../../../src/renderer/store/host.tsx";
import { createMirror, type Mirror } from "../../../../src/renderer/store/mirror.ts";
import { initialView, useView } from "../../../../src/renderer/store/view.ts";
import { nothingOutside } from "../../../../src/shared/model/outside.ts";
import { everythingAllowed } from "../../../../src/shared/model/policy.ts";
import { settingsSchema, type Settings } from "../../../../src/shared/model/settings.ts";
import { FakeMain, snapshotOf } from "../store/fake-main.ts";

let main: FakeMain;
let mirror: Mirror;
beforeEach(async () => {
  useView.setState(initialView());
  const locked = Object.keys(settingsSchema.entries) as (keyof Settings)[];
  main = new FakeMain(
    snapshotOf([], {
      outside: { managed: { locked, rules: everythingAllowed }, startNote: "off-in-system" },
      update: { kind: "resting", checkedAt: null, error: null },
    }),
  );
  mirror = createMirror(main);
  await waitFor(() => expect(mirror.store.getState().snapshot).not.toBeNull());
  render(
    <HostProvider host={{ bridge: main, mirror }}>
      <SettingsPage />
    </HostProvider>,
  );
});
afterEach(() => {
  cleanup();
  mirror.close();
});

test("every setting that is locked says so, and no control of it does anything", () => {
  const marks = screen.getAllByText("Managed by your organisation");
  expect(marks).toHaveLength(Object.keys(settingsSchema.entries).length);
  for (const control of [...screen.getAllByRole("switch"), ...screen.getAllByRole("radio")]) {
    expect(control.getAttribute("aria-disabled")).toBe("true");
    fireEvent.click(control);
  }
  for (const group of screen.getAllByRole("radiogroup")) fireEvent.keyDown(group, { key: "ArrowRight" });
  for (const menu of screen.getAllByRole<HTMLSelectElement>("combobox")) expect(menu.disabled).toBe(true);
  const shortcut = screen.getByRole("button", { name: "Shortcut for the command palette: None" });
  fireEvent.click(shortcut);
  expect(shortcut.getAttribute("aria-pressed")).toBe("false");
  expect(main.named("change-settings")).toEqual([]);
  // The reason belongs to the control, for those who do not see the two side by side.
  for (const control of [...screen.getAllByRole("switch"), ...screen.getAllByRole("combobox"), shortcut]) {
    const ids = (control.getAttribute("aria-describedby") ?? "").split(" ");
    expect(ids.map((id) => document.getElementById(id)?.textContent)).toContain("Managed by your organisation");
  }
});

test("opening the page has main look at what was decided outside, and what it finds is shown", async () => {
  expect(main.named("look-outside")).toEqual([[]]);
  expect(screen.getByText("It was turned off in your desktop’s settings")).toBeTruthy();
  await act(() => Promise.resolve(main.send({ type: "outside", outside: nothingOutside })));
  expect(screen.queryByText("Managed by your organisation")).toBeNull();
  expect(screen.queryByText(/^It was turned off/)).toBeNull();
  fireEvent.click(screen.getByRole("switch", { name: "Start Culvert when I sign in" }));
  expect(main.named("change-settings")).toHaveLength(1);
});

test("each system’s place for what starts is named", () => {
  expect(startNoteWords("off-in-system", "win32")).toBe("It was turned off in Windows’ startup apps");
  expect(startNoteWords("off-in-system", "darwin")).toBe("It was turned off in System Settings");
  expect(startNoteWords("needs-approval", "darwin")).toBe("Allow Culvert in System Settings, General, Login Items");
});

test("the arrows pass over what cannot be chosen", () => {
  cleanup();
  const onChange = vi.fn();
  const options = [
    { value: "a", label: "A" },
    { value: "b", label: "B", disabled: true },
    { value: "c", label: "C" },
  ];
  render(<Segmented label="Letters" options={options} value="a" onChange={onChange} />);
  const group = screen.getByRole("radiogroup", { name: "Letters" });
  fireEvent.keyDown(group, { key: "ArrowRight" });
  fireEvent.click(screen.getByRole("radio", { name: "B" }));
  fireEvent.keyDown(group, { key: "ArrowLeft" });
  expect(onChange.mock.calls).toEqual([["c"], ["c"]]);
});
