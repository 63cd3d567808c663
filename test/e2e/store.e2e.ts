import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { askRedis } from "../support/mini-redis.ts";
import { launchApp } from "./host/launch.ts";
import type { RunningApp } from "./host/running-app.ts";
import { callMain } from "./support/call.ts";
import { heldPort } from "./support/free-port.ts";
import { choose } from "./support/list.ts";
import { shot } from "./support/shot.ts";
import { folderWith, saved } from "./support/store-files.ts";
import { saveAll, turnedOn } from "./support/turned-on.ts";
import { button, field, looked, openPort, rowNames, unconnected } from "./support/window.ts";
import { withProxy } from "./support/with-proxy.ts";

const now = new Date();
const today = [now.getFullYear(), now.getMonth() + 1, now.getDate()]
  .map((part) => String(part).padStart(2, "0"))
  .join("-");

const modeOf = (file: string): string => (statSync(file).mode & 0o777).toString(8);

/** Every file below a folder. */
function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

/** Base64 of a text that stands somewhere within another one: by where it begins, without what depends on its neighbours. */
const base64Within = (text: string): readonly Buffer[] =>
  [0, 1, 2].map((at) =>
    Buffer.from(
      Buffer.from(" ".repeat(at) + text)
        .toString("base64")
        .slice(4, -4),
    ),
  );

/** How a text may stand in a file: as it is, as UTF-16, as base64. A PEM text may have other line ends: its long lines count. */
function formsOf(secret: string): readonly Buffer[] {
  const lines = secret.split("\n").filter((line) => line.length >= 16 && !line.startsWith("-----"));
  return lines.flatMap((line) => [Buffer.from(line), Buffer.from(line, "utf16le"), ...base64Within(line)]);
}

/** The files that hold a secret which anyone can read. */
async function filesWith(app: RunningApp, secrets: readonly string[]): Promise<readonly string[]> {
  const logs = await app.evaluateMain((electron) => electron.app.getPath("logs"));
  const files = [...new Set([...filesIn(app.userData), ...filesIn(logs)])];
  expect(files.length).toBeGreaterThan(0);
  const forms = secrets.flatMap(formsOf);
  return files.filter((file) => {
    const bytes = readFileSync(file);
    return forms.some((form) => bytes.includes(form));
  });
}

/** What stands encrypted in a file, decrypted with the key of the keychain. */
async function decrypted(app: RunningApp, name: string): Promise<string> {
  const { entries } = JSON.parse(readFileSync(path.join(app.userData, name), "utf8")) as {
    entries: { data: string }[];
  };
  return await app.evaluateMain(
    ({ safeStorage }, all) => all.map((data) => safeStorage.decryptString(Buffer.from(data, "base64"))).join("\n"),
    entries.map(({ data }) => data),
  );
}

test("a file of connections that cannot be read is kept, told, and not told again", async () => {
  const userData = folderWith([]);
  const file = path.join(userData, "connections.json");
  const broken = '{"version":1,"connections":[{"name":"Orders';
  writeFileSync(file, broken);
  const app = await launchApp({ userData });
  const page = await app.window();
  const name = `connections-kept-${today}.json`;
  const message = `Your connections could not be read. A copy was kept as ${name} and an empty list was opened.`;
  await page.getByRole("alert").getByText(message, { exact: true }).waitFor();
  await page.getByRole("heading", { name: "Open your first connection" }).waitFor();
  const kept = path.join(userData, name);
  expect(readFileSync(kept, "utf8")).toBe(broken);
  await looked(page, "notice-unreadable");
  await button(page, "Show file").click();
  await expect.poll(() => app.shownPaths()).toEqual([kept]);

  await page.keyboard.press("Control+N");
  await field(page, "Destination").fill("pg.corp.test:5432");
  await page.keyboard.press("Control+S");
  await page.getByRole("row", { name: /^pg\.corp\.test, off/ }).waitFor();
  await button(page, "Dismiss").click();
  await page.getByRole("alert").waitFor({ state: "detached" });
  expect(await app.quit()).toBe(0);

  const next = await launchApp({ userData });
  const nextPage = await next.window();
  await nextPage.getByRole("row", { name: /^pg\.corp\.test, off/ }).waitFor();
  expect(await nextPage.getByRole("alert").count()).toBe(0);
  expect(readFileSync(kept, "utf8")).toBe(broken);
  expect(modeOf(file)).toBe("600");
});

