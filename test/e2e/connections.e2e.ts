import { expect, test } from "vitest";
import type { Locator, Page } from "playwright-core";
import { splitDestination } from "../../src/shared/words/connection.ts";
import { askRedis } from "../support/mini-redis.ts";
import { launchApp } from "./host/launch.ts";
import { callMain } from "./support/call.ts";
import { HeldClient } from "./support/held-client.ts";
import { choose } from "./support/list.ts";
import { looksRight } from "./support/themes.ts";
import { saveAll, turnedOn } from "./support/turned-on.ts";
import {
  answer,
  button,
  dialog,
  field,
  isFocused,
  looked,
  openEditor,
  openPort,
  rowNames,
  signedIn,
  statusOf,
  unconnected,
} from "./support/window.ts";
import { withProxy } from "./support/with-proxy.ts";

/** Moves on with Tab until it is there, as a person does who has no mouse. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let presses = 0; presses < 25; presses++) {
    if ((await target.count()) > 0 && (await isFocused(target))) return;
    await page.keyboard.press("Tab");
  }
  throw new Error("Tab does not lead there");
}

test("keyboard only: from the first run to a client that gets bytes", async () => {
  const world = await withProxy();
  const app = await launchApp();
  const page = await app.window();
  const keys = page.keyboard;
  await page.getByRole("heading", { name: "Open your first connection" }).waitFor();

  await keys.press("Control+N");
  await page.getByRole("heading", { name: "New connection" }).waitFor();
  await expect.poll(() => isFocused(field(page, "Name"))).toBe(true);
  await keys.type("Cache");
  await keys.press("Tab");
  await expect.poll(() => isFocused(page.getByRole("radio", { name: "TCP" }))).toBe(true);
  await keys.press("Tab");
  await expect.poll(() => isFocused(field(page, "Destination"))).toBe(true);
  await keys.type(world.destination);
  await tabTo(page, page.getByRole("combobox", { name: "Tags" }));
  await keys.type("prod,data");
  await keys.press("Enter");
  await tabTo(page, page.getByRole("button", { name: /^Advanced/ }));
  await keys.press("Enter");
  await tabTo(page, field(page, "Pomerium URL"));
  await keys.type(world.proxy.origin);
  await tabTo(page, page.getByRole("radio", { name: "System" }));
  await keys.press("ArrowRight");
  await tabTo(page, button(page, "Choose CA certificate…"));
  await app.pickFile(world.proxy.caFile);
  await keys.press("Enter");
  await page.getByText("ca.crt").waitFor();
  await looksRight(app, page, "editor-filled");

  await keys.press("Control+Enter");
  await page.getByRole("heading", { name: "Cache", level: 1 }).waitFor();
  await page.getByText(/no clients, on for/).waitFor();
  await keys.press("Control+C");
  await expect.poll(() => app.clipboard()).toMatch(/^127\.0\.0\.1:\d+$/);
  const port = Number(splitDestination(await app.clipboard()).port.slice(1));

  const client = await HeldClient.connect(port);
  const echo = client.echo("to the end of the route");
  await world.signIn(app);
  expect(await echo).toBe("to the end of the route");
  await page.getByText(/1 client, on for/).waitFor();
  // In two groups by its tags, and one connection all the same.
  expect(await rowNames(page)).toEqual(["Cache", "Cache"]);
  await page
    .getByRole("row", { name: /^Cache, connected, 1 client, 127\.0\.0\.1:\d+, prod, data$/ })
    .first()
    .waitFor();
  await page.getByText("1 on", { exact: true }).waitFor();
});

test("name and tags change at once, a new destination asks before it cuts clients off", async () => {
  const world = await withProxy();
  const upstream = { host: "127.0.0.1", port: world.redis.port };
  world.proxy.control.setRoute({ host: "other.corp.test", port: 6379, upstream });
  const app = await launchApp();
  const page = await app.window();
  const input = signedIn(world, { name: "Cache", tags: ["data"] });
  const port = await turnedOn(page, input);
  const clients = [await HeldClient.connect(port), await HeldClient.connect(port)];
  for (const client of clients) await client.echo("before");

  await openEditor(page, "Cache");
  await field(page, "Name").fill("Session cache");
  await page.getByRole("combobox", { name: "Tags" }).fill("prod");
  await page.keyboard.press("Enter");
  await page.getByRole("checkbox", { name: "Turn on when Culvert starts" }).check();
  await page.keyboard.press("Control+S");
  await page.getByRole("heading", { name: "Session cache", level: 1 }).waitFor();
  await page
    .getByRole("row", { name: /^Session cache, connected, 2 clients, .*, data, prod$/ })
    .first()
    .waitFor();
  for (const client of clients) expect(await client.echo("after a new name")).toBe("after a new name");

  await openEditor(page, "Session cache");
  await field(page, "Destination").fill("other.corp.test:6379");
  await page.keyboard.press("Control+S");
  await dialog(page).waitFor();
  expect(await dialog(page).getByRole("heading").textContent()).toBe("Saving restarts this connection");
  await dialog(page).getByText("2 clients will be cut off.", { exact: true }).waitFor();
  await looked(page, "editor-restart");
  await answer(page, "Keep editing");
  await dialog(page).waitFor({ state: "detached" });
  expect(await field(page, "Destination").inputValue()).toBe("other.corp.test:6379");
  for (const client of clients) expect(await client.echo("still here")).toBe("still here");
  expect((await callMain(page, "snapshot")).connections[0]?.destination).toBe(world.destination);

  clients.pop()?.close();
  await expect.poll(() => statusOf(page, input.id)).toMatchObject({ clients: 1 });
  await page.keyboard.press("Control+S");
  await dialog(page).getByText("1 client will be cut off.", { exact: true }).waitFor();
  await answer(page, "Save and restart");
  await clients[0]?.ended;
  await expect.poll(() => statusOf(page, input.id)).toMatchObject({ kind: "listening" });
  const newPort = await openPort(page, input.id);
  expect(await askRedis({ host: "127.0.0.1", port: newPort }, ["PING"])).toBe("PONG");
  expect(world.proxy.control.connects().at(-1)?.authority).toBe("other.corp.test:6379");
});

test("a duplicate starts with another name and no local address, and has the secrets of the first", async () => {
  const world = await withProxy({ clientCertificates: "policy" });
  const { certPem, keyPem } = world.proxy.pki.client;
  const app = await launchApp();
  const page = await app.window();
  const input = signedIn(world, {
    name: "Cache",
    listen: "127.0.0.1:0",
    clientCertificate: {
      kind: "pem",
      certificate: certPem,
      label: "alice.crt",
      key: { kind: "set", value: keyPem },
      passphrase: { kind: "set", value: "" },
    },
  });
  await saveAll(page, [input]);

  await choose(page, "Cache");
  await page.keyboard.press("Control+D");
  await expect.poll(() => field(page, "Name").inputValue()).toBe("Cache copy");
  expect(await field(page, "Local address").inputValue()).toBe("");
  await page.getByText("Token saved in the system keychain").waitFor();
  await page.getByText("Key saved in the system keychain").waitFor();
  await field(page, "Destination").focus();
  await page.keyboard.press("Tab");
  await page.getByText("This has the same destination as Cache.").first().waitFor();
  await looked(page, "editor-duplicate");
  await button(page, "Save and turn on").click();
  await page.getByRole("heading", { name: "Cache copy", level: 1 }).waitFor();
  await page.getByRole("row", { name: /^Cache copy, listening/ }).waitFor();
  const address = (await page.locator(".address-bar code").textContent()) ?? "";

  // The first may go: the copy has its own.
  await callMain(page, "delete-connections", [input.id]);
  const port = Number(splitDestination(address).port.slice(1));
  expect(await askRedis({ host: "127.0.0.1", port }, ["PING"])).toBe("PONG");
  expect(await app.openedUrls()).toEqual([]);
});

test("deleting is at once, and undone by the button or by the keys", async () => {
  const world = await withProxy();
  const app = await launchApp();
  const page = await app.window();
  const cache = signedIn(world, { name: "Cache" });
  await saveAll(page, [unconnected("Alpha"), cache, unconnected("Omega")]);
  await turnedOn(page, cache);
  const all = ["Alpha", "Cache", "Omega"];
  await expect.poll(() => rowNames(page)).toEqual(all);

  await choose(page, "Cache");
  await page.keyboard.press("Delete");
  await page.getByText("Deleted Cache", { exact: true }).waitFor();
  await expect.poll(() => rowNames(page)).toEqual(["Alpha", "Omega"]);
  // The next one is shown.
  await page.getByRole("heading", { name: "Omega", level: 1 }).waitFor();
  await looksRight(app, page, "deleted-toast");
  await page.getByRole("status").getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => rowNames(page)).toEqual(all);
  await page.getByText("Deleted Cache").waitFor({ state: "detached" });
  // On as it was, with its token.
  await page.getByRole("row", { name: /^Cache, listening/ }).waitFor();
  const port = await openPort(page, cache.id);
  expect(await askRedis({ host: "127.0.0.1", port }, ["PING"])).toBe("PONG");

  await page.getByRole("row", { name: /^Alpha/ }).click({ button: "right" });
  await page.getByRole("menuitem", { name: /^Delete/ }).click();
  await page.getByText("Deleted Alpha", { exact: true }).waitFor();
  await expect.poll(() => rowNames(page)).toEqual(["Cache", "Omega"]);
  await page.keyboard.press("Control+Z");
  await expect.poll(() => rowNames(page)).toEqual(all);
  await page.getByText("Deleted Alpha").waitFor({ state: "detached" });
  await page.keyboard.press("Control+Z");
  expect(await rowNames(page)).toEqual(all);
});

test("deleting asks where clients would be cut off, and where it is more than one", async () => {
  const world = await withProxy();
  const app = await launchApp();
  const page = await app.window();
  const cache = signedIn(world, { name: "Cache" });
  await saveAll(page, [unconnected("Alpha"), unconnected("Omega")]);
  const port = await turnedOn(page, cache);
  const clients = [await HeldClient.connect(port), await HeldClient.connect(port)];
  for (const client of clients) await client.echo("before");

  await choose(page, "Cache");
  await page.getByText(/2 clients, on for/).waitFor();
  await page.keyboard.press("Delete");
  await dialog(page).waitFor();
  expect(await dialog(page).getByRole("heading").textContent()).toBe("Delete Cache?");
  await dialog(page).getByText("2 clients are connected and will be cut off.", { exact: true }).waitFor();
  await looked(page, "delete-with-clients");
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });
  for (const client of clients) expect(await client.echo("kept")).toBe("kept");
  await page.keyboard.press("Delete");
  await answer(page, "Delete");
  await Promise.all(clients.map((client) => client.ended));
  await expect.poll(() => rowNames(page)).toEqual(["Alpha", "Omega"]);
  await page.getByRole("status").getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => rowNames(page)).toEqual(["Alpha", "Cache", "Omega"]);

  await page.getByRole("row", { name: /^Alpha/ }).click();
  await page.getByRole("row", { name: /^Omega/ }).click({ modifiers: ["Control"] });
  await page.getByRole("heading", { name: "2 selected, 0 on" }).waitFor();
  await looked(page, "several-selected");
  await button(page, "Delete…").click();
  expect(await dialog(page).getByRole("heading").textContent()).toBe("Delete 2 connections?");
  await answer(page, "Cancel");
  expect(await rowNames(page)).toEqual(["Alpha", "Cache", "Omega"]);
  await button(page, "Delete…").click();
  await answer(page, "Delete");
  await page.getByText("Deleted 2 connections", { exact: true }).waitFor();
  await expect.poll(() => rowNames(page)).toEqual(["Cache"]);
  await page.keyboard.press("Control+Z");
  await expect.poll(() => rowNames(page)).toEqual(["Alpha", "Cache", "Omega"]);
});
