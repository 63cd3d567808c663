// @vitest-environment jsdom
import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test } from "vitest";
import { GlobalShortcuts } from "../../../../src/renderer/keyboard/global-shortcuts.tsx";
import { SettingsPage } from "../../../../src/renderer/settings/settings-page.tsx";
import { HostProvider } from "../../../../src/renderer/store/host.tsx";
import { createMirror, type Mirror } from "../../../../src/renderer/store/mirror.ts";
import { goTo, initialView, useView } from "../../../../src/renderer/store/view.ts";
import { defaultSettings } from "../../../../src/shared/model/settings.ts";
import { connectionOf, failing, FakeMain, idOf, snapshotOf } from "../store/fake-main.ts";

let main: FakeMain;
let mirror: Mirror;

const session = { proxy: "https://access.example", createdAt: 0, user: "ada@example", expiresAt: null, inUseBy: 1 };

beforeEach(async () => {
  useView.setState(initialView());
  main = new FakeMain(
    snapshotOf([connectionOf(1)], {
      sessions: [session],
      statuses: {
        [idOf(1)]: { kind: "connected", address: "127.0.0.1:1", since: 0, clients: 2, openedInMs: 1 },
      },
    }),
  );
  mirror = createMirror(main);
  await waitFor(() => expect(mirror.store.getState().snapshot).not.toBeNull());
  render(
    <HostProvider host={{ bridge: main, mirror }}>
      <SettingsPage />
      <GlobalShortcuts />
    </HostProvider>,
  );
});
afterEach(() => {
  cleanup();
  mirror.close();
});

const isOn = (element: HTMLElement): boolean => element.getAttribute("aria-checked") === "true";

test("a switch moves at once and stays when main agrees", async () => {
  const control = screen.getByRole("switch", { name: "Start Culvert when I sign in" });
  fireEvent.click(control);
  expect(isOn(control)).toBe(true);
  expect(main.named("change-settings")).toEqual([[{ startAtSignIn: true }]]);
  await act(() =>
    Promise.resolve(main.send({ type: "settings", settings: { ...defaultSettings, startAtSignIn: true } })),
  );
  expect(isOn(control)).toBe(true);
  // Changed elsewhere: the wish of before no longer counts.
  await act(() => Promise.resolve(main.send({ type: "settings", settings: defaultSettings })));
  expect(isOn(control)).toBe(false);
});

test("a refused change flips back and says why, until the next change", async () => {
  main.answers["change-settings"] = failing({ code: "storage-failed", message: "The disk is full." });
  const dark = screen.getByRole("radio", { name: "Dark" });
  fireEvent.click(dark);
  expect(isOn(dark)).toBe(true);
  const reason = await screen.findByText("The disk is full.");
  expect(isOn(dark)).toBe(false);
  const group = screen.getByRole("radiogroup", { name: "Theme" });
  expect(document.getElementById(group.getAttribute("aria-describedby") ?? "")?.contains(reason)).toBe(true);
  delete main.answers["change-settings"];
  fireEvent.click(dark);
  expect(screen.queryByText("The disk is full.")).toBeNull();
});

test("of two quick changes the last one counts, even if the first is refused late", async () => {
  let refuse: () => void = () => undefined;
  main.answers["change-settings"] = () =>
    new Promise((_resolve, reject) => {
      refuse = () => {
        reject(new Error("late"));
      };
    });
  fireEvent.click(screen.getByRole("radio", { name: "Dark" }));
  const refuseFirst = refuse;
  main.answers["change-settings"] = () => undefined;
  fireEvent.click(screen.getByRole("radio", { name: "Light" }));
  await act(() => Promise.resolve(refuseFirst()));
  expect(isOn(screen.getByRole("radio", { name: "Light" }))).toBe(true);
});

test("the browser's command applies when it is left, not with every letter", async () => {
  const user = userEvent.setup();
  await user.selectOptions(screen.getByRole("combobox", { name: "Browser for signing in" }), "A command");
  await user.type(screen.getByLabelText("Command that opens the sign-in page"), "firefox -P work");
  expect(main.named("change-settings")).toEqual([]);
  await user.tab();
  expect(main.named("change-settings")).toEqual([[{ browserCommand: "firefox -P work" }]]);
});

test("the palette's shortcut is recorded from its keys", async () => {
  const user = userEvent.setup();
  await user.click(screen.getByRole("button", { name: "Shortcut for the command palette: None" }));
  fireEvent.keyDown(document.activeElement!, { key: "k" });
  expect(screen.getByText("Hold Ctrl, Alt or ⌘ with it")).toBeTruthy();
  fireEvent.keyDown(document.activeElement!, { key: "k", ctrlKey: true, shiftKey: true });
  expect(main.named("change-settings")).toEqual([[{ paletteShortcut: "Control+Shift+K" }]]);
  expect(screen.getByRole("button", { name: "Shortcut for the command palette: Ctrl+Shift+K" })).toBeTruthy();
});

test("signing out keeps clients and says so; proxies that were not told stay on screen", async () => {
  const user = userEvent.setup();
  const reason = { code: "no-answer", message: "access.example did not answer.", retryable: true } as const;
  main.answers["sign-out"] = () => [{ proxy: "https://access.example", reason }];
  await user.click(screen.getByRole("button", { name: "Sign out of access.example" }));
  expect(useView.getState().toast?.message).toBe("Signed out of access.example. 2 clients stay until they close.");
  expect(screen.getByText(/^The session may go on at access\.example: access\.example did not answer\. /)).toBeTruthy();
  act(() => main.send({ type: "sessions", sessions: [] }));
  expect(document.activeElement).toBe(screen.getByText(/^Not signed in anywhere/));
  expect(screen.getByText(/^The session may go on at access\.example: access\.example did not answer\. /)).toBeTruthy();
});

test("signing out everywhere asks first; an ended session offers to sign in", async () => {
  const user = userEvent.setup();
  await user.click(screen.getByRole("button", { name: "Sign out everywhere…" }));
  expect(main.named("sign-out")).toEqual([]);
  await user.click(screen.getByRole("button", { name: "Sign out" }));
  expect(main.named("sign-out")).toEqual([[null]]);
  act(() => main.send({ type: "sessions", sessions: [{ ...session, expiresAt: 1 }] }));
  await user.click(screen.getByRole("button", { name: "Sign in to access.example" }));
  expect(main.named("sign-in")).toEqual([["https://access.example"]]);
});

test("a click on the navigation makes that part the current one; Escape goes back to the list", async () => {
  const user = userEvent.setup();
  expect(document.activeElement).toBe(screen.getByRole("button", { name: "General" }));
  await user.click(screen.getByRole("button", { name: "Notifications" }));
  expect(screen.getByRole("button", { name: "Notifications" }).getAttribute("aria-current")).toBe("true");
  expect(screen.getByRole("button", { name: "General" }).getAttribute("aria-current")).toBeNull();
  act(() => goTo({ name: "settings" }));
  await user.keyboard("{Escape}");
  expect(useView.getState().page.name).toBe("connections");
});
