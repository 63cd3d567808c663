import { expect, test } from "vitest";
import { boundAddressOf, offStatus } from "../../src/shared/model/status.ts";
import { askRedis } from "../support/mini-redis.ts";
import { launchApp } from "./host/launch.ts";
import { axeClean } from "./support/axe.ts";
import { callMain } from "./support/call.ts";
import { shot } from "./support/shot.ts";
import { withProxy } from "./support/with-proxy.ts";

test("the first start shows what to do, in a window and in the tray", async () => {
  const app = await launchApp();
  const page = await app.window();
  await page.getByRole("heading", { name: "Open your first connection" }).waitFor();
  await page.getByText("Nothing on").waitFor();
  expect(await page.title()).toContain("Culvert");
  await expect.poll(() => app.windowState()).toEqual({ count: 1, visible: true, minimised: false, focused: true });
  await axeClean(page);
  await shot(page, "first-start");

  const { tooltip, image, items } = await app.tray();
  expect(tooltip).toBe("Culvert: no connections");
  expect(image).toBe("off-light.png");
  expect(items.map(({ label }) => label)).toEqual([
    "Open Culvert",
    "No connections",
    "",
    "New connection…",
    "Settings…",
    "",
    "Quit",
  ]);
  expect(app.logs()).toBe("");
});

test("dark from the desktop, in the window and in the tray", async () => {
  const app = await launchApp();
  const page = await app.window();
  await page.getByRole("heading", { name: "Open your first connection" }).waitFor();
  await app.setTheme("dark");
  await expect.poll(async () => (await app.tray()).image).toBe("off-dark.png");
  await axeClean(page);
  await shot(page, "first-start-dark");
});

test("the editor and the settings are accessible", async () => {
  const app = await launchApp();
  const page = await app.window();
  await page.getByRole("main").getByRole("button", { name: "New connection" }).click();
  await page.getByRole("textbox", { name: "Destination" }).waitFor();
  await axeClean(page);
  await shot(page, "editor");
  await app.clickTray(["Settings…"]);
  await page.getByRole("heading", { name: "Settings" }).waitFor();
  await axeClean(page);
  await shot(page, "settings");
});

test("a connection carries bytes after a sign-in, and says so everywhere", async () => {
  const world = await withProxy();
  const app = await launchApp();
  const page = await app.window();
  const input = world.connection({ name: "Cache" });
  await callMain(page, "save-connection", input, { turnOn: true, restart: false, secretsFrom: null });
  await expect
    .poll(async () => (await callMain(page, "snapshot")).statuses[input.id])
    .toMatchObject({ kind: "listening" });
  const status = (await callMain(page, "snapshot")).statuses[input.id] ?? offStatus;
  const address = boundAddressOf(status) ?? "";
  const port = Number(/:(\d+)$/.exec(address)?.[1]);

  const answer = askRedis({ host: "127.0.0.1", port }, ["PING"]);
  const url = await world.signIn(app);
  expect(await answer).toBe("PONG");
  expect(app.logs()).not.toContain(new URL(url).search);
  await expect.poll(async () => (await app.tray()).image).toBe("on-light.png");
  await page.getByRole("row", { name: /Cache/ }).click();
  await page.getByRole("heading", { name: "Cache" }).waitFor();
  await axeClean(page);
  await shot(page, "connected");
});

test("closing keeps it in the tray, a second start brings it back, quitting ends it", async () => {
  const app = await launchApp();
  await app.window();
  await expect.poll(() => app.windowState()).toMatchObject({ visible: true });
  await app.closeWindow();
  expect(await app.windowState()).toMatchObject({ count: 1, visible: false });
  expect(await app.secondLaunch()).toMatchObject({ exitCode: 0, output: "" });
  await expect.poll(() => app.windowState()).toMatchObject({ visible: true, focused: true });
  await app.clickTray(["Quit"]);
  await app.waitForEnd();
  expect(app.exitCode).toBe(0);
});

test("a hidden start has no window until the tray is asked for it", async () => {
  const app = await launchApp({ hidden: true });
  await expect.poll(() => app.hasTray()).toBe(true);
  expect(await app.windowState()).toMatchObject({ count: 0 });
  await app.clickTray(["Open Culvert"]);
  await app.window();
  await expect.poll(() => app.windowState()).toMatchObject({ visible: true });
});

test("a hidden start on a desktop without a tray is minimised, and closing keeps it there", async () => {
  const app = await launchApp({ hidden: true, tray: false });
  const page = await app.window();
  await expect.poll(() => app.windowState()).toMatchObject({ count: 1, minimised: true });
  await app.closeWindow();
  expect(await app.windowState()).toMatchObject({ count: 1, minimised: true });
  await page.getByText("shows no tray icons").waitFor();
});
