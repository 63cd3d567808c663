import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { launchApp } from "./host/launch.ts";
import { heldPort } from "./support/free-port.ts";
import { startHalden } from "./support/halden.ts";
import { choose, rowOf, rowSays, switchOf, toTop } from "./support/list.ts";
import { useTunnel } from "./support/stream.ts";
import { looksRight, resize } from "./support/themes.ts";

const detail = (page: Page, name: string): Locator => page.getByRole("region", { name, exact: true });

test("first run: what Culvert is for, and the one thing to do", async () => {
  const app = await launchApp();
  const page = await app.window();
  await page.getByRole("heading", { name: "Open your first connection" }).waitFor();
  await page
    .getByText(
      "Culvert opens a port on this computer and carries it through your organisation’s Pomerium to the database or server behind it.",
    )
    .waitFor();
  await page.getByText("Nothing on").waitFor();
  await looksRight(app, page, "empty");
  await resize(app, page, 480, 640);
  await looksRight(app, page, "empty-480");
});

test("the main window: signing in, connected, retrying, failed, and one pane", async () => {
  const { app, page, ports, signIn } = await startHalden({ usualPorts: true });
  for (const name of ["Orders Postgres", "Session Redis", "Kafka broker 1"]) await switchOf(page, name).click();
  await rowSays(page, "Kafka broker 1", "listening");
  await choose(page, "Orders Postgres");

  // Three connections wait for one sign-in.
  await useTunnel(ports.orders);
  await useTunnel(ports.redis);
  const kafka = await useTunnel(ports.kafka);
  for (const name of ["Orders Postgres", "Session Redis", "Kafka broker 1"]) await rowSays(page, name, "signing in");
  const orders = detail(page, "Orders Postgres");
  await orders.getByText("Continue in your browser").waitFor();
  await orders.getByText(/^The sign-in page of access\.halden\.example opened in .+ \d+ s ago\./).waitFor();
  await orders.getByRole("heading", { name: "This sign-in also starts 2" }).waitFor();
  await page.getByRole("contentinfo").getByText("Sign-in waiting in your browser").waitFor();
  await looksRight(app, page, "signin");

  await signIn();
  await rowSays(page, "Kafka broker 1", "1 client");
  kafka.destroy();
  await useTunnel(ports.orders, { bytes: 24_000, everyMs: 11_000 });
  await rowSays(page, "Orders Postgres", "2 clients");
  await rowSays(page, "Kafka broker 1", "listening");

  await switchOf(page, "Billing MySQL").click();
  await switchOf(page, "Warehouse ClickHouse").click();
  await rowSays(page, "Warehouse ClickHouse", "listening");
  await useTunnel(ports.billing);
  await useTunnel(ports.warehouse);
  await rowSays(page, "Billing MySQL", "Retrying");
  await rowSays(page, "Warehouse ClickHouse", "Certificate not trusted");

  await choose(page, "Warehouse ClickHouse");
  const warehouse = detail(page, "Warehouse ClickHouse");
  await warehouse.getByRole("heading", { name: "This computer does not trust access.dwh.halden.example" }).waitFor();
  await warehouse.getByRole("button", { name: "Add CA certificate…" }).waitFor();
  await warehouse.getByText("will not retry by itself").waitFor();
  await looksRight(app, page, "error");

  await toTop(page);
  await choose(page, "Orders Postgres");
  await page.getByRole("tab", { name: "Configuration" }).click();
  await orders.getByText("Custom CA, halden-ca.pem").waitFor();
  await looksRight(app, page, "config");

  await page.getByRole("tab", { name: /^Log/ }).click();
  const log = orders.getByRole("log");
  await orders.getByRole("searchbox", { name: "Filter messages" }).fill("open");
  const opened = log.getByRole("button", { name: /open/i }).last();
  await opened.click();
  await expect.poll(() => opened.getAttribute("aria-expanded")).toBe("true");
  await looksRight(app, page, "log");
  await orders.getByRole("searchbox", { name: "Filter messages" }).fill("no such words");
  await orders.getByText("No event matches.").waitFor();

  await page.getByRole("tab", { name: "Overview" }).click();
  await orders.getByText("ada@halden.example, 5 h 48 min left").waitFor();
  await expect
    .poll(async () => orders.getByText(/^(?!0 B\/s)[\d.]+ [kKMG]?B\/s$/).count(), { timeout: 10_000 })
    .toBeGreaterThanOrEqual(2);
  await page.getByRole("contentinfo").getByText("5 on").waitFor();
  await page.getByRole("contentinfo").getByText("1 error").waitFor();
  await looksRight(app, page, "main");

  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Find a connection or a command" }).fill("postg");
  const active = page.getByRole("option", { selected: true });
  await expect.poll(() => active.innerText()).toMatch(/Orders Postgres\s+prod, data\s+Copy\s+127\.0\.0\.1:/);
  await page.keyboard.press("ArrowDown");
  await expect.poll(() => active.innerText()).toMatch(/^Catalogue Postgres\s+data\s+Turn on and copy\s+:5433/);
  await looksRight(app, page, "palette");
  await page.keyboard.press("Escape");

  await resize(app, page, 480, 640);
  await looksRight(app, page, "detail-480");
  await page.getByRole("button", { name: "Connections" }).click();
  await rowOf(page, "Orders Postgres").waitFor();
  await looksRight(app, page, "list-480");
});

