import dgram, { type Socket } from "node:dgram";
import { once } from "node:events";
import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import type { ConnectionInput } from "../../src/shared/model/connection.ts";
import { askRedis } from "../support/mini-redis.ts";
import { UdpClient, UdpUpstream } from "../support/udp.ts";
import { launchApp } from "./host/launch.ts";
import { callMain } from "./support/call.ts";
import { freePort } from "./support/free-port.ts";
import { choose, rowOf, rowSays } from "./support/list.ts";
import { soon } from "./support/soon.ts";
import { looksRight, resize } from "./support/themes.ts";
import { saveAll, turnedOn } from "./support/turned-on.ts";
import {
  answer,
  button,
  description,
  dialog,
  field,
  isFocused,
  looked,
  openEditor,
  openPort,
  rowNames,
  signedIn,
  statusOf,
} from "./support/window.ts";
import { withProxy, type ProxyWorld } from "./support/with-proxy.ts";

const destination = "dns.corp.test:53";

interface UdpWorld extends ProxyWorld {
  readonly upstream: UdpUpstream;
}

/** A proxy with a UDP service behind it that sends everything back. */
async function withUdp(): Promise<UdpWorld> {
  const upstream = await UdpUpstream.start();
  onTestFinished(() => upstream.close());
  const world = await withProxy({
    routes: [{ host: "dns.corp.test", port: 53, upstream: upstream.address, type: "udp" }],
  });
  return { ...world, upstream };
}

const dnsOf = (world: ProxyWorld, changes: Partial<ConnectionInput> = {}): ConnectionInput =>
  signedIn(world, { name: "Office DNS", protocol: "udp", destination, ...changes });

/** A program that sends to a port of this computer; ends with the test. */
async function clientOf(port: number): Promise<UdpClient> {
  const client = await UdpClient.open({ host: "127.0.0.1", port });
  onTestFinished(() => client.close());
  return client;
}

/** What another program has of UDP on this computer; ends with the test. */
async function udpSocket(port = 0): Promise<Socket> {
  const socket = dgram.createSocket("udp4");
  socket.bind(port, "127.0.0.1");
  await once(socket, "listening");
  onTestFinished(() => {
    try {
      socket.close();
    } catch {
      // Closed by the test.
    }
  });
  return socket;
}

async function closed(socket: Socket): Promise<void> {
  socket.close();
  await once(socket, "close");
}

/**
 * A UDP port that another program holds, with a free one behind it: what is proposed in its place is then known. The same port of
 * TCP is free.
 */
async function heldUdpPort(): Promise<{ readonly port: number; readonly socket: Socket }> {
  for (;;) {
    const socket = await udpSocket();
    const { port } = socket.address();
    const behind = await udpSocket(port + 1).catch(() => null);
    if (behind === null || (await freePort(port)) !== port) continue;
    await closed(behind);
    return { port, socket };
  }
}

async function paste(page: Page, text: string): Promise<void> {
  await field(page, "Destination").focus();
  await field(page, "Destination").evaluate((element, link) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", link);
    element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, text);
}

const clientRows = (page: Page): Promise<readonly string[]> =>
  page.getByRole("region", { name: "Clients" }).locator("tbody tr > td:first-child").allTextContents();