test("one broken entry costs no other, and its file is kept", async () => {
  const userData = folderWith([
    saved({ name: "Alpha", destination: "alpha.corp.test:5432" }),
    saved({ name: "Broken", destination: 5432 as unknown as string }),
    saved({ name: "Omega", destination: "omega.corp.test:5432" }),
  ]);
  const before = readFileSync(path.join(userData, "connections.json"), "utf8");
  const app = await launchApp({ userData });
  const page = await app.window();
  const name = `connections-kept-${today}.json`;
  await page.getByText(`1 connection could not be read. The file was kept as ${name}.`, { exact: true }).waitFor();
  await expect.poll(() => rowNames(page)).toEqual(["Alpha", "Omega"]);
  expect(readFileSync(path.join(userData, name), "utf8")).toBe(before);
  expect(modeOf(path.join(userData, name))).toBe("600");
});

test("connections and what belongs to them survive a restart, in files for their owner alone", async () => {
  const userData = folderWith([]);
  const app = await launchApp({ userData });
  const page = await app.window();
  const inputs = [
    unconnected("Orders Postgres", { tags: ["prod", "data"], listen: "15432" }),
    unconnected("Jump host", { startAtLaunch: false, pomeriumUrl: "https://access.corp.test" }),
  ];
  await saveAll(page, inputs);
  await callMain(page, "set-pinned", inputs[1]?.id ?? "", true);
  const before = (await callMain(page, "snapshot")).connections;
  expect(before).toHaveLength(2);
  expect(await app.quit()).toBe(0);
  expect(modeOf(path.join(userData, "connections.json"))).toBe("600");

  const next = await launchApp({ userData });
  const nextPage = await next.window();
  await nextPage.getByRole("row", { name: "Orders Postgres, off, :15432, prod, data", exact: true }).first().waitFor();
  await nextPage.getByRole("row", { name: /^Pinned, 0 of 1 on/ }).waitFor();
  expect((await callMain(nextPage, "snapshot")).connections).toEqual(before);
});

test("no secret stands in clear text in any file, and all of them work after a restart", async () => {
  const world = await withProxy({ clientCertificates: "policy" });
  const { certPem, keyPem } = world.proxy.pki.client;
  const token = world.proxy.control.issueJwt();
  const userData = folderWith([]);
  const app = await launchApp({ userData });
  const page = await app.window();
  const certificate = {
    kind: "pem",
    certificate: certPem,
    label: "alice.crt",
    key: { kind: "set", value: keyPem },
    passphrase: { kind: "set", value: "" },
  } as const;
  const person = world.connection({ name: "Person", clientCertificate: certificate });
  const service = world.connection({
    name: "Service",
    clientCertificate: certificate,
    auth: { kind: "token", token: { kind: "set", value: token } },
  });
  const port = await turnedOn(page, person);
  const answer = askRedis({ host: "127.0.0.1", port }, ["PING"]);
  await world.signIn(app);
  expect(await answer).toBe("PONG");
  expect(await askRedis({ host: "127.0.0.1", port: await turnedOn(page, service) }, ["PING"])).toBe("PONG");
  // The encrypted session is written a moment later.
  await expect.poll(() => filesIn(userData).map((file) => path.basename(file))).toContain("sessions.json");
  const jwt = /"jwt":"([^"]+)"/.exec(await decrypted(app, "sessions.json"))?.[1] ?? "";
  expect(jwt.split(".")).toHaveLength(3);
  expect(await decrypted(app, "secrets.json")).toContain(token);
  const secrets = [token, keyPem, jwt, ...jwt.split(".").slice(1)];
  expect(await filesWith(app, secrets)).toEqual([]);
  // What is looked for would be found.
  const leak = path.join(userData, "leak");
  for (const text of [Buffer.from(jwt, "utf16le"), Buffer.from(`{"a":${JSON.stringify(keyPem)}}`).toString("base64")]) {
    writeFileSync(leak, text);
    expect(await filesWith(app, secrets)).toEqual([leak]);
  }
  for (const name of ["secrets.json", "sessions.json", "connections.json"])
    expect(modeOf(path.join(userData, name))).toBe("600");
  expect(app.logs()).not.toContain(jwt);
  expect(await app.quit()).toBe(0);
  rmSync(leak);

  const next = await launchApp({ userData });
  const nextPage = await next.window();
  await callMain(nextPage, "set-on", [person.id, service.id], true);
  for (const { id } of [person, service]) {
    expect(await askRedis({ host: "127.0.0.1", port: await openPort(nextPage, id) }, ["PING"])).toBe("PONG");
  }
  expect(await next.openedUrls()).toEqual([]);
  expect(await filesWith(next, secrets)).toEqual([]);
});

