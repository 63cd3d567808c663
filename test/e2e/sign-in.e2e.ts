import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import type { ConnectionInput } from "../../src/shared/model/connection.ts";
import { headlessSignIn } from "../support/access-proxy/index.ts";
import { askRedis } from "../support/mini-redis.ts";
import { launchApp } from "./host/launch.ts";
import type { RunningApp } from "./host/running-app.ts";
import { callMain } from "./support/call.ts";
import { HeldClient } from "./support/held-client.ts";
import { listenToUpdates, whatWasSaid } from "./support/leaks.ts";
import { choose, rowOf, rowSays } from "./support/list.ts";
import { soon } from "./support/soon.ts";
import { looksRight } from "./support/themes.ts";
import { trayText } from "./support/tray-text.ts";
import { turnedOn } from "./support/turned-on.ts";
import { withProxy, type ProxyWorld } from "./support/with-proxy.ts";

const byItself = "This connection continues by itself when you are done.";

interface Started {
  readonly world: ProxyWorld;
  readonly app: RunningApp;
  readonly page: Page;
  /** The proxy as people see it. */
  readonly host: string;
}

async function start(options: Parameters<typeof withProxy>[0] = {}): Promise<Started> {
  const world = await withProxy(options);
  const app = await launchApp();
  const page = await app.window();
  return { world, app, page, host: `localhost:${world.proxy.port}` };
}

/** A client that waits; what becomes of it, as text. */
const waitingClient = (port: number): Promise<string> =>
  askRedis({ host: "127.0.0.1", port }, ["PING"]).catch((error: Error) => `failed: ${error.message}`);

const trayOf = async (app: RunningApp): Promise<string[]> => trayText((await app.tray()).items);

/** Turns it on and lets a client wait at it, until its sign-in is seen. */
async function waitAt(page: Page, input: ConnectionInput): Promise<{ port: number; client: Promise<string> }> {
  const port = await turnedOn(page, input);
  const client = waitingClient(port);
  await rowSays(page, input.name, "signing in");
  return { port, client };
}

test("a client that needs a sign-in waits, everything says so, and it gets its bytes", async () => {
  const { world, app, page, host } = await start();
  await listenToUpdates(page);
  const { browser } = (await callMain(page, "snapshot")).host;
  const input = world.connection({ name: "Cache" });
  const { port, client } = await waitAt(page, input);
  await choose(page, "Cache");

  const callout = page.getByRole("group", { name: "Continue in your browser" });
  const words = (): Promise<string> => callout.locator(".callout-text").innerText();
  await soon(words).toMatch(new RegExp(`^The sign-in page of ${host} opened in ${browser} \\d+ s ago\\. ${byItself}$`));
  const row = rowOf(page, "Cache");
  expect(await row.getAttribute("aria-label")).toBe(`Cache, signing in, 127.0.0.1:${port}`);
  await row.getByText("Signing in").waitFor();
  await row.locator(".glyph-signing-in").waitFor();
  await page.getByRole("region", { name: "Cache" }).getByText(`port ${port} is open, 1 client is waiting`).waitFor();
  await page.getByRole("contentinfo").getByRole("button", { name: "Sign-in waiting in your browser" }).waitFor();
  await page.getByRole("alert").getByText(`Sign in to ${host}`).waitFor();
  await page.getByRole("list", { name: "Route" }).getByText("waiting for you to sign in").waitFor();
  await soon(() => trayOf(app)).toContain(`Sign in to ${host}…`);
  expect((await app.tray()).tooltip).toBe("Culvert: 1 on, waiting for sign-in");
  await looksRight(app, page, "sign-in");

  // The page again is another page; the link is on the clipboard and nowhere else.
  await callout.getByRole("button", { name: "Open the page again" }).click();
  await soon(() => app.openedUrls()).toHaveLength(2);
  await callout.getByRole("button", { name: "Copy link" }).click();
  await page.getByText("Link copied").waitFor();
  const urls = [...(await app.openedUrls()), await app.clipboard()].map((url) => new URL(url));
  const signatures = urls.map(({ searchParams }) => searchParams.get("pomerium_signature") ?? "");
  expect(new Set(signatures).size).toBe(3);
  expect(urls.map(({ pathname }) => pathname)).toEqual(Array(3).fill("/.pomerium/sign_in"));

  // Whoever looks at the window needs no notification, even after the time that others have to join.
  await soon(words).toMatch(/ [2-9] s ago/);
  expect(await app.notifications()).toEqual([]);

  await world.signIn(app, 2);
  expect(await client).toBe("PONG");
  await callout.waitFor({ state: "detached" });
  await row.getByText("Listening").waitFor();
  await page
    .getByRole("contentinfo")
    .getByText(/^signed in, 13 h 59 min left$/)
    .waitFor();
  await page.getByRole("list", { name: "Route" }).getByText("alice@corp.test, 13 h 59 min left").waitFor();
  await soon(() => trayOf(app)).not.toContain(`Sign in to ${host}…`);
  expect(await askRedis({ host: "127.0.0.1", port }, ["PING"])).toBe("PONG");
  expect(world.proxy.control.loginRequests()).toBe(3);

  const said = await whatWasSaid(app, page);
  expect(said["updates"]).toContain("signing-in");
  expect(said["log"]).toContain("sign-in-started");
  for (const [where, text] of Object.entries(said)) {
    for (const signature of signatures) expect(text, where).not.toContain(signature);
    expect(text, where).not.toMatch(/pomerium_signature|pomerium_jwt|eyJ[\w-]{8,}\./);
  }
});