test("from the editor to the first answer: sign-in, the port that was really bound, clients, and the end", async () => {
  const world = await withUdp();
  const app = await launchApp();
  const page = await app.window();
  await button(page, "New connection").first().waitFor();
  await page.keyboard.press("Control+N");
  await field(page, "Name").fill("Office DNS");
  await page.keyboard.press("Tab");
  const [tcp, udp] = ["TCP", "UDP"].map((name) => page.getByRole("radio", { name, exact: true }));
  if (!tcp || !udp) throw new Error("no radios");
  expect(await isFocused(tcp)).toBe(true);
  await page.keyboard.press("ArrowRight");
  expect(await isFocused(udp)).toBe(true);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await expect
    .poll(() => description(field(page, "Destination")))
    .toBe("Enter a destination, for example dns.example.com:53");

  // A link says it all; what it changes in the part below is in sight.
  await tcp.click();
  await paste(page, `udp+https://localhost:${world.proxy.port}/${destination}`);
  await expect.poll(() => description(field(page, "Destination"))).toBe("Filled from the link");
  expect(await udp.getAttribute("aria-checked")).toBe("true");
  expect(await field(page, "Destination").inputValue()).toBe(destination);
  expect(await field(page, "Pomerium URL").inputValue()).toBe(world.proxy.origin);
  await field(page, "Local address").fill("5353");
  await page.getByText("dig @127.0.0.1 -p 5353 example.com").waitFor();
  await field(page, "Forget clients after").fill("2 min");
  await field(page, "Forget clients after").blur();
  await expect
    .poll(() => description(field(page, "Forget clients after")))
    .toBe("Enter whole seconds, from 1 to 86400");
  await looksRight(app, page, "editor-udp-errors");
  await field(page, "Forget clients after").fill("90");
  await page.getByRole("radio", { name: "Custom CA" }).click();
  await app.pickFile(world.proxy.caFile);
  await button(page, "Choose CA certificate…").click();
  await page.getByText("ca.crt").waitFor();
  await page
    .getByRole("button", { name: /^Advanced.*Pomerium URL, clients forgotten after 90 s, custom CA/ })
    .waitFor();
  await udp.focus();
  await looksRight(app, page, "editor-udp");
  await resize(app, page, 480, 640);
  await looked(page, "editor-udp-480");
  await resize(app, page, 960, 640);
  await field(page, "Local address").fill("");

  await button(page, "Save and turn on").click();
  await rowSays(page, "Office DNS", "listening");
  const [saved] = (await callMain(page, "snapshot")).connections;
  if (!saved) throw new Error("nothing saved");
  expect(saved).toMatchObject({ protocol: "udp", destination, listen: "", idleSeconds: 90 });
  const port = await openPort(page, saved.id);
  const row = rowOf(page, "Office DNS");
  expect(await row.getAttribute("aria-label")).toBe(`Office DNS, listening, 127.0.0.1:${port}, UDP`);
  await row.getByText("UDP", { exact: true }).waitFor();
  const detail = page.getByRole("region", { name: "Office DNS" });
  expect(await detail.locator(".address-bar").innerText()).toMatch(new RegExp(`^127\\.0\\.0\\.1:${port}\\s+UDP`));
  await page.keyboard.press("Control+C");
  await expect.poll(() => app.clipboard()).toBe(`127.0.0.1:${port}`);

  // More than is kept for a client that has no way yet: what is lost here is said.
  const client = await clientOf(port);
  client.send("first");
  await rowSays(page, "Office DNS", "signing in");
  await soon(async () => {
    for (let number = 0; number < 200; number += 1) client.send("x".repeat(100));
    return (await callMain(page, "watch", saved.id))?.dropped ?? 0;
  }).toBeGreaterThan(0);
  await world.signIn(app);
  await client.answered(1);
  expect(client.answers[0]?.toString()).toBe("first");
  await rowSays(page, "Office DNS", `connected, 1 client, 127\\.0\\.0\\.1:${port}, UDP`);
  await soon(() => clientRows(page)).toEqual([`127.0.0.1:${client.port}`]);
  const clients = page.getByRole("region", { name: "Clients" });
  await clients.getByText(/^\d+ datagrams dropped$/).waitFor();
  await clients.getByRole("columnheader", { name: "Dropped" }).waitFor();
  const second = await clientOf(port);
  expect((await second.ask("second")).toString()).toBe("second");
  await rowSays(page, "Office DNS", "2 clients");
  await looksRight(app, page, "udp-running");
  await button(page, `Disconnect 127.0.0.1:${second.port}`).click();
  await soon(() => clientRows(page)).toEqual([`127.0.0.1:${client.port}`]);

  await page.getByRole("tab", { name: "Configuration" }).click();
  await page.getByText("90 seconds without a datagram").waitFor();
  await looksRight(app, page, "config-udp");

  await page.getByRole("switch", { name: "Office DNS" }).click();
  await expect.poll(() => statusOf(page, saved.id)).toEqual({ kind: "off" });
  await udpSocket(port);
  await rowSays(page, "Office DNS", "off, any port, UDP");
});

