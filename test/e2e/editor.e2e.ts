import { expect, test } from "vitest";
import type { Locator } from "playwright-core";
import { launchApp } from "./host/launch.ts";
import { axeClean } from "./support/axe.ts";
import { callMain } from "./support/call.ts";
import { looksRight } from "./support/themes.ts";
import { saveAll } from "./support/turned-on.ts";
import {
  answer,
  button,
  description,
  dialog,
  field,
  isFocused,
  looked,
  openEditor,
  rowNames,
  unconnected,
} from "./support/window.ts";

/** What is said below a field. */
const says = (locator: Locator): ReturnType<typeof expect.poll<string>> => expect.poll(() => description(locator));

test("what is wrong with a field is said on leaving it, never while typing, and goes as it is put right", async () => {
  const app = await launchApp();
  const page = await app.window();
  await button(page, "New connection").first().click();
  const destination = field(page, "Destination");
  await destination.pressSequentially("pg.corp.test");
  // The main process has looked by then, which must not bring it up either.
  await page.getByText("Nothing wrong has been found").waitFor();
  expect(await destination.getAttribute("aria-invalid")).toBe(null);
  await destination.blur();
  await says(destination).toBe("Add a port, for example pg.corp.test:5432");
  expect(await destination.getAttribute("aria-invalid")).toBe("true");
  await destination.press("End");
  await destination.pressSequentially(":5432");
  await says(destination).toBe("");
  expect(await destination.getAttribute("aria-invalid")).toBe(null);

  const wrong = async (name: string, text: string, message: string): Promise<void> => {
    await field(page, name).fill(text);
    await field(page, name).blur();
    await says(field(page, name)).toBe(message);
  };
  await wrong("Destination", "", "Enter a destination, for example pg.example.com:5432");
  await wrong("Destination", "pg.corp.test:70000", "The port must be from 1 to 65535");
  await wrong("Destination", "2001:db8::1:5432", "Put IPv6 in brackets, for example [2001:db8::1]:5432");
  await page.getByRole("button", { name: /^Advanced/ }).click();
  await wrong("Pomerium URL", "https://access.corp.test/tcp", "Leave out the path after the host");
  await field(page, "Pomerium URL").fill("access.corp.test");
  await field(page, "Pomerium URL").blur();
  await says(field(page, "Pomerium URL")).toMatch(/^Start with https:\/\//);
  await looksRight(app, page, "editor-errors");

  // Warnings are said, and stop nothing.
  await field(page, "Pomerium URL").fill("");
  await field(page, "Destination").fill("pg.corp.test:5432");
  await field(page, "Local address").fill("203.0.113.7:5432");
  await field(page, "Local address").blur();
  await says(field(page, "Local address")).toContain("This is not an address of this computer");
  await field(page, "Local address").fill("0.0.0.0:15432");
  await field(page, "Local address").blur();
  await says(field(page, "Local address")).toContain("Other computers on your network can use this port.");
  await page.keyboard.press("Control+S");
  await page.getByRole("row", { name: /^pg\.corp\.test, off, :15432$/ }).waitFor();
  await page.getByRole("row").getByText("Network").waitFor();
});

test("Save says how many fields need attention and goes to the first", async () => {
  const app = await launchApp();
  const page = await app.window();
  await button(page, "New connection").first().waitFor();
  await page.keyboard.press("Control+N");
  await field(page, "Name").waitFor();
  await button(page, "Save").click();
  await page.getByRole("status").getByText("1 field needs attention", { exact: true }).waitFor();
  expect(await isFocused(field(page, "Destination"))).toBe(true);
  await says(field(page, "Destination")).toBe("Enter a destination, for example pg.example.com:5432");

  // A field in the part that is closed: it opens.
  await page.getByRole("button", { name: /^Advanced/ }).click();
  await page.getByRole("radio", { name: "Service account token" }).click();
  await page.getByRole("button", { name: /^Advanced/ }).click();
  await button(page, "Save and turn on").click();
  await page.getByRole("status").getByText("2 fields need attention", { exact: true }).waitFor();
  await field(page, "Destination").fill("pg.corp.test:5432");
  await page.getByRole("status").getByText("1 field needs attention", { exact: true }).waitFor();
  await page.keyboard.press("Control+S");
  await expect.poll(() => isFocused(page.getByLabel("Service account token", { exact: true }).last())).toBe(true);
  await axeClean(page);
  expect((await callMain(page, "snapshot")).connections).toEqual([]);
});

test("a pasted link fills in destination and Pomerium URL, and says so", async () => {
  const app = await launchApp();
  const page = await app.window();
  await button(page, "New connection").first().waitFor();
  await page.keyboard.press("Control+N");
  const destination = field(page, "Destination");
  // Copied with a line break in it, as from a page.
  const link = "tcp+https://access.corp.test:8443/\n pg-orders.corp.test:5432";
  await destination.focus();
  await destination.evaluate((element, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, link);
  await expect.poll(() => destination.inputValue()).toBe("pg-orders.corp.test:5432");
  await says(destination).toBe("Filled from the link");
  // What it changed there is in sight.
  await page.getByRole("button", { name: /^Advanced/, expanded: true }).waitFor();
  expect(await field(page, "Pomerium URL").inputValue()).toBe("https://access.corp.test:8443");
  await looked(page, "editor-link");
  await destination.fill("pg-orders.corp.test:5433");
  await says(destination).toBe("");

  // Typed, it is read on leaving; without a proxy in it there is none to fill in.
  await destination.fill("tcp+https://redis.corp.test:6379");
  await destination.blur();
  await expect.poll(() => destination.inputValue()).toBe("redis.corp.test:6379");
  expect(await field(page, "Pomerium URL").inputValue()).toBe("");
  await button(page, "Save").click();
  await page.getByRole("row", { name: /^redis\.corp\.test, off/ }).waitFor();
});

test("leaving the editor with changes asks, whatever the way out", async () => {
  const app = await launchApp();
  const page = await app.window();
  await saveAll(page, [unconnected("Alpha")]);
  await openEditor(page, "Alpha");
  // Nothing changed: nothing asked.
  await page.keyboard.press("Escape");
  await page.getByRole("heading", { name: "Alpha", level: 1 }).waitFor();

  await openEditor(page, "Alpha");
  await field(page, "Name").fill("Beta");
  await page.keyboard.press("Escape");
  await dialog(page).getByRole("heading", { name: "Leave without saving?" }).waitFor();
  await looked(page, "editor-leave");
  await answer(page, "Keep editing");
  await dialog(page).waitFor({ state: "detached" });
  expect(await field(page, "Name").inputValue()).toBe("Beta");

  const ways: readonly (() => Promise<void>)[] = [
    () => button(page, "Cancel").click(),
    () => button(page, "Connections").click(),
    () => page.keyboard.press("Control+N"),
    () => app.clickTray(["Settings…"]),
    () => app.clickTray(["Recent", "Alpha"]).catch(() => app.clickTray(["New connection…"])),
  ];
  for (const leave of ways) {
    await leave();
    await dialog(page).getByRole("heading", { name: "Leave without saving?" }).waitFor();
    await page.keyboard.press("Escape");
    await dialog(page).waitFor({ state: "detached" });
    expect(await field(page, "Name").inputValue()).toBe("Beta");
  }
  await page.keyboard.press("Control+,");
  await answer(page, "Leave");
  await page.getByRole("heading", { name: "Settings" }).waitFor();
  await page.keyboard.press("Escape");
  expect(await rowNames(page)).toEqual(["Alpha"]);
});
