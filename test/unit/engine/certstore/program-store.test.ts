import { readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import net from "node:net";
import path from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { findHelper } from "../../../../src/engine/certstore/find-helper.ts";
import { ProgramStore, type ProgramStoreOptions } from "../../../../src/engine/certstore/program-store.ts";
import { systemCertificateStore } from "../../../../src/engine/certstore/system-store.ts";
import { limits } from "../../../../src/shared/limits.ts";
import { Authority, CertificateFolder, derOf, type Issued } from "../../../support/certificates.ts";
import { scriptedProgram } from "../../../support/key-program.ts";
import { firstMissing } from "../../../support/services/programs.ts";

let ada: Issued;
let folder: CertificateFolder;
beforeAll(async () => {
  ada = await (await Authority.root("CN=Corp CA")).issue({ subject: "CN=ada" });
});
beforeEach(() => {
  folder = new CertificateFolder();
});
afterEach(() => folder.remove());

const line = (fields: object = {}): string =>
  `${JSON.stringify({ id: "1", der: derOf(ada.cert).toString("base64"), key: "stays", where: "a card", ...fields })}\n`;
const end = '{"end":true}\n';

/** A store whose program does what the script says; `list` is a file that it may print. */
function storeOf(script: string, options: Partial<ProgramStoreOptions> = {}): ProgramStore {
  return new ProgramStore({
    name: "the store",
    path: scriptedProgram(folder.path, script),
    passwordHint: "Give it.",
    roots: () => [],
    ...options,
  });
}
const printing = (list: string): string => `cat '${folder.write("list", list)}'`;
const runs = (): number => readFileSync(path.join(folder.path, "runs"), "utf8").length;
const counting = (script: string): string => `printf x >> '${path.join(folder.path, "runs")}'; ${script}`;

/** What clients that come at the same moment are told. */
async function tries(store: ProgramStore, clients: number): Promise<unknown[]> {
  const [found] = await store.certificates();
  const key = await found?.key();
  if (key?.kind !== "stays") throw new Error("the key does not stay");
  const proxy = net.createServer((socket) => socket.on("error", () => undefined)).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const request = {
    host: "proxy",
    alpn: [],
    verify: true,
    ca: [],
    chain: [],
    limits,
    silent: () => new Error() as never,
  };
  const { port } = proxy.address() as net.AddressInfo;
  const told = await Promise.all(
    Array.from({ length: clients }, async () => {
      const raw = net.connect({ port, host: "127.0.0.1" }).on("error", () => undefined);
      await once(raw, "connect");
      return key.remote.connect(raw, request, new AbortController().signal).catch((thrown: Error) => thrown.message);
    }),
  );
  proxy.close();
  return told;
}

describe.skipIf(process.platform === "win32")("a store that is reached through a program", () => {
  test("holds what the program lists, and is asked once for all who come", async () => {
    const input = path.join(folder.path, "input");
    const password = "pass word";
    const store = storeOf(
      `${counting("")} cat > '${input}'; ${printing(line() + line({ id: "2", key: "none" }) + end)}`,
      {
        password: () => password,
        database: () => Promise.resolve("sql:/x"),
      },
    );
    const [version] = await Promise.all([store.version(), store.version(), store.certificates()]);
    const found = await store.certificates();
    expect(found.map(({ der, hasKey }) => [der.equals(derOf(ada.cert)), hasKey])).toEqual([
      [true, true],
      [true, false],
    ]);
    expect(await found[0]?.key()).toMatchObject({ kind: "stays", remote: { id: "1", where: "a card" } });
    expect(await store.version()).toBe(version);
    expect(JSON.parse(readFileSync(input, "utf8"))).toEqual({ database: "sql:/x", password });
    expect(runs()).toBe(1);
  });

  test("is looked at again in the background, and at once after a refusal", async () => {
    const store = storeOf(counting(printing(line() + end)), { limits: { storeLookMs: 0 } });
    const before = await store.version();
    writeFileSync(path.join(folder.path, "list"), line({ id: "other" }) + end);
    // Whoever asks first is not kept waiting for the look.
    expect(await store.version()).toBe(before);
    while ((await store.version()) === before) await new Promise((resolve) => setTimeout(resolve, 5));
    const slow = storeOf(counting(printing(line() + end)), { limits: { storeLookMs: 1e9 } });
    const first = await slow.version();
    writeFileSync(path.join(folder.path, "list"), line({ id: "third" }) + end);
    expect(await slow.version()).toBe(first);
    slow.lookAgain();
    expect(await slow.version()).not.toBe(first);
  });

  test.each([
    ["ends without a list", "exit 0", "its list is cut short"],
    ["is cut short", () => printing(line()), "its list is cut short"],
    ["is cut within a line", () => printing(line() + '{"end":true'), "its list is cut short"],
    ["prints garbage", () => printing("oops\n"), "its list is malformed"],
    ["prints a certificate that is none", () => printing(line({ der: "?" }) + end), "its list is malformed"],
    ["goes on behind the end", () => printing(line() + end + line()), "its list is malformed"],
    ["prints a line without end", "head -c 40000000 /dev/zero", "its list is too long"],
    ["prints too many", () => printing(line({ der: "MAA=" }).repeat(5_001) + end), "its list does not end"],
    ["fails after its list", () => `${printing(line() + end)}; exit 7`, "it ended with 7"],
    ["crashes", "kill -SEGV $$", "it ended with SIGSEGV"],
  ])("whose program %s cannot be read", async (_what, script, why) => {
    const store = storeOf(typeof script === "string" ? script : script());
    const message = `The certificate store the store cannot be read: culvert-tls failed, ${why}.`;
    await expect(store.version()).rejects.toMatchObject({ code: "storage-failed", message });
    await expect(store.certificates()).rejects.toMatchObject({ code: "storage-failed" });
  });

  test("whose program hangs is given up, and the program ended", async () => {
    const store = storeOf("exec sleep 30", { limits: { storageMs: 200 } });
    await expect(store.version()).rejects.toMatchObject({
      message: expect.stringMatching(/did not answer within/) as string,
    });
  });

  test("whose program hangs is not waited for by everybody who comes", async () => {
    const store = storeOf("exec sleep 30", { limits: { storageMs: 200 } });
    await expect(store.version()).rejects.toMatchObject({ code: "storage-failed" });
    const waits = new Promise((resolve) => setTimeout(resolve, 100, "waits"));
    const failed = (work: Promise<unknown>): Promise<unknown> => work.catch(() => "failed");
    expect(await Promise.race([failed(store.version()), waits])).toBe("failed");
    expect(await Promise.race([failed(store.certificates()), waits])).toBe("failed");
    // After a refusal by a proxy the look is a new one.
    store.lookAgain();
    expect(await Promise.race([failed(store.version()), waits])).toBe("waits");
  });

  test("and a database beside it is searched without it", async () => {
    const store = systemCertificateStore({
      platform: "linux",
      home: folder.path,
      passwordHint: "",
      helper: scriptedProgram(folder.path, "exec sleep 30"),
    });
    // As long as whoever searches waits.
    const late = new Promise((resolve) => setTimeout(resolve, limits.storageMs - 1_000, "late"));
    expect(await Promise.race([store.version(), late])).toBe("none failed");
  }, 20_000);

  test("a wrong password is tried once, however many connections come at once", async () => {
    const list = printing(line() + end);
    const store = storeOf(
      `if [ "$1" = list ]; then ${list}; exit; fi; ${counting("read -r line; sleep 0.2")}
echo '{"event":"error","code":"CULVERT_STORE_PASSWORD","message":"m"}' >&2; exit 1`,
      { password: () => "1234" },
    );
    expect(await tries(store, 3)).toEqual(Array(3).fill("The password or PIN does not open a card."));
    expect(runs()).toBe(1);
  });

  test("one that was not tried after all is tried by the next", async () => {
    const store = storeOf(
      `if [ "$1" = list ]; then ${printing(line() + end)}; exit; fi; ${counting("read -r line; exit 7")}`,
      { password: () => "1234" },
    );
    expect(await tries(store, 3)).toEqual(Array(3).fill("it ended with 7"));
    expect(runs()).toBe(3);
  });

  test("that refuses says so in the words of its errors", async () => {
    const failing = (code: string): ProgramStore =>
      storeOf(`echo '{"event":"error","code":"${code}","message":"m"}' >&2; exit 1`);
    await expect(failing("CULVERT_STORE").version()).rejects.toMatchObject({
      message: "The certificate store the store cannot be opened.",
    });
    await expect(failing("CULVERT_STORE_PASSWORD").version()).rejects.toMatchObject({
      message: "the store needs its password or PIN.",
      userAction: "Give it.",
    });
  });

  test("wants a password where its keys are locked and none is known", async () => {
    const list = printing(line({ locked: true }) + end);
    expect(await storeOf(list).lock()).toBe("password-missing");
    expect(await storeOf(list, { password: () => "x" }).lock()).toBe("open");
    expect(await storeOf(printing(line({ locked: true, key: "none" }) + end)).lock()).toBe("open");
  });

  test.skipIf(firstMissing("openssl") !== null)(
    "a key that may leave is used in this process, and one that will not after all stays",
    async () => {
      const [certificate, key] = [folder.write("crt", ada.cert), folder.write("key", ada.key)];
      const program = `if [ "$1" = list ]; then ${printing(line({ key: "exportable", id: "7" }) + end)}; exit; fi
[ "$1 $2" = "export 7" ] || exit 9
passphrase=$(sed -n 's/.*"passphrase":"\\([^"]*\\)".*/\\1/p')
openssl pkcs12 -export -in '${certificate}' -inkey '${key}' -passout "pass:$passphrase"`;
      const [found] = await storeOf(program).certificates();
      expect(await found?.key()).toMatchObject({ kind: "here", pem: expect.stringMatching(/PRIVATE KEY/) as string });
      for (const refusal of ["exit 1", "echo no PKCS#12", "head -c 3000000 /dev/zero"]) {
        const refusing = `if [ "$1" = list ]; then ${printing(line({ key: "exportable" }) + end)}; exit; fi; ${refusal}`;
        const [kept] = await storeOf(refusing).certificates();
        expect(await kept?.key()).toMatchObject({ kind: "stays" });
      }
    },
  );
});

test("the program is found where it is installed, then where it was built", () => {
  const places = {
    platform: "linux",
    arch: "x64",
    folders: [path.join(folder.path, "a"), folder.path],
    checkout: folder.path,
  };
  expect(findHelper(places)).toBeNull();
  const installed = folder.write("culvert-tls", "");
  expect(findHelper(places)).toBe(installed);
  expect(findHelper({ ...places, platform: "win32" })).toBeNull();
  expect(findHelper({ ...places, platform: "aix" })).toBeNull();
});

test.each([
  ["darwin", "the macOS keychain"],
  ["win32", "the Windows certificate store"],
])("on %s the store is the system's, and without its program it says what is missing", (platform, name) => {
  const options = { platform, home: "/", passwordHint: "" };
  expect(systemCertificateStore({ ...options, helper: "/culvert-tls" })).toMatchObject({ name, unavailable: null });
  expect(systemCertificateStore({ ...options, helper: null }).unavailable?.message).toBe(
    `Searching ${name} needs the program culvert-tls, which is missing from this installation.`,
  );
});
