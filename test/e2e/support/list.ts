import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";

/** The rows of a connection in the list, one for each of its groups, by the start of what a screen reader says. */
export const rowsOf = (page: Page, name: string): Locator =>
  page.getByRole("grid", { name: "Connections" }).getByRole("row", { name: new RegExp(`^${name}, `) });

/** Its first row. */
export const rowOf = (page: Page, name: string): Locator => rowsOf(page, name).first();

/** The switch in its first row. */
export const switchOf = (page: Page, name: string): Locator => rowOf(page, name).getByRole("switch", { name });

/** Turns the wheel until the row is there: what is far from sight is not drawn. */
export async function scrollTo(page: Page, name: string): Promise<void> {
  const list = page.getByRole("grid", { name: "Connections" });
  for (let turns = 0; turns < 50 && (await rowsOf(page, name).count()) === 0; turns += 1) {
    await list.hover();
    const before = await list.evaluate((element) => element.scrollTop);
    await page.mouse.wheel(0, 300);
    // Rows are drawn a moment behind what they follow from: it may have been on its way, with nothing to scroll.
    const moved = async (): Promise<boolean> =>
      (await rowsOf(page, name).count()) > 0 || (await list.evaluate((element) => element.scrollTop)) !== before;
    await expect.poll(moved, { timeout: 10_000 }).toBe(true);
  }
}

/** Chooses it by a click on its name, and waits for its detail. */
export async function choose(page: Page, name: string): Promise<void> {
  await scrollTo(page, name);
  await rowOf(page, name).getByText(name, { exact: true }).click();
  await page.getByRole("heading", { level: 1, name }).waitFor();
}

/** Waits until its row says this. */
export async function rowSays(page: Page, name: string, words: string): Promise<void> {
  await page
    .getByRole("grid", { name: "Connections" })
    .getByRole("row", { name: new RegExp(`^${name}, .*${words}`) })
    .first()
    .waitFor();
}

/** Scrolls the list to its beginning, as a wheel does. */
export async function toTop(page: Page): Promise<void> {
  const list = page.getByRole("grid", { name: "Connections" });
  await list.hover();
  await page.mouse.wheel(0, -100_000);
  await list.getByRole("row").first().waitFor();
  await page.waitForFunction(() => document.querySelector("[data-list]")?.scrollTop === 0);
}
