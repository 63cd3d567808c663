import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { launchApp } from "./host/launch.ts";
import { callMain, rawCall } from "./support/call.ts";
import { choose, rowSays, switchOf } from "./support/list.ts";
import { folderWith, saved } from "./support/store-files.ts";
import { looksRight } from "./support/themes.ts";
import { button, description, field } from "./support/window.ts";

/** The file of the administrator, which the app reads in the place of /etc/culvert/policy.json. @param policy null for none yet. */
function administrator(policy: unknown) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "culvert-e2e-managed-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, "policy.json");
  const write = (value: unknown): void =>
    writeFileSync(file, typeof value === "string" ? value : JSON.stringify(value, null, 2), { mode: 0o644 });
  if (policy !== null) write(policy);
  return { write, env: { CULVERT_POLICY_FILE: file } };
}

test("settings of the organisation are shown as locked, and the app refuses to change them", async () => {
  const { env, write } = administrator({
    startAtSignIn: true,
    theme: "system",
    density: "compact",
    logLevel: "debug",
    browserCommand: "",
    shareSessions: false,
  });
  const app = await launchApp({ env });
  const page = await app.window();
  await app.clickTray(["Settings…"]);
  await page.getByRole("heading", { name: "Settings", level: 1 }).waitFor();

  const start = page.getByRole("switch", { name: "Start Culvert when I sign in" });
  expect(await start.getAttribute("aria-checked")).toBe("true");
  expect(await start.getAttribute("aria-disabled")).toBe("true");
  expect(await description(start)).toContain("Managed by your organisation");
  await start.click({ force: true });
  expect(await start.getAttribute("aria-checked")).toBe("true");
  const density = page.getByRole("radiogroup", { name: "List density" });
  expect(await description(density)).toContain("Managed by your organisation");
  await density.getByRole("radio", { name: "Comfortable" }).click({ force: true });
  expect(await density.getByRole("radio", { name: "Compact" }).getAttribute("aria-checked")).toBe("true");
  expect(await page.getByRole("combobox", { name: "Log level" }).isDisabled()).toBe(true);
  expect(await page.getByRole("combobox", { name: "Browser for signing in" }).isDisabled()).toBe(true);
  const free = page.getByRole("switch", { name: "Copy the address when I turn a connection on" });
  expect(await free.getAttribute("aria-disabled")).toBeNull();
  expect(await page.getByText("Managed by your organisation").count()).toBe(6);
  await looksRight(app, page, "settings-managed");

  // Whatever the page does, the main process decides.
  expect(await rawCall(page, "change-settings", [{ density: "comfortable" }])).toMatchObject({
    ok: false,
    error: { code: "managed", message: "Your organisation manages this setting." },
  });
  write({ theme: "system" });
  await callMain(page, "look-outside");
  await expect.poll(() => page.getByText("Managed by your organisation").count()).toBe(1);
  await expect
    .poll(() => density.getByRole("radio", { name: "Comfortable" }).getAttribute("aria-checked"))
    .toBe("true");
});

test("the editor shows what is not allowed, and what was saved before does not open", async () => {
  const { env } = administrator({
    allowUnverifiedTls: false,
    allowNetworkListen: false,
    allowServiceAccountTokens: false,
    allowedProxies: ["*.halden.example"],
  });
  const connection = saved({
    name: "Staging MongoDB",
    destination: "mongo.halden.example:27017",
    pomeriumUrl: "https://access.halden.example",
    trust: { kind: "unverified" },
  });
  const app = await launchApp({ env, userData: folderWith([connection]) });
  const page = await app.window();
  await switchOf(page, "Staging MongoDB").click();
  await rowSays(page, "Staging MongoDB", "Not allowed here");
  await choose(page, "Staging MongoDB");
  await page.getByRole("heading", { name: /does not allow connections whose server certificate/ }).waitFor();
  await looksRight(app, page, "managed-refused");

  await page.keyboard.press("Control+e");
  await page.getByRole("heading", { name: "Edit Staging MongoDB" }).waitFor();
  const trust = page.getByRole("radiogroup", { name: "Server trust" });
  expect(await trust.getByRole("radio", { name: "Do not verify" }).getAttribute("aria-disabled")).toBe("true");
  await expect.poll(() => description(trust)).toContain("Your organisation does not allow “Do not verify”");
  const auth = page.getByRole("radiogroup", { name: "Sign in with" });
  await auth.getByRole("radio", { name: "Token file" }).click({ force: true });
  expect(await auth.getByRole("radio", { name: "Browser" }).getAttribute("aria-checked")).toBe("true");
  expect(await description(field(page, "Local address"))).toContain("Your organisation allows ports of this computer");
  expect(await description(field(page, "Pomerium URL"))).toContain("Your organisation allows *.halden.example.");
  await field(page, "Local address").fill("0.0.0.0:27017");
  await field(page, "Pomerium URL").fill("https://access.other.example");
  await button(page, "Save").click();
  await page.getByText("3 fields need attention").waitFor();
  await looksRight(app, page, "editor-managed");

  await trust.getByRole("radio", { name: "System" }).click();
  await field(page, "Local address").fill("");
  await field(page, "Pomerium URL").fill("https://access.halden.example");
  await button(page, "Save").click();
  await rowSays(page, "Staging MongoDB", "listening");
});

test("a policy that cannot be read is told with its line, and opens nothing until it can", async () => {
  const { env, write } = administrator('{\n  "allowUnverifiedTls": false,\n}');
  const connection = saved({ name: "Cache", destination: "cache.halden.example:6379" });
  const app = await launchApp({ env, userData: folderWith([connection]) });
  const page = await app.window();
  await page
    .getByText(/^Settings of your organisation: .*policy\.json, line 3 cannot be read: it is not JSON\./)
    .waitFor();
  await switchOf(page, "Cache").click();
  await rowSays(page, "Cache", "Not allowed here");
  await looksRight(app, page, "managed-unreadable");
  write({});
  await callMain(page, "look-outside");
  await rowSays(page, "Cache", "listening");
  await expect.poll(() => page.getByText(/^Settings of your organisation/).count()).toBe(0);
});

test("a first policy that is broken stops what is on, and is told", async () => {
  const { env, write } = administrator(null);
  const connection = saved({ name: "Cache", destination: "cache.halden.example:6379" });
  const app = await launchApp({ env, userData: folderWith([connection]) });
  const page = await app.window();
  await switchOf(page, "Cache").click();
  await rowSays(page, "Cache", "listening");
  write('{ "allowNetworkListen": false');
  await callMain(page, "look-outside");
  await rowSays(page, "Cache", "Not allowed here");
  await page.getByText(/^Settings of your organisation: .*policy\.json, line 1 cannot be read/).waitFor();
  write({ allowNetworkListen: false });
  await callMain(page, "look-outside");
  await rowSays(page, "Cache", "listening");
});
