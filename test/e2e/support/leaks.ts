import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Page } from "playwright-core";
import type { RunningApp } from "../host/running-app.ts";

declare global {
  interface Window {
    culvertHeard?: string[];
  }
}

/** Notes every update that the main process sends to the page from now on. */
export async function listenToUpdates(page: Page): Promise<void> {
  await page.evaluate(() => {
    const heard: string[] = [];
    window.culvertHeard = heard;
    window.culvert.subscribe((update) => heard.push(JSON.stringify(update)));
  });
}

const logFiles = (folder: string): string =>
  readdirSync(folder)
    .map((name) => readFileSync(path.join(folder, name), "utf8"))
    .join("\n");

/** All that could give a secret away: what the page was told and shows, and what was written anywhere as text. */
export async function whatWasSaid(app: RunningApp, page: Page): Promise<Readonly<Record<string, string>>> {
  return {
    page: await page.content(),
    updates: await page.evaluate(() => (window.culvertHeard ?? []).join("\n")),
    snapshot: JSON.stringify(await page.evaluate(() => window.culvert.call("snapshot", []))),
    log: logFiles(path.join(app.userData, "logs")),
    output: app.logs(),
    notifications: JSON.stringify(await app.notifications()),
  };
}