test("one sign-in for several: Cancel is for one, the others go on", async () => {
  const { world, app, page, host } = await start();
  const inputs = ["Cache", "Queue", "Store"].map((name) => world.connection({ name }));
  const [cache, queue, store] = inputs as [ConnectionInput, ConnectionInput, ConnectionInput];
  const first = await waitAt(page, cache);
  const second = await waitAt(page, queue);
  const third = await waitAt(page, store);
  expect(await app.openedUrls()).toHaveLength(1);
  await choose(page, "Cache");
  const callout = page.getByRole("group", { name: "Continue in your browser" });
  await callout.getByRole("button", { name: "Cancel for all 3" }).waitFor();
  const others = page.getByRole("region", { name: "This sign-in also starts" });
  expect(await others.getByRole("listitem").getByRole("button").allInnerTexts()).toEqual([
    expect.stringContaining("Queue"),
    expect.stringContaining("Store"),
  ]);
  await looksRight(app, page, "sign-in-several");

  await callout.getByRole("button", { name: "Cancel", exact: true }).click();
  expect(await first.client).toMatch(/^failed/);
  await page.getByRole("switch", { name: "Cache", checked: false }).waitFor();
  for (const name of ["Queue", "Store"]) await rowSays(page, name, "signing in");

  // From here it would be for two.
  await choose(page, "Queue");
  await callout.getByRole("button", { name: "Cancel for all 2" }).waitFor();
  expect(await others.getByRole("button").innerText()).toContain("Store");
  await world.signIn(app);
  expect([await second.client, await third.client]).toEqual(["PONG", "PONG"]);
  for (const name of ["Queue", "Store"]) await rowSays(page, name, "listening");
  await rowSays(page, "Cache", "off");
  expect((await callMain(page, "snapshot")).sessions).toMatchObject([{ proxy: `https://${host}`, inUseBy: 2 }]);
});

test("Cancel for all ends it; what the browser does afterwards changes nothing", async () => {
  const { world, app, page } = await start();
  const inputs = ["Cache", "Queue"].map((name) => world.connection({ name }));
  const waiting = [];
  for (const input of inputs) waiting.push(await waitAt(page, input));
  await choose(page, "Cache");
  await page.getByRole("button", { name: "Cancel for all 2" }).click();
  for (const { client } of waiting) expect(await client).toMatch(/^failed/);
  await page.getByText("Nothing on").waitFor();
  await soon(async () => (await app.tray()).tooltip).toBe("Culvert: nothing on");

  const [url = ""] = await app.openedUrls();
  await expect(headlessSignIn(url, { caPem: world.proxy.caPem })).rejects.toMatchObject({ code: "ECONNREFUSED" });
  expect(await callMain(page, "snapshot")).toMatchObject({ statuses: {}, sessions: [], signIns: [] });
  expect((await app.tray()).tooltip).toBe("Culvert: nothing on");

  // The next one is a new sign-in, and the key for cancelling is of the connection that is shown.
  const [cache] = inputs as [ConnectionInput];
  const again = await waitAt(page, cache);
  await soon(() => app.openedUrls()).toHaveLength(2);
  await page.getByRole("group", { name: "Continue in your browser" }).waitFor();
  await page.keyboard.press("Control+.");
  expect(await again.client).toMatch(/^failed/);
  await page.getByRole("switch", { name: "Cache", checked: false }).waitFor();
  const last = await waitAt(page, cache);
  await world.signIn(app, 3);
  expect(await last.client).toBe("PONG");
  expect(app.logs()).toBe("");
});

