import type { Installer } from "../../../../src/main/updates/installer.ts";
import { UpdateMemory } from "../../../../src/main/updates/memory.ts";
import type { Release } from "../../../../src/main/updates/release.ts";
import { Updates } from "../../../../src/main/updates/updates.ts";
import { AppError } from "../../../../src/shared/errors.ts";
import type { Settings } from "../../../../src/shared/model/settings.ts";
import { VirtualFile } from "./virtual-file.ts";

export const release = (version: string): Release => ({
  version,
  file: { name: `Culvert-${version}.AppImage`, sha512: "", size: 1_000 },
});

/** Updates with everything around them in the hands of a test. */
export function world(change: { readonly setting?: Settings["updates"]; readonly file?: VirtualFile } = {}) {
  const said: string[] = [];
  const state = {
    setting: change.setting ?? "automatic",
    clients: 0,
    focused: false,
    /** What the feed offers, or fails with. */
    offer: null as Release | AppError | null,
    /** What each step fails with. */
    downloadError: null as AppError | null,
    prepareError: null as AppError | null,
    answers: [] as (boolean | Promise<boolean>)[],
    installs: true,
    random: 0,
  };
  const doing = { download: Promise.resolve(), prepare: Promise.resolve(), find: Promise.resolve() };
  const installer: Installer = {
    parse: () => Promise.reject(new Error("not here")),
    download: async ({ version }, { signal, received }) => {
      said.push(`download ${version}`);
      received(3);
      received(500);
      await doing.download;
      if (signal.aborted) {
        said.push("stopped");
        throw new AppError("cancelled", "Stopped.");
      }
      if (state.downloadError) throw state.downloadError;
    },
    prepare: async () => {
      said.push("prepare");
      await doing.prepare;
      if (state.prepareError) throw state.prepareError;
    },
    install: (restart) => {
      said.push(`install${restart ? " and restart" : ""}`);
      return state.installs;
    },
  };
  const updates: Updates = new Updates({
    source: {
      installer,
      find: async (signal) => {
        said.push("find");
        await doing.find;
        if (signal.aborted) throw new AppError("cancelled", "Stopped.");
        if (state.offer instanceof AppError) throw state.offer;
        return state.offer;
      },
    },
    why: "no-feed",
    memory: new UpdateMemory(change.file ?? new VirtualFile()),
    setting: () => state.setting,
    clients: () => state.clients,
    ask: async (question, goOn) => {
      said.push(`${question} [${goOn}]`);
      return (await state.answers.shift()) ?? false;
    },
    restart: async () => {
      said.push("close");
      updates.close();
      said.push(`begun: ${await updates.installAtEnd(true)}`);
    },
    changed: ({ kind }) => void (said.at(-1) !== kind && said.push(kind)),
    tell: (version, ready) => {
      if (!state.focused) said.push(`told of ${version}${ready ? ", ready" : ""}`);
      return !state.focused;
    },
    log: () => undefined,
    now: Date.now,
    random: () => state.random,
  });
  const taken = (): readonly string[] => said.splice(0);
  return { updates, state, doing, taken };
}

export const failed = (message: string): AppError => new AppError("update-failed", message, { retryable: true });

/** A world where 1.5.0 is ready. */
export async function readyWorld(change: Parameters<typeof world>[0] = {}) {
  const made = world(change);
  made.state.offer = release("1.5.0");
  await made.updates.check();
  made.taken();
  return made;
}
