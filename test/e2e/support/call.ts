import type { Page } from "playwright-core";
import type { CallArgs, CallName, CallOutcome, CallResult, WindowApi } from "../../../src/shared/ipc/contract.ts";

declare global {
  interface Window {
    /** What the preload has put there. */
    readonly culvert: WindowApi;
  }
}

/** What the page gets for a call, whatever is in it; for calls that the page itself would never make. */
export function rawCall(page: Page, name: unknown, args: unknown): Promise<CallOutcome<unknown>> {
  const call = { name, args: args as readonly unknown[] };
  return page.evaluate((one) => window.culvert.call(one.name as string, one.args), call);
}

/** Calls the main process as the page does, to bring a spec to where it starts; rejects with the code of a refusal. */
export async function callMain<Name extends CallName>(
  page: Page,
  name: Name,
  ...args: CallArgs<Name>
): Promise<CallResult<Name>> {
  const outcome = await rawCall(page, name, args);
  if (!outcome.ok) throw new Error(`${name}: ${outcome.error.code}: ${outcome.error.message}`);
  return outcome.value as CallResult<Name>;
}
