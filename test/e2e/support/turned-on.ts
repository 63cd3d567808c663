import type { Page } from "playwright-core";
import { expect } from "vitest";
import type { ConnectionInput } from "../../../src/shared/model/connection.ts";
import { nameOf } from "../../../src/shared/words/connection.ts";
import { callMain } from "./call.ts";
import { rowOf } from "./list.ts";
import { soon } from "./soon.ts";

/** Saves connections that are off. */
export async function saveAll(page: Page, inputs: readonly ConnectionInput[]): Promise<void> {
  for (const input of inputs) {
    const result = await callMain(page, "save-connection", input, { turnOn: false, restart: false, secretsFrom: null });
    expect(result).toEqual({ outcome: "saved" });
  }
}

/** Saves a connection and turns it on. Resolves to its local port, once its row says that it is open. */
export async function turnedOn(page: Page, input: ConnectionInput): Promise<number> {
  await saveAll(page, [input]);
  await callMain(page, "set-on", [input.id], true);
  const row = rowOf(page, nameOf(input));
  const port = async (): Promise<number> =>
    Number(/127\.0\.0\.1:(\d+)/.exec((await row.getAttribute("aria-label")) ?? "")?.[1]);
  await soon(port).toBeGreaterThan(0);
  return await port();
}
