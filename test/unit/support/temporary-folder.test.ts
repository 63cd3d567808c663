import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { describe, expect, test, vi } from "vitest";

const support = path.join(import.meta.dirname, "../../support");

const makers = [
  ["temporary-folder.ts", "all.temporaryFolder('left')"],
  ["access-proxy/pki.ts", "(await all.createPki({ names: ['localhost'] })).folder"],
  ["certificates.ts", "new all.CertificateFolder().path"],
] as const;

const ends = ["process.exit(1)", "process.kill(process.pid, 'SIGKILL')", "undefined"];

describe.skipIf(process.platform === "win32").each(makers)("a folder that %s makes", (file, make) => {
  test.each(ends)("is gone with the process that did not remove it: %s", async (end) => {
    const program = `
      import * as all from ${JSON.stringify(path.join(support, file))};
      import { existsSync, writeSync } from "node:fs";
      const folder = ${make};
      writeSync(1, folder + " " + existsSync(folder));
      ${end};`;
    const node = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
    const [folder = "", wasThere] = node.stdout.split(" ");
    expect(path.basename(folder)).toMatch(/^culvert-/);
    expect(wasThere).toBe("true");
    await vi.waitFor(() => expect(existsSync(folder)).toBe(false), { timeout: 10_000 });
  });
});