test("all seven states, and a port in use, in rows, headers and groups", async () => {
  const held = await heldPort(5434);
  const { app, page, proxy, ports, signIn } = await startHalden({
    usualPorts: true,
    change: (name) => {
      if (name === "Ledger Postgres") return { listen: String(held) };
      // A local address whose name is never resolved: it stays on its way.
      return name === "Reporting Postgres" ? { listen: "workstation.halden.example:5435" } : {};
    },
  });
  const turnOn = (name: string): Promise<void> => switchOf(page, name).click();
  /** What the second line of the detail says, once it says this. */
  const headerSays = async (name: string, words: RegExp): Promise<void> => {
    await choose(page, name);
    await expect.poll(() => detail(page, name).locator("header").innerText()).toMatch(words);
  };

  await rowSays(page, "Jump host", "off, :2222");
  await headerSays("Jump host", /Off\s+last used \d days ago/);

  await turnOn("Session Redis");
  await rowSays(page, "Session Redis", "listening");
  await useTunnel(ports.redis);
  await signIn();
  await rowSays(page, "Session Redis", `connected, 1 client, 127\\.0\\.0\\.1:${ports.redis}, prod`);
  await headerSays("Session Redis", /Connected\s+1 client, on for \d+ s/);

  await turnOn("Kafka broker 1");
  await rowSays(page, "Kafka broker 1", `listening, 127\\.0\\.0\\.1:${ports.kafka}`);
  await headerSays("Kafka broker 1", /Listening\s+no clients, on for \d+ s/);

  await turnOn("Reporting Postgres");
  await rowSays(page, "Reporting Postgres", "starting");
  await headerSays("Reporting Postgres", /Starting\s+opening workstation\.halden\.example:5435/);

  await turnOn("Billing MySQL");
  await rowSays(page, "Billing MySQL", "listening");
  await useTunnel(ports.billing);
  await rowSays(page, "Billing MySQL", "retrying, Retrying");
  await headerSays("Billing MySQL", /Retrying (in \d+ s|now)\s+attempt \d+, refused/);
  await detail(page, "Billing MySQL").getByRole("button", { name: "Try now" }).waitFor();

  await turnOn("Warehouse ClickHouse");
  await rowSays(page, "Warehouse ClickHouse", "listening");
  await useTunnel(ports.warehouse);
  await rowSays(page, "Warehouse ClickHouse", "error, Certificate not trusted");
  await headerSays("Warehouse ClickHouse", /Certificate not trusted\s+since \d\d:\d\d, will not retry by itself/);

  // The server forgets its sessions: the next client waits for a person.
  proxy.control.revokeAll();
  await turnOn("Orders Postgres");
  await rowSays(page, "Orders Postgres", "listening");
  await useTunnel(ports.orders);
  await rowSays(page, "Orders Postgres", "signing in");
  await headerSays("Orders Postgres", new RegExp(`Signing in\\s+port ${ports.orders} is open, 1 client is waiting`));

  await turnOn("Ledger Postgres");
  await rowSays(page, "Ledger Postgres", `error, Port ${held} is in use`);
  await headerSays("Ledger Postgres", new RegExp(`Port ${held} is in use`));
  const ledger = detail(page, "Ledger Postgres");
  await ledger.getByText("Choose another port, or close that program.").waitFor();
  expect(await ledger.getByRole("button").allInnerTexts()).toContain("Try again");
  await looksRight(app, page, "error-port");

  await resize(app, page, 960, 900);
  await page.getByRole("button", { name: /By tag/ }).click();
  await looksRight(app, page, "group-menu");
  await page.getByRole("menuitemradio", { name: "By state" }).click();
  await toTop(page);
  const groups = page.getByRole("grid", { name: "Connections" }).getByRole("row", { name: / of \d+ on/ });
  await expect
    .poll(async () => (await groups.allInnerTexts()).map((text) => text.split("\n")[0]))
    .toEqual(["Pinned", "Error", "Signing in", "Retrying", "Starting", "Connected", "Listening", "Off"]);
  await page.getByRole("radio", { name: /Attention 3/ }).check();
  await page.getByRole("radio", { name: /On 7/ }).check();
  await choose(page, "Session Redis");
  await looksRight(app, page, "states");
});
