import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Page } from "playwright-core";

const folder = path.join(import.meta.dirname, "../out");

/** Writes what the page shows to test/e2e/out/NAME.png, and returns the path. */
export async function shot(page: Page, name: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${name}.png`);
  await page.screenshot({ path: file, animations: "disabled" });
  return file;
}
