// @vitest-environment jsdom
import { act, cleanup, render, screen, waitFor } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, expect, test } from "vitest";
import { UpdatesSetting } from "../../../../src/renderer/settings/updates-setting.tsx";
import { HostProvider } from "../../../../src/renderer/store/host.tsx";
import { createMirror, type Mirror } from "../../../../src/renderer/store/mirror.ts";
import { defaultSettings } from "../../../../src/shared/model/settings.ts";
import type { UpdateStatus } from "../../../../src/shared/model/update.ts";
import { failing, FakeMain, snapshotOf } from "../store/fake-main.ts";

let mirror: Mirror;
afterEach(() => {
  cleanup();
  mirror.close();
});

const update = { version: "1.5.0", size: 96_000_000 };

async function shown(status: UpdateStatus): Promise<{ readonly main: FakeMain; tell: (next: UpdateStatus) => void }> {
  const main = new FakeMain(snapshotOf([], { update: status }));
  mirror = createMirror(main);
  await waitFor(() => expect(mirror.store.getState().snapshot).not.toBeNull());
  render(
    <HostProvider host={{ bridge: main, mirror }}>
      <UpdatesSetting />
    </HostProvider>,
  );
  return { main, tell: (next) => act(() => main.send({ type: "update", update: next })) };
}

test("from a check to a restart, by the keyboard on one button", async () => {
  const user = userEvent.setup();
  const { main, tell } = await shown({ kind: "resting", checkedAt: null, error: null });
  await user.click(screen.getByRole("button", { name: "Check now" }));
  expect(main.named("check-for-update")).toHaveLength(1);
  tell({ kind: "checking", checkedAt: null });
  const button = document.activeElement;
  expect(button?.textContent).toBe("Check now");
  await user.keyboard("{Enter}");
  expect(main.named("check-for-update")).toHaveLength(1);

  tell({ kind: "available", ...update, error: null });
  expect(screen.getByRole("status", { name: "" }).textContent).toBe("1.5.0 is available");
  await user.keyboard("{Enter}");
  expect(main.named("download-update")).toHaveLength(1);
  tell({ kind: "downloading", ...update, received: 48_000_000 });
  expect(screen.getByText("50 % of 96.0 MB")).toBeTruthy();
  tell({ kind: "ready", ...update, postponed: false });
  expect(document.activeElement).toBe(button);
  await user.keyboard("{Enter}");
  expect(main.named("install-update")).toHaveLength(1);
  await user.click(screen.getByRole("button", { name: "Later" }));
  expect(main.named("postpone-update")).toHaveLength(1);
});

test("why an attempt failed stands below, and goes with the next one", async () => {
  const error = {
    code: "update-refused",
    message: "The update server offers an update with a wrong signature.",
    userAction: "Nothing was installed.",
    retryable: false,
  } as const;
  const { tell } = await shown({ kind: "resting", checkedAt: null, error });
  const reason = "The update server offers an update with a wrong signature. Nothing was installed.";
  expect(screen.getByText(reason)).toBeTruthy();
  tell({ kind: "checking", checkedAt: null });
  expect(screen.queryByText(reason)).toBeNull();
});

test("a call that is refused is shown", async () => {
  const user = userEvent.setup();
  const { main } = await shown({ kind: "ready", ...update, postponed: true });
  main.answers["install-update"] = failing({ code: "closed", message: "Culvert is ending." });
  await user.click(screen.getByRole("button", { name: "Restart to update" }));
  expect(await screen.findByText("Culvert is ending.")).toBeTruthy();
});

test("off: nothing to press, and no old failure", async () => {
  const { main } = await shown({
    kind: "resting",
    checkedAt: 5,
    error: { code: "update-failed", message: "Old.", retryable: true },
  });
  act(() => main.send({ type: "settings", settings: { ...defaultSettings, updates: "off" } }));
  expect(screen.getByText("Culvert does not look for updates")).toBeTruthy();
  expect(screen.queryByRole("button")).toBeNull();
  expect(screen.queryByText("Old.")).toBeNull();
});

test("the choice is saved at once; a copy that does not update itself has none", async () => {
  const user = userEvent.setup();
  const { main, tell } = await shown({ kind: "resting", checkedAt: null, error: null });
  await user.selectOptions(screen.getByRole("combobox", { name: "Updates" }), "Tell me only");
  expect(main.named("change-settings")).toEqual([[{ updates: "ask" }]]);
  tell({ kind: "none", why: "package-manager" });
  expect(screen.queryByRole("combobox")).toBeNull();
  expect(screen.getByText("Your system’s package manager updates it")).toBeTruthy();
});
