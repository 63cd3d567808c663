import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { launchApp } from "./host/launch.ts";
import type { RunningApp } from "./host/running-app.ts";
import { callMain } from "./support/call.ts";
import { looksRight } from "./support/themes.ts";
import { field } from "./support/window.ts";

const link = "tcp+https://proxy.corp.test:8443/pg.corp.test:5432";

/** As the system starts it again for a link. */
const startAgain = (app: RunningApp, ...args: readonly string[]): Promise<void> =>
  app.evaluateMain(({ app: electron }, argv) => {
    electron.emit("second-instance", {}, argv, "");
  }, args);

test("a link opens the editor filled in, and saves nothing", async () => {
  const app = await launchApp();
  const page = await app.window();
  await startAgain(app, "culvert", "--", link);
  await expect.poll(() => field(page, "Destination").inputValue()).toBe("pg.corp.test:5432");
  await expect.poll(() => field(page, "Pomerium URL").inputValue()).toBe("https://proxy.corp.test:8443");
  const { connections } = await callMain(page, "snapshot");
  expect(connections).toEqual([]);
});

test("a first start for a link shows the window with it, also where the app would start without one", async () => {
  const app = await launchApp({ hidden: true, args: ["--", link] });
  const page = await app.window();
  await expect.poll(() => field(page, "Destination").inputValue()).toBe("pg.corp.test:5432");
});

test("a link that cannot be used just brings up the window", async () => {
  const app = await launchApp();
  const page = await app.window();
  await app.closeWindow();
  await startAgain(app, "culvert", "tcp+https://user:secret@pg.corp.test:5432");
  await expect.poll(async () => (await app.windowState()).visible).toBe(true);
  expect(await field(page, "Destination").count()).toBe(0);
});

test("a connection file opens the editor filled in under its name; one that cannot be used is told", async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "culvert-opened-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [good, odd] = [path.join(folder, "Orders Postgres.culvert"), path.join(folder, "Odd.culvert")];
  writeFileSync(good, `# From the platform team\n${link}\n`);
  writeFileSync(odd, "see the wiki\n");
  const app = await launchApp({ hidden: true, args: ["--", odd] });
  const page = await app.window();
  const told = page.getByText("Odd.culvert holds no connection. It has to be a text with one link");
  await told.waitFor();
  await looksRight(app, page, "file-not-opened");
  await startAgain(app, "culvert", pathToFileURL(good).href);
  await expect.poll(() => field(page, "Destination").inputValue()).toBe("pg.corp.test:5432");
  expect(await field(page, "Name").inputValue()).toBe("Orders Postgres");
  expect(await told.count()).toBe(0);
  expect((await callMain(page, "snapshot")).connections).toEqual([]);
});
