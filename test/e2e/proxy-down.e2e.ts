import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { askRedis } from "../support/mini-redis.ts";
import { launchApp } from "./host/launch.ts";
import type { RunningApp } from "./host/running-app.ts";
import { ClosableRelay } from "./support/closable-relay.ts";
import { HeldClient } from "./support/held-client.ts";
import { choose, rowOf, rowSays } from "./support/list.ts";
import { soon } from "./support/soon.ts";
import { looksRight } from "./support/themes.ts";
import { trayText } from "./support/tray-text.ts";
import { turnedOn } from "./support/turned-on.ts";
import { withProxy, type ProxyWorld } from "./support/with-proxy.ts";

interface Started {
  readonly world: ProxyWorld;
  readonly app: RunningApp;
  readonly page: Page;
}

/** A proxy that wants no sign-in for its route. */
async function start(): Promise<Started> {
  const world = await withProxy();
  world.proxy.control.setPolicy(world.destination, "public");
  const app = await launchApp();
  return { world, app, page: await app.window() };
}

const ask = (port: number): Promise<string> => askRedis({ host: "127.0.0.1", port }, ["PING"]);
const trayOf = async (app: RunningApp): Promise<string[]> => trayText((await app.tray()).items);

test("while the proxy is down clients wait, and get their bytes when it is back", async () => {
  const { world, app, page } = await start();
  const relay = await ClosableRelay.start(world.proxy.port);
  const pomeriumUrl = `https://localhost:${relay.port}`;
  const port = await turnedOn(page, world.connection({ name: "Cache", pomeriumUrl }));
  expect(await ask(port)).toBe("PONG");
  await choose(page, "Cache");

  await relay.shut();
  const client = await HeldClient.connect(port);
  const answer = client.echo("after the storm");
  const detail = page.getByRole("region", { name: "Cache" });
  await rowOf(page, "Cache")
    .getByText(/^Retrying in \d+ s$/)
    .waitFor();
  // The third wait takes 4 s.
  await detail.getByText(/^attempt 3, refused$/).waitFor();
  await detail.getByText(/^Retrying in [1-4] s$/).waitFor();
  await soon(() => trayOf(app)).toContain("> [x] Cache (retrying)");
  // It will go on by itself: nobody is called.
  expect((await app.tray()).image).toBe("on-light.png");
  expect(client.isEnded).toBe(false);
  await page.getByRole("list", { name: "Route" }).getByText("1 client waiting").waitFor();

  await relay.open();
  const asked = performance.now();
  await detail.getByRole("button", { name: "Try now" }).click();
  expect(await answer).toBe("after the storm");
  expect(performance.now() - asked).toBeLessThan(2_500);
  await rowSays(page, "Cache", "1 client");
  await detail.getByText(/^1 client, on for/).waitFor();

  // Without anybody's help it takes its time, and comes back as well.
  await relay.shut();
  await client.ended;
  const second = ask(port);
  await detail.getByText(/^attempt 2, refused$/).waitFor();
  await looksRight(app, page, "proxy-down");
  await relay.open();
  expect(await second).toBe("PONG");
  await rowSays(page, "Cache", "listening");
  expect(app.logs()).toBe("");
});

