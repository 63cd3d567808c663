import { randomUUID } from "node:crypto";
import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { emptyConnectionInput, type ConnectionInput } from "../../../src/shared/model/connection.ts";
import { boundAddressOf, offStatus, type ConnectionStatus } from "../../../src/shared/model/status.ts";
import { splitDestination } from "../../../src/shared/words/connection.ts";
import { axeClean } from "./axe.ts";
import { callMain } from "./call.ts";
import { choose } from "./list.ts";
import { shot } from "./shot.ts";
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

/** The status as the main process has it now. */
export async function statusOf(page: Page, id: string): Promise<ConnectionStatus> {
  return (await callMain(page, "snapshot")).statuses[id] ?? offStatus;
}

/** The local port of a connection, once it is open. */
export async function openPort(page: Page, id: string): Promise<number> {
  const port = async (): Promise<number> =>
    Number(splitDestination(boundAddressOf(await statusOf(page, id)) ?? "").port.slice(1));
  await expect.poll(port, { timeout: 5_000 }).toBeGreaterThan(0);
  return await port();
}

/** Opens the editor of a connection by the keys. */
export async function openEditor(page: Page, name: string): Promise<void> {
  await choose(page, name);
  await page.keyboard.press("Control+E");
  await page.getByRole("heading", { name: `Edit ${name}` }).waitFor();
}

/** Checks what is on screen, and keeps a picture of it. */
export async function looked(page: Page, name: string): Promise<void> {
  await axeClean(page);
  await shot(page, name);
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
