import { randomUUID } from "node:crypto";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { emptyConnectionInput, type ConnectionInput } from "../../src/shared/model/connection.ts";
import { askRedis } from "../support/mini-redis.ts";
import { launchApp } from "./host/launch.ts";
import type { RunningApp } from "./host/running-app.ts";
import { axeClean } from "./support/axe.ts";
import { callMain } from "./support/call.ts";
import { heldPort } from "./support/free-port.ts";
import { HeldClient } from "./support/held-client.ts";
import { rowSays } from "./support/list.ts";
import { shot } from "./support/shot.ts";
import { soon } from "./support/soon.ts";
import { trayText } from "./support/tray-text.ts";
import { saveAll, turnedOn } from "./support/turned-on.ts";
import { withProxy } from "./support/with-proxy.ts";

const trayOf = async (app: RunningApp): Promise<string[]> => trayText((await app.tray()).items);
const lookOf = async (app: RunningApp): Promise<string> => {
  const { tooltip, image } = await app.tray();
  return `${tooltip}; ${image ?? "no picture"}`;
};

const offline = (name: string, changes: Partial<ConnectionInput> = {}): ConnectionInput => ({
  ...emptyConnectionInput(randomUUID()),
  name,
  destination: "db.corp.test:5432",
  ...changes,
});

/** Saves it and turns it on, to fail at once. */
async function failing(page: Page, input: ConnectionInput): Promise<void> {
  await saveAll(page, [input]);
  await callMain(page, "set-on", [input.id], true);
  await rowSays(page, input.name, "is in use");
}

/** Clicks an entry of a submenu as soon as the menu, which follows a little later, has it. */
async function clickIn(app: RunningApp, submenu: string, entry: string): Promise<void> {
  const path = async (): Promise<string[] | null> => {
    const menu = (await app.tray()).items.find(({ label }) => label === submenu);
    const found = menu?.items?.find(({ label, enabled }) => enabled && label.split(" :")[0] === entry);
    return menu && found ? [menu.label, found.label] : null;
  };
  await soon(path).not.toBeNull();
  await app.clickTray((await path()) ?? []);
}

test("the menu has what is pinned, recent, tagged and untagged, and what wants attention", async () => {
  const world = await withProxy();
  const app = await launchApp();
  const page = await app.window();
  const taken = await heldPort();
  const orders = world.connection({ name: "Orders", tags: ["data", "prod"] });
  const warehouse = offline("Warehouse", { tags: ["data"], listen: String(taken) });
  const ledger = world.connection({ name: "Ledger", tags: ["data"] });
  const spare = offline("", { destination: "spare.corp.test:22" });
  await saveAll(page, [spare]);
  await failing(page, warehouse);
  const ordersPort = await turnedOn(page, orders);
  const ledgerPort = await turnedOn(page, ledger);
  for (const { id } of [orders, warehouse]) await callMain(page, "set-pinned", id, true);

  const inUse = `port ${taken} is in use`;
  await soon(() => trayOf(app)).toEqual([
    "Open Culvert",
    "(3 on, 1 error)",
    `Warehouse: ${inUse}…`,
    "---",
    ...[`[x] Warehouse (${inUse})`, `[x] Orders :${ordersPort}`],
    "---",
    ...["(Recent)", `[x] Ledger :${ledgerPort}`],
    "---",
    "data (3 of 3)",
    ...["> (Turn all on)", "> Turn all off", "> ---"],
    ...[`> [x] Ledger :${ledgerPort}`, `> [x] Orders :${ordersPort}`, `> [x] Warehouse (${inUse})`],
    "prod (1 of 1)",
    ...["> (Turn all on)", "> Turn all off", "> ---", `> [x] Orders :${ordersPort}`],
    "Untagged (0 of 1)",
    ...["> Turn all on", "> (Turn all off)", "> ---", "> [ ] spare.corp.test"],
    "---",
    ...["Turn all on…", "Turn all off (3)"],
    "---",
    ...["New connection…", "Settings…"],
    "---",
    "Quit",
  ]);
  expect(await lookOf(app)).toBe("Culvert: 3 on, 1 error; attention-light.png");

  // A client needs a sign-in: its line comes first, and opens the page.
  const client = askRedis({ host: "127.0.0.1", port: ledgerPort }, ["PING"]);
  await soon(() => app.openedUrls()).toHaveLength(1);
  const signIn = `Sign in to localhost:${world.proxy.port}…`;
  await soon(async () => (await trayOf(app)).slice(1, 4)).toEqual(["(3 on, 1 error)", signIn, `Warehouse: ${inUse}…`]);
  expect(await trayOf(app)).toContain("[x] Ledger (signing in)");
  await app.clickTray([signIn]);
  await world.signIn(app, 2);
  expect(await client).toBe("PONG");
  await soon(() => trayOf(app)).not.toContain(signIn);

  // The line of an error leads to its connection, also where the window was closed.
  await app.closeWindow();
  await app.clickTray([`Warehouse: ${inUse}…`]);
  await soon(() => app.windowState()).toMatchObject({ visible: true, focused: true });
  await page.getByRole("heading", { name: "Warehouse", level: 1 }).waitFor();
  await axeClean(page);
  await shot(page, "tray-error");
});

