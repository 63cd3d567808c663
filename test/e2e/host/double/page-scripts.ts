import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { makeCodec } from "./codec.ts";
import { makePageBridge } from "./page-bridge.ts";
import { runIsolatedWorld, runMainWorld, type IsolatedSetting } from "./page-worlds.ts";

/** The name of the world that the preload runs in. */
export const isolatedWorld = "Electron Isolated Context";
/** The function by which that world, and no other, reaches this process. */
export const binding = "culvertSend";

/** What runs in every document of a page before its own scripts; nothing where there is no preload to run. */
export function preloadScripts(
  preloadPath: string | undefined,
  failed: (error: unknown) => void,
): { readonly source: string; readonly worldName?: string }[] {
  if (preloadPath === undefined) return [];
  let preload: string;
  try {
    preload = readFileSync(preloadPath, "utf8");
  } catch (error) {
    console.error(`Unable to load preload script: ${preloadPath}`);
    failed(error);
    return [];
  }
  const token = randomBytes(16).toString("hex");
  const { platform, versions } = process;
  const setting: IsolatedSetting = { token, preload, preloadPath, process: { platform, versions: { ...versions } } };
  // Like Electron's, preloads do not run in frames.
  const only = "if (window === top && location.href !== 'about:blank')";
  const call = (act: { toString(): string }, ...args: readonly string[]): string =>
    `${only} (${act.toString()})(${args.join(", ")})`;
  const bridge = makePageBridge.toString();
  return [
    // First, since the preload asks this world to take what it exposes.
    { source: call(runMainWorld, bridge, JSON.stringify(token)) },
    { source: call(runIsolatedWorld, bridge, makeCodec.toString(), JSON.stringify(setting)), worldName: isolatedWorld },
  ];
}