test("another idle time asks before clients are cut off; a client that is silent is forgotten", async () => {
  const world = await withUdp();
  const app = await launchApp();
  const page = await app.window();
  const { port: listen, socket } = await heldUdpPort();
  await closed(socket);
  const port = await turnedOn(page, dnsOf(world, { listen: String(listen) }));
  expect(port).toBe(listen);
  const client = await clientOf(port);
  await client.ask("before");

  await openEditor(page, "Office DNS");
  await field(page, "Forget clients after").fill("1");
  await page.keyboard.press("Control+S");
  await dialog(page).getByText("1 client will be cut off.", { exact: true }).waitFor();
  await answer(page, "Keep editing");
  expect((await client.ask("still here")).toString()).toBe("still here");
  await page.keyboard.press("Control+S");
  await answer(page, "Save and restart");
  await rowSays(page, "Office DNS", "listening");
  expect((await client.ask("after")).toString()).toBe("after");
  await page.getByRole("tab", { name: /^Log/ }).click();
  await page
    .getByText(/^Client was silent and is forgotten after/)
    .first()
    .waitFor();
  await rowSays(page, "Office DNS", "listening");
  expect((await client.ask("once more")).toString()).toBe("once more");
});

test("UDP and TCP on the same port are no conflict; what holds the UDP port is named, and another port taken", async () => {
  const world = await withUdp();
  const app = await launchApp();
  const page = await app.window();
  const { port, socket } = await heldUdpPort();
  const cache = signedIn(world, { name: "Cache", listen: String(port) });
  const dns = dnsOf(world, { listen: String(port) });
  expect(await turnedOn(page, cache)).toBe(port);
  await saveAll(page, [dns]);

  await page.getByRole("switch", { name: "Office DNS" }).click();
  await rowSays(page, "Office DNS", `error, Port ${port} is in use`);
  await choose(page, "Office DNS");
  const callout = page.locator(".detail-callout");
  await callout.getByText(new RegExp(`^(Another program|node) uses port ${port}$`)).waitFor();
  await button(page, `Use port ${port + 1}`).waitFor();
  await looksRight(app, page, "udp-port-in-use");
  await closed(socket);
  await button(page, "Try again").click();
  await rowSays(page, "Office DNS", `listening, 127\\.0\\.0\\.1:${port}, UDP`);
  await callout.waitFor({ state: "detached" });
  expect(await askRedis({ host: "127.0.0.1", port }, ["PING"])).toBe("PONG");
  expect((await (await clientOf(port)).ask("both")).toString()).toBe("both");

  const other = dnsOf(world, { name: "Lab DNS", listen: String(port) });
  await saveAll(page, [other]);
  await page.getByRole("switch", { name: "Lab DNS" }).click();
  await choose(page, "Lab DNS");
  await callout.getByText(`Office DNS uses port ${port}`, { exact: true }).waitFor();
  await button(page, `Use port ${port + 1}`).click();
  await page.getByText(`Lab DNS now uses port ${port + 1}`, { exact: true }).waitFor();
  await rowSays(page, "Lab DNS", `listening, 127\\.0\\.0\\.1:${port + 1}, UDP`);
  expect((await (await clientOf(port + 1)).ask("lab")).toString()).toBe("lab");

  await page.getByRole("searchbox").first().fill("udp");
  await soon(() => rowNames(page)).toEqual(["Lab DNS", "Office DNS"]);
  await page.keyboard.press("Control+K");
  await page.getByRole("combobox").last().fill("udp");
  await soon(() => page.getByRole("option").filter({ hasText: "DNS" }).allInnerTexts()).toHaveLength(2);
  await looksRight(app, page, "palette-udp");
  await page.getByRole("combobox").last().fill("udp+https://ntp.corp.test:123");
  await page.getByRole("option", { name: "New UDP connection to ntp.corp.test:123" }).click();
  await page.getByRole("radio", { name: "UDP", checked: true }).waitFor();
  expect(await field(page, "Destination").inputValue()).toBe("ntp.corp.test:123");
});