test("no more than three lines of attention, and none without a cause", async () => {
  const app = await launchApp();
  const page = await app.window();
  await saveAll(page, [offline("Off")]);
  await soon(() => lookOf(app)).toBe("Culvert: nothing on; off-light.png");
  expect((await trayOf(app)).slice(0, 3)).toEqual(["Open Culvert", "(Nothing on)", "---"]);
  const listen = String(await heldPort());
  for (const name of ["One", "Two", "Three", "Four"]) await failing(page, offline(name, { listen }));
  await soon(() => lookOf(app)).toBe("Culvert: 4 on, 4 errors; attention-light.png");
  const cause = `port ${listen} is in use`;
  expect((await trayOf(app)).slice(0, 6)).toEqual([
    "Open Culvert",
    "(4 on, 4 errors)",
    ...["One", "Two", "Three"].map((name) => `${name}: ${cause}…`),
    "---",
  ]);
  await app.setTheme("dark");
  await soon(() => lookOf(app)).toBe("Culvert: 4 on, 4 errors; attention-dark.png");
});

test("an entry turns its connection on and off, and bytes flow", async () => {
  const world = await withProxy();
  const app = await launchApp();
  const page = await app.window();
  await saveAll(page, [world.connection({ name: "Cache" }), offline("Other", { tags: ["prod"] })]);
  await app.closeWindow();

  await clickIn(app, "Untagged (0 of 1)", "Cache");
  const label = async (): Promise<string> => (await trayOf(app)).find((line) => line.startsWith("> [x] Cache :")) ?? "";
  await soon(label).toMatch(/^> \[x\] Cache :\d+$/);
  const port = Number(/\d+$/.exec(await label())?.[0]);
  expect(await lookOf(app)).toBe("Culvert: 1 on; on-light.png");
  expect(await app.windowState()).toMatchObject({ visible: false });

  const client = await HeldClient.connect(port);
  const answer = client.echo("through the tunnel");
  await soon(() => lookOf(app)).toBe("Culvert: 1 on, waiting for sign-in; attention-light.png");
  await world.signIn(app);
  expect(await answer).toBe("through the tunnel");
  await soon(label).toBe(`> [x] Cache :${port} (1)`);
  expect(await trayOf(app)).toContain(`[x] Cache :${port} (1)`);
  await soon(() => lookOf(app)).toBe("Culvert: 1 on; on-light.png");

  await clickIn(app, "Untagged (1 of 1)", "Cache");
  await client.ended;
  await soon(() => trayOf(app)).toContain("> [ ] Cache");
  await expect(HeldClient.connect(port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await soon(() => lookOf(app)).toBe("Culvert: nothing on; off-light.png");
});

test("all of a tag, and all there is: on asks with the number, off does not", async () => {
  const app = await launchApp();
  const page = await app.window();
  const connections = [
    offline("One", { tags: ["data"] }),
    offline("Two", { tags: ["data"] }),
    offline("Three", { tags: ["prod"] }),
  ];
  await saveAll(page, connections);
  const states = (): Promise<string[]> =>
    page
      .getByRole("switch", { checked: true })
      .evaluateAll((all) => all.map((one) => one.getAttribute("aria-label") ?? "").sort());

  await clickIn(app, "data (0 of 2)", "Turn all on");
  await soon(states).toEqual(["One", "Two"]);
  await clickIn(app, "data (2 of 2)", "Turn all off");
  await soon(states).toEqual([]);

  await app.closeWindow();
  await soon(() => trayOf(app)).toContain("(Turn all off)");
  await app.clickTray(["Turn all on…"]);
  await soon(() => app.windowState()).toMatchObject({ visible: true });
  const question = page.getByRole("dialog", { name: "Turn on all 3 connections?" });
  await question.waitFor();
  await axeClean(page);
  await shot(page, "tray-turn-all-on");
  await question.getByRole("button", { name: "Cancel" }).click();
  await question.waitFor({ state: "detached" });
  expect(await states()).toEqual([]);

  await app.clickTray(["Turn all on…"]);
  await question.getByRole("button", { name: "Turn all on" }).click();
  await soon(states).toEqual(["One", "Three", "Two"]);
  await soon(() => trayOf(app)).toContain("Turn all off (3)");
  await app.clickTray(["Turn all off (3)"]);
  await soon(states).toEqual([]);
  await soon(() => lookOf(app)).toBe("Culvert: nothing on; off-light.png");
});

test("names are plain text in the menu, whatever is in them", async () => {
  const app = await launchApp();
  const page = await app.window();
  const long = `${"begin".repeat(20)}${"final".repeat(20)}`;
  const names = ["&File", "_x", "A && B", "🚀 Rocket 👩‍👩‍👧", "שלום (Staging)", "\u202eevil", "two  spaces", long];
  await saveAll(
    page,
    names.map((name) => offline(name)),
  );
  await soon(async () => (await trayOf(app)).filter((line) => line.startsWith("> [ ]")).sort()).toEqual(
    [
      // An ampersand would mean a shortcut; what an underscore means is escaped by the toolkit itself.
      "&&File",
      "_x",
      "A &&&& B",
      "🚀 Rocket 👩‍👩‍👧",
      "\u2068שלום (Staging)\u2069",
      "evil",
      "two spaces",
      "beginbeginbeginbegin…inalfinalfinalfinal",
    ]
      .map((name) => `> [ ] ${name}`)
      .sort(),
  );
  // In the window they are what was written.
  await page.getByRole("switch", { name: "&File", exact: true }).waitFor();
  await page.getByRole("switch", { name: long, exact: true }).waitFor();
  await axeClean(page);
  await shot(page, "tray-names");
});

test("a second start shows the window, however it stands, and disturbs nobody", async () => {
  const world = await withProxy();
  world.proxy.control.setPolicy(world.destination, "public");
  const app = await launchApp({ hidden: true });
  await soon(() => app.hasTray()).toBe(true);
  // There was no window yet.
  expect(await app.secondLaunch()).toMatchObject({ exitCode: 0, output: "" });
  const page = await app.window();
  await soon(() => app.windowState()).toMatchObject({ count: 1, visible: true, focused: true });

  const port = await turnedOn(page, world.connection({ name: "Cache" }));
  const client = await HeldClient.connect(port);
  expect(await client.echo("before")).toBe("before");
  await app.evaluateMain(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.minimize());
  expect(await app.windowState()).toMatchObject({ minimised: true });
  expect(await app.secondLaunch()).toMatchObject({ exitCode: 0, output: "" });
  await soon(() => app.windowState()).toMatchObject({ count: 1, visible: true, minimised: false });

  // What somebody is in the middle of stays as it is.
  await app.clickTray(["New connection…"]);
  await page.getByRole("textbox", { name: "Destination" }).fill("pg.corp.test:5432");
  await app.closeWindow();
  // Such a start, as at sign-in, asks for no window.
  expect(await app.secondLaunch(["--hidden"])).toMatchObject({ exitCode: 0, output: "" });
  expect(await app.windowState()).toMatchObject({ count: 1, visible: false });
  expect(await app.secondLaunch()).toMatchObject({ exitCode: 0, output: "" });
  await soon(() => app.windowState()).toMatchObject({ count: 1, visible: true, focused: true });
  expect(await page.getByRole("textbox", { name: "Destination" }).inputValue()).toBe("pg.corp.test:5432");
  expect(await client.echo("after")).toBe("after");
  await soon(() => trayOf(app)).toContain(`[x] Cache :${port} (1)`);
  expect(app.logs()).toBe("");
});
