import { expect, test } from "vitest";
import type { Page } from "playwright-core";
import { launchApp } from "./host/launch.ts";
import type { RunningApp } from "./host/running-app.ts";
import { callMain } from "./support/call.ts";
import { HeldClient } from "./support/held-client.ts";
import { rowSays } from "./support/list.ts";
import { soon } from "./support/soon.ts";
import { turnedOn } from "./support/turned-on.ts";
import { withProxy } from "./support/with-proxy.ts";

interface Busy {
  readonly app: RunningApp;
  readonly page: Page;
  readonly port: number;
  readonly clients: readonly HeldClient[];
}

/** An app with clients that are connected. */
async function busyApp(count: number): Promise<Busy> {
  const world = await withProxy();
  world.proxy.control.setPolicy(world.destination, "public");
  const app = await launchApp();
  const page = await app.window();
  const port = await turnedOn(page, world.connection({ name: "Cache" }));
  const clients: HeldClient[] = [];
  for (let at = 0; at < count; at += 1) {
    const client = await HeldClient.connect(port);
    expect(await client.echo("hello")).toBe("hello");
    clients.push(client);
  }
  await rowSays(page, "Cache", count === 1 ? "1 client" : `${count} clients`);
  return { app, page, port, clients };
}

test("quitting with clients asks with their number; Cancel keeps everything, Quit ends it all", async () => {
  const { app, page, port, clients } = await busyApp(3);

  await app.clickTray(["Quit"]);
  await soon(() => app.dialogs.asked()).toHaveLength(1);
  expect((await app.dialogs.asked())[0]).toMatchObject({
    kind: "message",
    message: "Quit Culvert? 3 clients are connected and will be cut off.",
    buttons: ["Cancel", "Quit"],
  });
  // A second wish while it asks is the same wish.
  await app.clickTray(["Quit"]);
  await app.dialogs.answer("Cancel");
  for (const client of clients) expect(await client.echo("still here")).toBe("still here");
  await rowSays(page, "Cache", "3 clients");
  expect(await app.windowState()).toMatchObject({ visible: true });
  expect(await app.dialogs.asked()).toHaveLength(1);

  // With one client less it counts anew, and closing the question is a No as well.
  clients[0]?.close();
  await rowSays(page, "Cache", "2 clients");
  await callMain(page, "quit");
  await soon(() => app.dialogs.asked()).toHaveLength(2);
  expect((await app.dialogs.asked())[1]?.message).toBe("Quit Culvert? 2 clients are connected and will be cut off.");
  await app.dialogs.cancel();
  expect(await clients[1]?.echo("and here")).toBe("and here");

  await app.clickTray(["Quit"]);
  await soon(() => app.dialogs.asked()).toHaveLength(3);
  await app.dialogs.answer("Quit");
  await app.waitForEnd();
  expect(app.exitCode).toBe(0);
  await Promise.all(clients.map((client) => client.ended));
  await expect(HeldClient.connect(port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  expect(app.logs()).toBe("");
});

test("one client is asked about in the singular", async () => {
  const { app } = await busyApp(1);
  await app.evaluateMain(({ app: electronApp }) => void setImmediate(() => electronApp.quit()));
  await soon(() => app.dialogs.asked()).toHaveLength(1);
  expect((await app.dialogs.asked())[0]?.message).toBe("Quit Culvert? 1 client is connected and will be cut off.");
  await app.dialogs.answer("Quit");
  await app.waitForEnd();
  expect(app.exitCode).toBe(0);
});

test("without clients quitting asks nothing, though connections are on", async () => {
  const world = await withProxy();
  const app = await launchApp();
  const page = await app.window();
  await turnedOn(page, world.connection({ name: "Cache" }));
  // It would wait for an answer.
  expect(await app.quit()).toBe(0);
  expect(app.logs()).toBe("");
});

test("a signal asks nobody", async () => {
  const { app, clients } = await busyApp(1);
  const pid = await app.evaluateMain(() => process.pid);
  process.kill(pid, "SIGTERM");
  await app.waitForEnd();
  expect(app.exitCode).toBe(0);
  await Promise.all(clients.map((client) => client.ended));
  expect(app.logs()).toBe("");
});

test("the end of a session at Windows, of which the app itself is not told, ends it as a signal does", async () => {
  const app = await launchApp();
  await app.window();
  await app.evaluateMain(({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows();
    setImmediate(() => window?.emit("session-end", { reasons: ["logoff"] }));
  });
  await app.waitForEnd();
  expect(app.exitCode).toBe(0);
});

test("a start while it quits makes no window of an app that is ending", async () => {
  const app = await launchApp();
  await app.window();
  const windows = await app.evaluateMain(({ app: electron, BrowserWindow }) => {
    electron.quit();
    electron.emit("second-instance", {}, [], "");
    return BrowserWindow.getAllWindows().length;
  });
  expect(windows).toBe(0);
  await app.waitForEnd();
});

test("closing the window quits where the settings say so, and asks about clients then", async () => {
  const { app, page, clients } = await busyApp(1);
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("combobox", { name: "When the window closes" }).selectOption("Quit");
  await page.keyboard.press("Escape");
  await rowSays(page, "Cache", "1 client");

  await app.closeWindow();
  await soon(() => app.dialogs.asked()).toHaveLength(1);
  await app.dialogs.answer("Cancel");
  expect(await app.windowState()).toMatchObject({ count: 1, visible: true });
  expect(await clients[0]?.echo("kept")).toBe("kept");

  clients[0]?.close();
  await rowSays(page, "Cache", "listening");
  await app.closeWindow();
  await app.waitForEnd();
  expect(app.exitCode).toBe(0);
});

test("what was saved is there after a quit, and nothing is on that should not be", async () => {
  const world = await withProxy();
  const first = await launchApp();
  const page = await first.window();
  await turnedOn(page, world.connection({ name: "Cache" }));
  await turnedOn(page, world.connection({ name: "Always", startAtLaunch: true }));
  const { userData } = first;
  expect(await first.quit()).toBe(0);

  const second = await launchApp({ userData });
  const again = await second.window();
  await again.getByRole("switch", { name: "Always", checked: true }).waitFor();
  await again.getByRole("switch", { name: "Cache", checked: false }).waitFor();
});