test("without a keychain it is said, nothing secret is written, and the app works until it quits", async () => {
  const world = await withProxy();
  const token = world.proxy.control.issueJwt();
  const userData = folderWith([]);
  const app = await launchApp({ userData, keyring: "none" });
  const page = await app.window();
  const message = "The system keychain is not available. You will sign in again after quitting.";
  await page.getByRole("alert").getByText(message, { exact: true }).waitFor();
  const person = world.connection({ name: "Person" });
  const service = world.connection({
    name: "Service",
    auth: { kind: "token", token: { kind: "set", value: token } },
  });
  const port = await turnedOn(page, person);
  const answer = askRedis({ host: "127.0.0.1", port }, ["PING"]);
  await world.signIn(app);
  expect(await answer).toBe("PONG");
  expect(await askRedis({ host: "127.0.0.1", port: await turnedOn(page, service) }, ["PING"])).toBe("PONG");
  await choose(page, "Service");
  await page.keyboard.press("Control+E");
  await page.getByText("Token saved until you quit").waitFor();
  await page.getByText("Sign-in waiting in your browser").waitFor({ state: "detached" });
  await looked(page, "notice-no-keychain");
  await page.keyboard.press("Escape");
  expect(await app.quit()).toBe(0);
  const holding = filesIn(userData).filter((file) => {
    const text = readFileSync(file, "latin1");
    // A JWT begins like this, as it is and in base64 once more.
    return text.includes(token) || /eyJ[\w-]{8,}\.|ZXlK[\w+/]{8,}/.test(text);
  });
  expect(holding).toEqual([]);

  const next = await launchApp({ userData, keyring: "none" });
  const nextPage = await next.window();
  await nextPage.getByRole("switch", { name: "Service" }).click();
  await nextPage.getByRole("row", { name: /^Service, error/ }).waitFor();
  await choose(nextPage, "Service");
  await nextPage.getByText("The service account token is not known here", { exact: true }).waitFor();
  await shot(nextPage, "token-lost");
});

test("what is to start with Culvert starts together, and one that fails is shown", async () => {
  const port = await heldPort();
  const start = (name: string, listen = "") =>
    saved({ name, listen, startAtLaunch: true, destination: `${name.toLowerCase()}.corp.test:5432` });
  const connections = [
    start("Held", String(port)),
    start("Alpha"),
    start("Beta"),
    start("Gamma"),
    saved({ name: "Idle", destination: "idle.corp.test:5432" }),
  ];
  const app = await launchApp({ userData: folderWith(connections), hidden: true });
  await expect.poll(async () => (await app.tray()).tooltip).toBe("Culvert: 4 on, 1 error");
  expect((await app.tray()).image).toBe("attention-light.png");
  await app.clickTray(["Open Culvert"]);
  const page = await app.window();
  await page
    .getByRole("row", { name: `Held, error, Port ${port} is in use, 127.0.0.1:${port}`, exact: true })
    .waitFor();
  for (const name of ["Alpha", "Beta", "Gamma"])
    await page.getByRole("row", { name: new RegExp(`^${name}, listening, 127\\.0\\.0\\.1:\\d+$`) }).waitFor();
  await page.getByRole("row", { name: "Idle, off, any port", exact: true }).waitFor();
  await page.getByText("1 error", { exact: true }).waitFor();
  await page.getByRole("radio", { name: "Attention 1" }).click();
  await expect.poll(() => rowNames(page)).toEqual(["Held"]);
  await looked(page, "start-at-launch");

  // All were turned on before the first of them had an answer.
  const logs = [];
  for (const { id, startAtLaunch } of connections)
    if (startAtLaunch) logs.push((await callMain(page, "watch", id))?.log ?? []);
  const on = logs.map((log) => log.find(({ event }) => event === "turned-on")?.at ?? Infinity);
  const answered = logs.map((log) => log.find(({ event }) => event !== "turned-on")?.at ?? 0);
  expect(Math.max(...on)).toBeLessThanOrEqual(Math.min(...answered));
});
