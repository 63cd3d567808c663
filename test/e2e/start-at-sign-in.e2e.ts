import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { autostartEntry } from "../../src/main/lifecycle/start-at-sign-in.ts";
import { launchApp } from "./host/launch.ts";
import { callMain } from "./support/call.ts";
import { looksRight } from "./support/themes.ts";
import { description } from "./support/window.ts";

test.runIf(process.platform === "linux")(
  "starting at sign-in is what the desktop has: turned off there, put right, and turned on here",
  async () => {
    const config = mkdtempSync(path.join(os.tmpdir(), "culvert-e2e-config-"));
    onTestFinished(() => rmSync(config, { recursive: true, force: true }));
    const entry = path.join(config, "autostart/culvert.desktop");
    mkdirSync(path.dirname(entry));
    writeFileSync(entry, autostartEntry(["/opt/older/culvert"]));
    const app = await launchApp({ env: { XDG_CONFIG_HOME: config } });
    const page = await app.window();
    await app.clickTray(["Settings…"]);
    const start = page.getByRole("switch", { name: "Start Culvert when I sign in" });
    // It was turned on by an older copy, whose place is put right.
    await expect.poll(() => start.getAttribute("aria-checked")).toBe("true");
    const own = readFileSync(entry, "utf8");
    expect(own).not.toContain("/opt/older");
    expect(own).toMatch(/Exec=".*" ".*" "--hidden"/);

    writeFileSync(entry, own.replace("enabled=true", "enabled=false"));
    await callMain(page, "look-outside");
    await expect.poll(() => start.getAttribute("aria-checked")).toBe("false");
    expect(await description(start)).toContain("It was turned off in your desktop’s settings");
    await looksRight(app, page, "settings-start-off");
    await start.click();
    await expect.poll(() => description(start)).not.toContain("turned off");
    expect(await start.getAttribute("aria-checked")).toBe("true");
    expect(readFileSync(entry, "utf8")).toBe(own);
    await start.click();
    await expect.poll(() => existsSync(entry)).toBe(false);
  },
);

test("a start at sign-in that comes second disturbs nobody; a start by hand shows the window", async () => {
  const app = await launchApp({ hidden: true });
  await expect.poll(async () => (await app.windowState()).visible).toBe(false);
  const second = (...argv: string[]): Promise<void> =>
    app.evaluateMain(({ app: electron }, args) => void electron.emit("second-instance", {}, args, ""), argv);
  await second("culvert", "--hidden");
  expect((await app.windowState()).visible).toBe(false);
  await second("culvert");
  await expect.poll(async () => (await app.windowState()).visible).toBe(true);
});
