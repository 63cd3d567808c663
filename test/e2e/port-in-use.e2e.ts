import { once } from "node:events";
import net from "node:net";
import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { launchApp } from "./host/launch.ts";
import { callMain } from "./support/call.ts";
import { choose } from "./support/list.ts";
import { looksRight } from "./support/themes.ts";
import { saveAll } from "./support/turned-on.ts";
import { button, looked, statusOf, unconnected } from "./support/window.ts";

/** Another program's server on a port of this computer. */
async function listener(port = 0): Promise<net.Server> {
  const server = net.createServer((socket) => socket.destroy());
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return server;
}

const portOf = (server: net.Server): number => (server.address() as net.AddressInfo).port;

/** A port with two free ones behind it: what is proposed in its place is then known. */
async function heldPort(): Promise<{ readonly port: number; readonly server: net.Server }> {
  for (;;) {
    const server = await listener();
    const port = portOf(server);
    const behind = await Promise.all([listener(port + 1), listener(port + 2)]).catch(() => null);
    if (behind === null) continue;
    for (const one of behind) {
      one.close();
      await once(one, "close");
    }
    return { port, server };
  }
}

/** What stands in the callout of the detail. */
const callout = (page: Page) => page.locator(".detail-callout");

/** The port that is offered in the place of the held one: usually the one behind it, unless another program takes that now. */
async function proposed(page: Page): Promise<number> {
  const offer = callout(page).getByRole("button", { name: /^Use port \d+$/ });
  return Number(/\d+/.exec(await offer.innerText())?.[0]);
}

test("a port that another program holds: what is said, another port, and trying again once it is free", async () => {
  const { port, server } = await heldPort();
  const app = await launchApp();
  const page = await app.window();
  const [orders, ledger] = [
    unconnected("Orders Postgres", { listen: String(port) }),
    unconnected("Ledger MySQL", { listen: `127.0.0.1:${port}` }),
  ];
  await saveAll(page, [orders, ledger]);

  await page.getByRole("switch", { name: "Orders Postgres" }).click();
  await page
    .getByRole("row", { name: `Orders Postgres, error, Port ${port} is in use, 127.0.0.1:${port}`, exact: true })
    .waitFor();
  await page.getByText("1 error", { exact: true }).waitFor();
  await choose(page, "Orders Postgres");
  await page.getByText(/^since \d\d:\d\d, will not retry by itself$/).waitFor();
  // The program is named where the system tells which it is.
  await callout(page)
    .getByText(new RegExp(`^(Another program|node) uses port ${port}$`))
    .waitFor();
  await callout(page).getByText("Choose another port, or close that program.", { exact: true }).waitFor();
  await looksRight(app, page, "port-in-use");
  await expect.poll(async () => (await app.tray()).tooltip).toBe("Culvert: 1 on, 1 error");

  const next = await proposed(page);
  expect(next).toBeGreaterThan(port);
  await button(page, `Use port ${next}`).click();
  await page.getByText(`Orders Postgres now uses port ${next}`, { exact: true }).waitFor();
  await page.getByRole("row", { name: `Orders Postgres, listening, 127.0.0.1:${next}`, exact: true }).waitFor();
  await callout(page).waitFor({ state: "detached" });
  expect((await callMain(page, "snapshot")).connections[0]?.listen).toBe(String(next));
  const client = net.connect(next, "127.0.0.1");
  await once(client, "connect");
  client.destroy();

  await page.getByRole("switch", { name: "Ledger MySQL" }).click();
  await choose(page, "Ledger MySQL");
  await callout(page)
    .getByText(/uses port/)
    .waitFor();
  // The one behind it is another connection's by now.
  expect(await proposed(page)).toBeGreaterThan(next);
  await button(page, "Try again").click();
  await page.getByRole("row", { name: /^Ledger MySQL, error/ }).waitFor();
  server.close();
  await once(server, "close");
  await button(page, "Try again").click();
  await page.getByRole("row", { name: `Ledger MySQL, listening, 127.0.0.1:${port}`, exact: true }).waitFor();
  await callout(page).waitFor({ state: "detached" });
});

test("two connections on one port: the second says which one uses it", async () => {
  const { port, server } = await heldPort();
  server.close();
  await once(server, "close");
  const app = await launchApp();
  const page = await app.window();
  const [first, second] = [
    unconnected("Ledger MySQL", { listen: String(port) }),
    unconnected("Orders Postgres", { listen: String(port) }),
  ];
  await saveAll(page, [first, second]);
  await page.getByRole("switch", { name: "Ledger MySQL" }).click();
  await page.getByRole("row", { name: /^Ledger MySQL, listening/ }).waitFor();
  await page.getByRole("switch", { name: "Orders Postgres" }).click();
  await choose(page, "Orders Postgres");
  await page.getByRole("row", { name: new RegExp(`^Orders Postgres, error, Port ${port} is in use`) }).waitFor();
  await callout(page).getByText(`Ledger MySQL uses port ${port}`, { exact: true }).waitFor();
  await callout(page).getByText("Choose another port, or turn that connection off.", { exact: true }).waitFor();
  await looked(page, "port-in-use-ours");
  // The log says the same.
  await page.getByRole("tab", { name: /^Log/ }).click();
  await page.getByText(`Ledger MySQL uses port ${port}.`).waitFor();

  await page.getByRole("switch", { name: "Ledger MySQL" }).click();
  await expect.poll(() => statusOf(page, first.id)).toEqual({ kind: "off" });
  await button(page, "Try again").click();
  await page.getByRole("row", { name: `Orders Postgres, listening, 127.0.0.1:${port}`, exact: true }).waitFor();
});