test("a policy that says no stays a No until somebody tries again, and its report has no secrets", async () => {
  const { world, app, page } = await start();
  world.proxy.control.setPolicy(world.destination, "deny");
  const port = await turnedOn(page, world.connection({ name: "Cache" }));
  const client = await HeldClient.connect(port);
  const url = await world.signIn(app);
  await client.ended;
  await choose(page, "Cache");
  await rowOf(page, "Cache").getByText("Access denied").waitFor();
  const detail = page.getByRole("region", { name: "Cache" });
  await detail.getByText(/^since \d\d:\d\d, will not retry by itself$/).waitFor();
  const callout = page.getByRole("group", { name: `You may not use ${world.destination}`, exact: true });
  await callout
    .getByText(/knows you as alice@corp\.test and its policy says no\. Ask the owner of the route\.$/)
    .waitFor();
  await callout.getByRole("button", { name: "Sign in as someone else" }).waitFor();
  await soon(() => trayOf(app)).toContain("Cache: access denied…");
  await looksRight(app, page, "access-denied");

  await callout.getByRole("button", { name: "Copy report" }).click();
  await callout.getByRole("button", { name: "Copied" }).waitFor();
  const report = await app.clipboard();
  for (const line of [
    /^Connection: Cache$/m,
    /^Destination: redis\.corp\.test:6379$/m,
    new RegExp(`^Pomerium: ${world.proxy.origin}$`, "m"),
    /^Time: \d{4}-\d\d-\d\dT[\d:.]+Z$/m,
    /^Code: access-denied$/m,
    /^Answer: 403$/m,
    /^Request id: \S+$/m,
  ])
    expect(report).toMatch(line);
  expect(report).not.toMatch(/eyJ[\w-]{8,}\.|pomerium_|BEGIN /i);
  expect(report).not.toContain(new URL(url).search);

  // Once the owner of the route has agreed, a try puts it right.
  const asked = world.proxy.control.connects().length;
  world.proxy.control.setPolicy(world.destination, "allow");
  await callout.getByRole("button", { name: "Try again" }).click();
  await rowSays(page, "Cache", "listening");
  await callout.waitFor({ state: "detached" });
  expect(world.proxy.control.connects().length).toBe(asked + 1);
  expect(await ask(port)).toBe("PONG");
});

test("a certificate that is not trusted leads to the field for its CA, and then it works", async () => {
  const { world, app, page } = await start();
  const port = await turnedOn(page, world.connection({ name: "Cache", trust: { kind: "system" } }));
  const client = await HeldClient.connect(port);
  await client.ended;
  await choose(page, "Cache");
  await rowOf(page, "Cache").getByText("Certificate not trusted").waitFor();
  const callout = page.getByRole("group", { name: /^This computer does not trust localhost/ });
  await callout.getByText(/Add your organisation’s CA certificate, or ask your administrator for it\.$/).waitFor();
  await looksRight(app, page, "not-trusted");

  // Changing one's mind changes nothing.
  await callout.getByRole("button", { name: "Add CA certificate…" }).click();
  await app.dialogs.cancel();
  await callout.waitFor();
  await callout.getByRole("button", { name: "Add CA certificate…" }).click();
  await app.pickFile(world.proxy.caFile);
  await page.getByRole("heading", { name: "Edit Cache" }).waitFor();
  await page.getByRole("radiogroup", { name: "Server trust" }).getByRole("radio", { name: "Custom CA" }).waitFor();
  expect(await page.getByRole("radio", { name: "Custom CA" }).getAttribute("aria-checked")).toBe("true");
  await soon(() => page.evaluate(() => document.activeElement?.closest("[data-field='ca']") !== null)).toBe(true);
  await looksRight(app, page, "editor-ca");
  await page.getByRole("button", { name: /^Save(?! and)/ }).click();
  await rowSays(page, "Cache", "listening");
  const open = Number(/127\.0\.0\.1:(\d+)/.exec((await rowOf(page, "Cache").getAttribute("aria-label")) ?? "")?.[1]);
  expect(await ask(open)).toBe("PONG");
});

test("a connection that verifies nothing says so wherever it is shown", async () => {
  const { world, app, page } = await start();
  const port = await turnedOn(page, world.connection({ name: "Cache", trust: { kind: "unverified" } }));
  expect(await ask(port)).toBe("PONG");
  await rowOf(page, "Cache").getByText("Unverified", { exact: true }).waitFor();
  await choose(page, "Cache");
  await page.getByRole("region", { name: "Cache" }).getByText("Unverified", { exact: true }).waitFor();
  await looksRight(app, page, "unverified");
});
