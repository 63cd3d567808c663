import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { launchApp } from "./host/launch.ts";
import { axeClean } from "./support/axe.ts";
import { callMain } from "./support/call.ts";
import { HeldClient } from "./support/held-client.ts";
import { soon } from "./support/soon.ts";
import { turnedOn } from "./support/turned-on.ts";
import { UpdatingApp } from "./support/updating-app.ts";
import { withProxy } from "./support/with-proxy.ts";

/** Opens the settings where updates are. */
async function openUpdates(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Logs and updates" }).click();
}

test("a build without a feed says so, and offers nothing", async () => {
  const app = await launchApp();
  const page = await app.window();
  await openUpdates(page);
  await page.getByText("This build does not update itself").waitFor();
  expect(await page.getByRole("button", { name: "Check now" }).count()).toBe(0);
  expect(await page.getByRole("combobox", { name: "Updates" }).count()).toBe(0);
});

// The AppImage is the one kind that can be replaced without a system's own installer.
describe.runIf(process.platform === "linux")("an AppImage", () => {
  let updating: UpdatingApp;
  beforeAll(async () => {
    updating = await UpdatingApp.make();
  }, 120_000);
  afterAll(() => updating.close());
  beforeEach(() => updating.server.files.clear());

  const readyIn = async (page: Page): Promise<void> => {
    await openUpdates(page);
    await page.getByRole("button", { name: "Check now" }).click();
    await page.getByText("1.5.0 is ready").waitFor();
  };

  test("is told to be up to date; a newer version is downloaded, and a restart with clients asks first", async () => {
    const world = await withProxy();
    world.proxy.control.setPolicy(world.destination, "public");
    const app = await updating.launch();
    const page = await app.window();
    const port = await turnedOn(page, world.connection({ name: "Cache" }));
    updating.publish("1.4.2");
    await openUpdates(page);
    await page.getByText("Not checked yet").waitFor();
    await page.getByRole("button", { name: "Check now" }).click();
    await page.getByText(/^Culvert 1\.4\.2 is up to date, checked \d+ s ago$/).waitFor();

    updating.publish("1.5.0");
    await page.getByRole("button", { name: "Check now" }).click();
    await page.getByText("1.5.0 is ready").waitFor();
    await page.getByText("Installed when you quit Culvert").waitFor();
    await axeClean(page);
    const clients = [await HeldClient.connect(port), await HeldClient.connect(port)];
    for (const client of clients) expect(await client.echo("hello")).toBe("hello");

    const restart = page.getByRole("button", { name: "Restart to update" });
    await restart.click();
    await soon(() => app.dialogs.asked()).toHaveLength(1);
    expect((await app.dialogs.asked())[0]).toMatchObject({
      kind: "message",
      message: "Restart Culvert to update? 2 clients are connected and will be cut off.",
      buttons: ["Cancel", "Restart"],
    });
    await app.dialogs.answer("Cancel");
    for (const client of clients) expect(await client.echo("still here")).toBe("still here");
    await page.getByText("1.5.0 is ready").waitFor();
    expect(updating.imageText).toContain("version 1.4.2");

    await restart.click();
    await soon(() => app.dialogs.asked()).toHaveLength(2);
    await app.dialogs.answer("Restart");
    await app.waitForEnd();
    expect(app.exitCode).toBe(0);
    await Promise.all(clients.map((client) => client.ended));
    expect(updating.imageText).toContain("version 1.5.0");
    await soon(() => updating.newStarted).toBe(true);
    expect(app.logs()).toBe("");
  });

  test("without clients the restart asks nothing", async () => {
    updating.publish("1.5.0");
    const app = await updating.launch();
    const page = await app.window();
    await readyIn(page);
    await page.getByRole("button", { name: "Restart to update" }).click();
    await app.waitForEnd();
    expect(updating.imageText).toContain("version 1.5.0");
    await soon(() => updating.newLibraryPath).toBe("/the/user's");
  });

  test("is replaced when the user quits, and not started", async () => {
    updating.publish("1.5.0");
    const app = await updating.launch();
    await readyIn(await app.window());
    expect(await app.quit()).toBe(0);
    expect(updating.imageText).toContain("version 1.5.0");
    expect(updating.newStarted).toBe(false);
  });

  test("stays where the user chose Later, also at the next start; a signal never replaces it", async () => {
    updating.publish("1.5.0");
    const first = await updating.launch();
    const page = await first.window();
    await readyIn(page);
    await page.getByRole("button", { name: "Later" }).click();
    await page.getByText("Waits until you restart to update").waitFor();
    const { userData } = first;
    expect(await first.quit()).toBe(0);
    expect(updating.imageText).toContain("version 1.4.2");

    const second = await updating.launch({ userData });
    const again = await second.window();
    await readyIn(again);
    await again.getByText("Waits until you restart to update").waitFor();
    expect(await second.quit()).toBe(0);
    expect(updating.imageText).toContain("version 1.4.2");

    const third = await updating.launch();
    await readyIn(await third.window());
    process.kill(await third.evaluateMain(() => process.pid), "SIGTERM");
    await third.waitForEnd();
    expect(updating.imageText).toContain("version 1.4.2");
  });

  test("of a file that is not the signed one nothing is kept, and the settings say why", async () => {
    updating.publish("1.5.0");
    updating.server.files.set(`Culvert-1.5.0-${process.arch}.AppImage`, Buffer.from("#!/bin/sh\necho evil\n"));
    const app = await updating.launch();
    const page = await app.window();
    await openUpdates(page);
    await page.getByRole("button", { name: "Check now" }).click();
    await page.getByText("The update that was downloaded is not the one that was signed.").waitFor();
    await page.getByText("1.5.0 is available").waitFor();
    expect(await app.quit()).toBe(0);
    expect(updating.imageText).toContain("version 1.4.2");
  });

  test("a person elsewhere is told once, and led to the settings", async () => {
    updating.publish("1.5.0");
    const app = await updating.launch();
    const page = await app.window();
    // Without the tray closing would leave the window where it is.
    await soon(() => app.hasTray()).toBe(true);
    await app.closeWindow();
    await soon(async () => (await app.windowState()).visible).toBe(false);
    await callMain(page, "check-for-update");
    await soon(() => app.notifications()).toMatchObject([
      { title: "Culvert 1.5.0 is ready", body: "Restart Culvert to update." },
    ]);
    await callMain(page, "check-for-update");
    await app.clickNotification(-1);
    await page.getByText("1.5.0 is ready").waitFor();
    expect(await app.windowState()).toMatchObject({ visible: true });
    expect(await app.notifications()).toHaveLength(1);
  });

  test("turned off, nothing is asked of the server", async () => {
    updating.publish("1.5.0");
    const app = await updating.launch();
    const page = await app.window();
    await openUpdates(page);
    await page.getByRole("combobox", { name: "Updates" }).selectOption("Do not look for updates");
    await page.getByText("Culvert does not look for updates").waitFor();
    updating.server.asked.length = 0;
    await callMain(page, "check-for-update");
    await callMain(page, "install-update");
    expect(await page.getByRole("button", { name: "Check now" }).count()).toBe(0);
    expect(await app.quit()).toBe(0);
    expect(updating.server.asked).toEqual([]);
  });
});
