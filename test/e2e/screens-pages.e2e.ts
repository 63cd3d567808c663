import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { launchApp } from "./host/launch.ts";
import { startHalden } from "./support/halden.ts";
import { choose, rowOf, rowSays, switchOf } from "./support/list.ts";
import { folderWith, saved } from "./support/store-files.ts";
import { useTunnel } from "./support/stream.ts";
import { looksRight, resize } from "./support/themes.ts";

test("the editor: plain, with a warning for what is not verified, with errors, and narrow", async () => {
  const { app, page } = await startHalden();
  await page.keyboard.press("Control+n");
  await page.getByRole("heading", { level: 1, name: "New connection" }).waitFor();
  await page.getByRole("textbox", { name: "Name" }).fill("Invoices Postgres");
  await page.getByRole("textbox", { name: "Destination" }).fill("pg-invoices.prod.halden.example:5432");
  await page.getByRole("textbox", { name: "Local address" }).fill("5440");
  const preview = page.getByRole("complementary", { name: "Preview" });
  await preview.getByText("psql -h 127.0.0.1 -p 5440").waitFor();
  await preview.getByText("Nothing wrong has been found").waitFor();
  await looksRight(app, page, "editor-plain");

  await page.getByRole("button", { name: "Cancel" }).click();
  const leave = page.getByRole("dialog", { name: "Leave without saving?" });
  await leave.waitFor();
  await looksRight(app, page, "dialog-leave");
  await leave.getByRole("button", { name: "Leave" }).click();

  await choose(page, "Staging MongoDB");
  await page.keyboard.press("Control+e");
  await page.getByRole("heading", { level: 1, name: "Edit Staging MongoDB" }).waitFor();
  await page
    .getByText("Anyone on the network path can read and change this traffic. Use it only for a short test.")
    .waitFor();
  await looksRight(app, page, "editor-advanced");
  await page.keyboard.press("Escape");

  await choose(page, "Warehouse ClickHouse");
  await page.keyboard.press("Control+e");
  await page.getByRole("textbox", { name: "Destination" }).fill("clickhouse.dwh.halden.example");
  await page.getByRole("textbox", { name: "Pomerium URL" }).fill("access.dwh.halden.example");
  await page.keyboard.press("Control+s");
  await page.getByText("2 fields need attention").waitFor();
  const destination = page.getByRole("textbox", { name: "Destination" });
  await expect.poll(() => destination.evaluate((field) => field === document.activeElement)).toBe(true);
  expect(await destination.getAttribute("aria-invalid")).toBe("true");
  expect(await page.getByRole("main").innerText()).toMatch(
    /Add a port, for example clickhouse\.dwh\.halden\.example:5432/,
  );
  expect(await page.getByRole("main").innerText()).toMatch(/Start with https:\/\//);
  await looksRight(app, page, "editor-errors");
  await resize(app, page, 480, 640);
  await looksRight(app, page, "editor-480");
});

test("the settings, with a session that is in use", async () => {
  const { app, page, ports, signIn } = await startHalden();
  await page.keyboard.press("Control+,");
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  await page.getByText("Not signed in anywhere. Culvert signs in when a connection needs it.").waitFor();
  await looksRight(app, page, "settings-top");
  await page.keyboard.press("Escape");

  await switchOf(page, "Orders Postgres").click();
  await rowSays(page, "Orders Postgres", "listening");
  await useTunnel(ports.orders);
  await signIn();
  await rowSays(page, "Orders Postgres", "1 client");
  await page
    .getByRole("contentinfo")
    .getByRole("button", { name: /^access\.halden\.example signed in/ })
    .click();
  const row = page.getByRole("row", { name: /access\.halden\.example/ });
  await row.getByText("ada@halden.example").waitFor();
  await row.getByText("in 5 h 48 min").waitFor();
  await row.getByRole("cell", { name: "1 connection", exact: true }).waitFor();
  const navigation = page.getByRole("navigation", { name: "Settings" });
  await expect
    .poll(() => navigation.getByRole("button", { name: "Sessions" }).getAttribute("aria-current"))
    .toBe("true");
  await looksRight(app, page, "settings-sessions");
  await page.getByRole("button", { name: "Sign out everywhere…" }).click();
  await page.getByRole("dialog", { name: "Sign out everywhere?" }).waitFor();
  await looksRight(app, page, "dialog-sign-out");
  await page.getByRole("button", { name: "Cancel" }).click();

  await navigation.getByRole("button", { name: "About" }).click();
  await looksRight(app, page, "settings-end");
  await navigation.getByRole("button", { name: "General" }).click();
  await resize(app, page, 480, 640);
  await looksRight(app, page, "settings-480");
});

test("the command palette, menus, questions and several at once", async () => {
  const { app, page, ports, signIn } = await startHalden();
  await switchOf(page, "Orders Postgres").click();
  await rowSays(page, "Orders Postgres", "listening");
  await useTunnel(ports.orders);
  await signIn();
  await rowSays(page, "Orders Postgres", "1 client");
  await choose(page, "Orders Postgres");

  await page.keyboard.press("Control+k");
  const palette = page.getByRole("combobox", { name: "Find a connection or a command" });
  await page.getByRole("option", { name: /New connection/ }).waitFor();
  await looksRight(app, page, "palette-empty");
  await palette.fill("xyz");
  await page.getByText("Nothing matches “xyz”.").waitFor();
  await looksRight(app, page, "palette-nothing");
  await page.keyboard.press("Escape");

  await rowOf(page, "Orders Postgres").click({ button: "right", position: { x: 60, y: 20 } });
  await page.getByRole("menuitem", { name: /^Turn off/ }).waitFor();
  expect((await page.getByRole("menuitem").allInnerTexts()).map((text) => text.split("\n")[0])).toEqual([
    "Turn off",
    "Copy address",
    "Copy port",
    "Copy command",
    "Unpin",
    "Edit",
    "Duplicate",
    "Delete",
  ]);
  await looksRight(app, page, "menu");
  await page.getByRole("menuitem", { name: /^Delete/ }).click();
  await page.getByRole("dialog", { name: "Delete Orders Postgres?" }).waitFor();
  await page.getByText("1 client is connected and will be cut off.").waitFor();
  await looksRight(app, page, "dialog-delete");
  await page.getByRole("button", { name: "Cancel" }).click();

  await rowOf(page, "Session Redis").click({ modifiers: ["Control"], position: { x: 60, y: 20 } });
  await rowOf(page, "Jump host").click({ modifiers: ["Control"], position: { x: 60, y: 20 } });
  await page.getByRole("heading", { level: 1, name: "3 selected, 1 on" }).waitFor();
  await looksRight(app, page, "several");

  const search = page.getByRole("searchbox", { name: "Search connections" });
  await search.fill("pgx");
  await page.getByText("Nothing matches “pgx”. Search looks at names, hosts, ports and tags.").waitFor();
  await looksRight(app, page, "search-nothing");
  await page.getByRole("button", { name: "Clear search" }).click();
  await page.getByRole("radio", { name: /Attention/ }).click();
  await page.getByText("Nothing needs your attention.").waitFor();
  await looksRight(app, page, "attention-nothing");
});

test("notices of the app itself, and a list of which nothing is selected", async () => {
  const folder = folderWith([saved({ name: "Cache", destination: "cache.halden.example:6379" })]);
  writeFileSync(path.join(folder, "settings.json"), "{ this is no JSON");
  const app = await launchApp({ userData: folder, keyring: "none" });
  const page = await app.window();
  await page.getByText("The system keychain is not available. You will sign in again after quitting.").waitFor();
  await page.getByText(/^Your settings could not be read\. A copy was kept as settings.+\.json and /).waitFor();
  await page.getByText(/^Select a connection, or press/).waitFor();
  await looksRight(app, page, "notices");
});
