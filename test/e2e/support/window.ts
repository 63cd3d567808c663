import { randomUUID } from "node:crypto";
import type { Locator, Page } from "playwright-core";
import { emptyConnectionInput, type ConnectionInput } from "../../../src/shared/model/connection.ts";
import type { RunningApp } from "../host/running-app.ts";
import { axeClean } from "./axe.ts";
import { shot } from "./shot.ts";
import { openDetail } from "./turned-on.ts";
import type { ProxyWorld } from "./with-proxy.ts";

export const field = (page: Page, name: string): Locator => page.getByRole("textbox", { name, exact: true });
export const button = (page: Page, name: string): Locator => page.getByRole("button", { name, exact: true });
/** The question that is asked in the window. */
export const dialog = (page: Page): Locator => page.getByRole("dialog");

/** Presses a button of the question. */
export async function answer(page: Page, name: string): Promise<void> {
  await dialog(page).getByRole("button", { name, exact: true }).click();
  await dialog(page).waitFor({ state: "detached" });
}

/** What a screen reader says of a field beyond its name. */
export const description = (locator: Locator): Promise<string> =>
  locator.evaluate((element) =>
    (element.getAttribute("aria-describedby") ?? "")
      .split(" ")
      .map((id) => document.getElementById(id)?.textContent ?? "")
      .join(" "),
  );

export const isFocused = (locator: Locator): Promise<boolean> =>
  locator.evaluate((element) => element === document.activeElement);

/** The names of the rows, from top to bottom. */
export const rowNames = (page: Page): Promise<readonly string[]> =>
  page.getByRole("grid", { name: "Connections" }).locator(".row-name").allTextContents();

/** Opens the editor of a connection by the keys. */
export async function openEditor(page: Page, name: string): Promise<void> {
  await openDetail(page, name);
  await page.keyboard.press("Control+E");
  await page.getByRole("heading", { name: `Edit ${name}` }).waitFor();
}

/** Checks what is on screen, and keeps a picture of it. */
export async function looked(page: Page, name: string): Promise<void> {
  await axeClean(page);
  await shot(page, name);
}

/** The same in both themes. */
export async function lookedInBoth(app: RunningApp, page: Page, name: string): Promise<void> {
  const dark = (wanted: boolean): Promise<unknown> =>
    page.waitForFunction((is) => matchMedia("(prefers-color-scheme: dark)").matches === is, wanted);
  await looked(page, name);
  await app.setTheme("dark");
  await dark(true);
  await looked(page, `${name}-dark`);
  await app.setTheme("light");
  await dark(false);
}

/** A connection to the Redis of this world that signs in by itself. */
export const signedIn = (world: ProxyWorld, changes: Partial<ConnectionInput> = {}): ConnectionInput =>
  world.connection({
    auth: { kind: "token", token: { kind: "set", value: world.proxy.control.issueJwt() } },
    ...changes,
  });

/** A connection that leads nowhere: to be looked at, or turned on without a client. */
export const unconnected = (name: string, changes: Partial<ConnectionInput> = {}): ConnectionInput => ({
  ...emptyConnectionInput(randomUUID()),
  name,
  destination: `${name.toLowerCase().replaceAll(" ", "-")}.corp.test:5432`,
  ...changes,
});
