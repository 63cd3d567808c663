import { existsSync, readFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ProgramStore } from "../../../../src/engine/certstore/program-store.ts";
import { Engine, MemorySessionStore, systemCertificateStore } from "../../../../src/engine/index.ts";
import { parseLocalAddress, parseTarget } from "../../../../src/shared/address.ts";
import { limits } from "../../../../src/shared/limits.ts";
import { CertificateFolder } from "../../../support/certificates.ts";
import { scriptedProgram } from "../../../support/key-program.ts";

const soon = { timeout: 5_000 };

let folder: CertificateFolder;
beforeEach(() => {
  folder = new CertificateFolder();
});
afterEach(() => folder.remove());

/** A program that waits for a reader of cards which never answers. */
const hanging = (): string =>
  scriptedProgram(folder.path, `echo $$ >> '${path.join(folder.path, "pids")}'; exec sleep 60`);

const pids = (): number[] => {
  const file = path.join(folder.path, "pids");
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean).map(Number) : [];
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const started = (): Promise<void> => vi.waitFor(() => expect(pids().map(isAlive)).toEqual([true]), soon);
/** Long before it would be given up by itself. */
const ended = (): Promise<void> =>
  vi.waitFor(() => expect(pids().map(isAlive)).toEqual([false]), { timeout: limits.storageMs / 4 });

describe.skipIf(process.platform === "win32")("while the program of a certificate store hangs", () => {
  test("closing the store ends it, whoever waits is told, and no other is started", async () => {
    const store = new ProgramStore({ name: "the store", path: hanging(), passwordHint: "", roots: () => [] });
    const waits = store.certificates().catch((error: unknown) => error);
    await started();
    store.close();
    expect(await waits).toMatchObject({ code: "closed" });
    expect(pids().map(isAlive)).toEqual([false]);
    store.close();
    store.lookAgain();
    await expect(store.version()).rejects.toMatchObject({ code: "closed" });
    await expect(store.certificates()).rejects.toMatchObject({ code: "closed" });
    expect(pids()).toHaveLength(1);
  });

  test.each(["linux", "darwin"])("closing the engine ends it (%s)", async (platform) => {
    const engine = new Engine({
      sessions: new MemorySessionStore(),
      browser: { show: () => Promise.resolve() },
      events: () => undefined,
      certificates: systemCertificateStore({ platform, home: folder.path, passwordHint: "", helper: hanging() }),
    });
    const tunnel = await engine.openTunnel(
      {
        id: "a",
        target: parseTarget("pg.corp.test:5432", "https://127.0.0.1:1"),
        listen: parseLocalAddress(""),
        tls: { verify: true, ca: [], clientCertificateSearch: {} },
        auth: { kind: "browser" },
      },
      AbortSignal.timeout(20_000),
    );
    const client = net.connect(tunnel.address).on("error", () => undefined);
    await started();
    await engine.close({ graceMs: 0 });
    await ended();
    client.destroy();
  });
});
