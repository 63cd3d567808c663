import { expect, test } from "vitest";
import { networkDiary } from "../support/network-diary.ts";
import { connectTo } from "../support/streams.ts";
import { launchApp } from "./host/launch.ts";
import { callMain } from "./support/call.ts";
import { switchOf } from "./support/list.ts";
import { folderWith, saved } from "./support/store-files.ts";
import { openPort } from "./support/window.ts";

test("the app speaks to nobody by itself, however much of it is used", async () => {
  const diary = networkDiary();
  const connection = saved({
    name: "Orders",
    destination: "pg.corp.test:5432",
    pomeriumUrl: "https://access.corp.test",
    startAtLaunch: true,
  });
  const app = await launchApp({ env: diary.env, preloads: [diary.script], userData: folderWith([connection]) });
  const page = await app.window();
  await openPort(page, connection.id);
  await switchOf(page, "Orders").click();
  await switchOf(page, "Orders").click();
  await openPort(page, connection.id);
  await app.clickTray(["Settings…"]);
  await page.getByRole("heading", { name: "About" }).waitFor();
  await callMain(page, "look-outside");
  expect(diary.entries()).toEqual(["watching"]);
  // A client of a connection is what has it speak, to the proxy of that connection.
  const client = await connectTo({ host: "127.0.0.1", port: await openPort(page, connection.id) });
  await expect.poll(() => diary.entries()).toContain("tcp access.corp.test:443");
  client.destroy();
  expect(diary.entries().filter((entry) => !entry.includes(" access.corp.test"))).toEqual(["watching"]);
  expect(app.logs()).toBe("");
});
