import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";

/**
 * Throws with what is wrong where the page as it is now breaks a rule of WCAG 2.2 AA or of good practice.
 * @param rules only these; all by default.
 */
export async function axeClean(page: Page, rules?: readonly string[]): Promise<void> {
  // Otherwise axe wants a page of its own, which no window of the app may open.
  const builder = new AxeBuilder({ page }).setLegacyMode(true);
  const { violations } = await (rules === undefined ? builder : builder.withRules([...rules])).analyze();
  if (violations.length === 0) return;
  const lines = violations.flatMap(({ id, help, nodes }) => [
    `${id}: ${help}`,
    ...nodes.map(({ html, failureSummary }) => `  ${html}\n    ${(failureSummary ?? "").replaceAll("\n", "\n    ")}`),
  ]);
  throw new Error(`The page is not accessible:\n${lines.join("\n")}`);
}