test("without the focus a notification says it, and its click opens the page", async () => {
  const { world, app, page, host } = await start();
  await app.closeWindow();
  const [cache, queue] = [world.connection({ name: "Cache" }), world.connection({ name: "Queue" })];
  const first = await waitAt(page, cache);
  const second = await waitAt(page, queue);
  const open = async (): Promise<unknown[]> => (await app.notifications()).filter(({ closed }) => !closed);
  await soon(open).toEqual([{ title: `Sign in to ${host}`, body: "Cache and 1 more are waiting.", closed: false }]);
  await app.clickNotification(-1);
  await world.signIn(app, 2);
  expect([await first.client, await second.client]).toEqual(["PONG", "PONG"]);
  await soon(open).toEqual([]);
  expect(await app.windowState()).toMatchObject({ visible: false });
  expect(await app.notifications()).toHaveLength(1);
});

test("where the browser does not open, or should not, the link and the button lead on", async () => {
  const { world, app, page, host } = await start();
  // A command is run, so a person agrees to it outside the page.
  const agreed = app.dialogs.answer("Use command");
  await callMain(page, "change-settings", { browserCommand: "/no/such/browser" });
  await agreed;
  const { client } = await waitAt(page, world.connection({ name: "Cache" }));
  await choose(page, "Cache");
  const failed = page.getByRole("group", { name: "Browser did not open" });
  await failed.getByText(/^Culvert could not open .+\. Copy the link and open it yourself\.$/).waitFor();
  expect(await app.openedUrls()).toEqual([]);
  await looksRight(app, page, "sign-in-no-browser");
  await failed.getByRole("button", { name: "Choose browser" }).click();
  await page.getByRole("combobox", { name: "Browser for signing in" }).waitFor();
  await page.keyboard.press("Escape");
  await failed.getByRole("button", { name: "Copy link" }).click();
  await soon(() => app.clipboard()).toContain("/.pomerium/sign_in?");
  expect((await headlessSignIn(await app.clipboard(), { caPem: world.proxy.caPem })).status).toBe(200);
  expect(await client).toBe("PONG");
  await failed.waitFor({ state: "detached" });

  // Only when asked.
  await callMain(page, "change-settings", { browserCommand: "" });
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("switch", { name: "Open the sign-in page by itself" }).click();
  await page.keyboard.press("Escape");
  world.proxy.control.revokeAll();
  const next = await waitAt(page, world.connection({ name: "Queue" }));
  await choose(page, "Queue");
  const callout = page.getByRole("group", { name: "Sign in", exact: true });
  await callout.getByText(`The sign-in page of ${host} is ready. ${byItself}`).waitFor();
  expect(await app.openedUrls()).toEqual([]);
  await callout.getByRole("button", { name: "Open the page", exact: true }).click();
  await world.signIn(app);
  expect(await next.client).toBe("PONG");
});

test("signing out keeps clients and says so; everywhere asks first; an end that is not told is not shown", async () => {
  const { world, app, page, host } = await start({ tellsSessionEnd: false });
  const port = await turnedOn(page, world.connection({ name: "Cache" }));
  const held = await HeldClient.connect(port);
  const answer = held.echo("signed in");
  await world.signIn(app);
  expect(await answer).toBe("signed in");
  await choose(page, "Cache");
  await page.getByRole("list", { name: "Route" }).getByText("alice@corp.test", { exact: true }).waitFor();
  const status = page.getByRole("contentinfo").getByRole("button", { name: host });
  expect(await status.innerText()).toMatch(/signed in$/);
  await status.click();

  const session = page.getByRole("row", { name: host });
  await soon(() => session.innerText()).toContain("alice@corp.test");
  expect(await session.getByRole("cell").allInnerTexts()).toEqual(["set by the server", "1 connection", "Sign out"]);
  await looksRight(app, page, "sessions");
  await session.getByRole("button", { name: `Sign out of ${host}` }).click();
  await page.getByText(`Signed out of ${host}. 1 client stays until it closes.`).waitFor();
  await page.getByText("Not signed in anywhere. Culvert signs in when a connection needs it.").waitFor();
  expect(world.proxy.control.sessions()).toBe(0);
  expect(await held.echo("still here")).toBe("still here");
  await looksRight(app, page, "sessions-none");

  // New clients need a new sign-in.
  const client = waitingClient(port);
  await world.signIn(app, 2);
  expect(await client).toBe("PONG");
  await session.waitFor();
  await page.getByRole("button", { name: "Sign out everywhere…" }).click();
  const question = page.getByRole("dialog", { name: "Sign out everywhere?" });
  await question.getByText("You will sign in again at 1 proxy. 1 client stays until it closes.").waitFor();
  await question.getByRole("button", { name: "Cancel" }).click();
  expect(world.proxy.control.sessions()).toBe(1);
  await page.getByRole("button", { name: "Sign out everywhere…" }).click();
  await question.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("Signed out everywhere. 1 client stays until it closes.").waitFor();
  await soon(() => world.proxy.control.sessions()).toBe(0);
  await session.waitFor({ state: "detached" });
  expect(await held.echo("to the end")).toBe("to the end");
});
