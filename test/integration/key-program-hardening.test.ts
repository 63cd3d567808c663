import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { Authority, CertificateFolder } from "../support/certificates.ts";
import { closedAfterEach } from "../support/closers.ts";
import { keyProgram } from "../support/key-program.ts";
import { NssDatabase } from "../support/nss-database.ts";
import { Pkcs11Token, moduleFile } from "../support/pkcs11-token.ts";
import { firstMissing, lacks } from "../support/services/programs.ts";
import { endAll, eventually, liveClient, refusedClient } from "./connector-clients.ts";
import { openSearching, remoteKeyTools, startRig, storeOf } from "./remote-key-rig.ts";

const run = promisify(execFile);
const closers = closedAfterEach();

const lacking =
  process.platform !== "linux" ||
  lacks(...remoteKeyTools, { available: () => firstMissing("cc", "pkg-config", "setpriv") });

/** A card behind a module that notes what reaches it. */
async function spiedCard({ lastTry }: { lastTry: boolean }) {
  const corp = await Authority.root("CN=Corp CA");
  const token = await Pkcs11Token.create();
  closers.push(() => token.remove());
  await token.add(await corp.issue({ subject: "CN=ada" }));
  const nss = await NssDatabase.create();
  closers.push(() => nss.remove());
  // By this name p11-kit, which knows the card as well, is taken to be there already.
  const [log, module] = [path.join(nss.home, "log"), path.join(nss.home, "p11-kit-proxy.so")];
  const { stdout } = await run("pkg-config", ["--cflags", "nss"]);
  const source = path.join(import.meta.dirname, "../support/spying-module.c");
  const names = [`-DREAL="${moduleFile}"`, `-DLOG="${log}"`, `-DLAST_TRY=${lastTry ? 1 : 0}`];
  await run("cc", ["-shared", "-fPIC", ...stdout.trim().split(/\s+/), ...names, source, "-o", module, "-ldl"]);
  await run("modutil", ["-dbdir", `sql:${nss.folder}`, "-add", "card", "-libfile", module, "-force"]);
  const lines = (): string[] => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []);
  return { corp, card: { token, nss }, lines };
}

describe.skipIf(lacking)("the program for NSS", () => {
  it("tries no PIN where a wrong one would lock the card", async () => {
    const { corp, card, lines } = await spiedCard({ lastTry: true });
    const { rig } = await startRig(corp, storeOf(card), closers);
    const { error } = await refusedClient(rig, await openSearching(rig));
    expect(error).toMatchObject({
      code: "storage-failed",
      message: "One more wrong PIN would lock Ada's card, so Culvert tries none.",
    });
    expect(lines()).toContain("loaded");
    expect(lines()).not.toContain("login");
  });

  it("signs in once for a connection where a wrong PIN would not", async () => {
    const { corp, card, lines } = await spiedCard({ lastTry: false });
    const { rig } = await startRig(corp, storeOf(card), closers);
    await endAll(rig, [await liveClient(await openSearching(rig))]);
    expect(lines().filter((line) => line === "login")).toHaveLength(1);
  });

  it("shows the modules of cards none of Culvert's settings", async () => {
    const { card, lines } = await spiedCard({ lastTry: false });
    const child = spawn(keyProgram.path, ["list"], {
      env: { ...process.env, CULVERT_CERT_STORE_PASSWORD: "s3cret", CULVERT_X: "1", CULVERT_: "" },
    });
    child.stdin.end(`${JSON.stringify({ database: `sql:${card.nss.folder}`, password: null })}\n`);
    child.stdout.resume();
    await once(child, "close");
    expect(lines()).toContain("loaded");
    expect(lines().filter((line) => line.startsWith("CULVERT_"))).toEqual([]);
  });

  it("lists the rest where one certificate is absurdly long", async () => {
    const nss = await NssDatabase.create();
    closers.push(() => nss.remove());
    const corp = await Authority.root("CN=Corp CA");
    // Its subject alone is longer than what a line of the list may be.
    await nss.addCertificate(await corp.again([{ OU: ["x".repeat(120_000)] }]));
    await nss.addCertificate(await corp.again("CN=Short"));
    const child = spawn(keyProgram.path, ["list"]);
    child.stdin.end(`${JSON.stringify({ database: `sql:${nss.folder}`, password: null })}\n`);
    const lines = (await text(child.stdout)).trim().split("\n");
    expect(lines.at(-1)).toBe('{"end":true}');
    expect(lines).toHaveLength(2);
  });

  it("leaves no core, and lets nobody look into it", async () => {
    // What another user may look into belongs to that user; the rest, to root.
    const child = spawn("setpriv", ["--reuid=65534", "--clear-groups", keyProgram.path, "list"], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    closers.push(() => child.kill("SIGKILL"));
    const ofProgram = (): boolean => readFileSync(`/proc/${child.pid}/comm`, "utf8").trim() === "culvert-tls";
    await eventually(ofProgram);
    await eventually(() => statSync(`/proc/${child.pid}/environ`).uid === 0);
    expect(readFileSync(`/proc/${child.pid}/limits`, "utf8")).toMatch(/^Max core file size +0 +0 /m);
  });

  it("ends with whoever started it, even where it waits", async () => {
    // Its input is a pipe that it holds open itself, so that an end of it does not tell.
    const folder = new CertificateFolder();
    closers.push(() => folder.remove());
    const pipe = path.join(folder.path, "pipe");
    await run("mkfifo", [pipe]);
    const script = `exec 3<>'${pipe}'; '${keyProgram.path}' list <&3 & echo $!; wait`;
    const shell = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "ignore"] });
    closers.push(() => shell.kill("SIGKILL"));
    const [first] = (await once(shell.stdout, "data")) as [Buffer];
    const pid = Number(first.toString());
    await eventually(() => readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "culvert-tls");
    await eventually(() => /^SigIgn:\t[0-9a-f]*1[0-9a-f]{3}$/m.test(readFileSync(`/proc/${pid}/status`, "utf8")));
    shell.kill("SIGKILL");
    await eventually(() => !existsSync(`/proc/${pid}`));
  });
});
