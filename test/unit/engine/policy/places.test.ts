import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { interpretPolicy } from "../../../../src/engine/policy/interpret.ts";
import { macPolicyFiles, readMacPolicy } from "../../../../src/engine/policy/macos.ts";
import { readPolicyFile } from "../../../../src/engine/policy/read-policy.ts";
import { runProgram, type ProgramEnd, type RunProgram } from "../../../../src/engine/policy/run-program.ts";
import { readTrustedFile } from "../../../../src/engine/policy/trusted-file.ts";
import { readWindowsPolicy } from "../../../../src/engine/policy/windows.ts";
import { limits } from "../../../../src/shared/limits.ts";
import { everythingAllowed, noPolicy } from "../../../../src/shared/model/policy.ts";

function folder(): string {
  const made = mkdtempSync(path.join(os.tmpdir(), "culvert-policy-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}
const me = process.getuid?.() ?? 0;

describe.skipIf(process.platform === "win32")("a file that administrators write", () => {
  function written(text: string, mode = 0o644): string {
    const file = path.join(folder(), "policy.json");
    writeFileSync(file, text);
    chmodSync(file, mode);
    return file;
  }

  test("it is read where it and its folder belong to them alone", async () => {
    const file = written('{ "theme": "dark" }');
    expect(await readPolicyFile(file, me)).toEqual({ ...noPolicy, found: "values", locked: { theme: "dark" } });
    const link = path.join(folder(), "policy.json");
    symlinkSync(file, link);
    expect((await readPolicyFile(link, me)).locked).toEqual({ theme: "dark" });
  });

  test("a missing one, or a missing folder, is no policy", async () => {
    expect(await readPolicyFile(path.join(folder(), "policy.json"), me)).toEqual(noPolicy);
    expect(await readPolicyFile("/dev/null/culvert/policy.json", me)).toEqual(noPolicy);
  });

  test.each([
    ["others may write to it", 0o666, 0o755],
    ["its group may write to it", 0o664, 0o755],
    ["others may write to its folder", 0o644, 0o777],
  ])("%s: it is ignored, and that is told", async (_what, mode, folderMode) => {
    const file = written('{ "theme": "dark" }', mode);
    chmodSync(path.dirname(file), folderMode);
    const found = await readPolicyFile(file, me);
    expect(found).toMatchObject({ locked: {}, rules: everythingAllowed });
    expect(found.problems).toHaveLength(1);
    expect(found.problems[0]).toMatch(/is ignored: others than its owner may write to/);
  });

  test("it belongs to somebody else: it is ignored", async () => {
    const found = await readPolicyFile(written('{ "theme": "dark" }'), me + 1);
    expect(found.locked).toEqual({});
    expect(found.problems[0]).toMatch(/is ignored: it does not belong to/);
  });

  test("one that cannot be read is not taken for one that is not there", async () => {
    const file = written(`{ "theme": "${"x".repeat(limits.policyBytes)}" }`);
    expect((await readPolicyFile(file, me)).rules.unreadable).toContain("larger than 256 KiB");
    const place = path.join(folder(), "policy.json");
    mkdirSync(place);
    expect((await readPolicyFile(place, me)).rules.unreadable).toContain("it is a folder");
    const loop = path.join(folder(), "policy.json");
    symlinkSync(loop, loop);
    expect((await readPolicyFile(loop, me)).rules.unreadable).toContain("it is a link that leads nowhere");
    const nowhere = path.join(folder(), "policy.json");
    symlinkSync("/mnt/not-mounted/policy.json", nowhere);
    expect((await readPolicyFile(nowhere, me)).rules.unreadable).toContain("it is a link that leads nowhere");
    chmodSync(path.dirname(nowhere), 0o777);
    expect((await readPolicyFile(nowhere, me)).rules).toEqual(everythingAllowed);
  });

  test("while the app has no descriptors left, one that is not there is still known not to be", () => {
    const modules = ["trusted-file", "run-program"].map(
      (name) => new URL(`../../../../src/engine/policy/${name}.ts`, import.meta.url).href,
    );
    const program = `
      import { closeSync, openSync } from "node:fs";
      const [file, run] = await Promise.all(${JSON.stringify(modules)}.map((name) => import(name)));
      const held = [];
      try { for (;;) held.push(openSync("/dev/null", "r")); } catch {}
      const found = [
        await file.readTrustedFile(${JSON.stringify(path.join(folder(), "policy.json"))}, ${me}),
        await file.readTrustedFile(${JSON.stringify(written("{}"))}, ${me}),
        await run.runProgram("/bin/sh", ["-c", ":"]),
      ];
      for (const each of held) closeSync(each);
      console.log(JSON.stringify(found));`;
    const command = 'ulimit -n 80; exec "$0" --input-type=module -e "$1"';
    const { stdout, stderr } = spawnSync("/bin/sh", ["-c", command, process.execPath, program], { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toMatchObject([
      { kind: "nothing" },
      { kind: "unreadable", why: "the system says EMFILE" },
      { kind: "failed", why: "/bin/sh could not be started" },
    ]);
  });

  test.skipIf(me === 0)("nor one that this user may not read", async () => {
    expect(await readTrustedFile(written("{}", 0o000), me)).toMatchObject({ kind: "unreadable" });
  });
});

describe.skipIf(process.platform === "win32")("a property list of macOS", () => {
  const plist = (bytes: Buffer | string): string => {
    const file = path.join(folder(), "io.culvert.app.plist");
    writeFileSync(file, bytes, { mode: 0o644 });
    return file;
  };
  const answers =
    (end: ProgramEnd, asked: unknown[] = []): RunProgram =>
    (...args) => {
      asked.push(args);
      return Promise.resolve(end);
    };
  const said = (text: string): ProgramEnd => ({ kind: "ended", code: 0, stdout: Buffer.from(text) });

  test("it is looked for where profiles put it, the computer's first", () => {
    expect(macPolicyFiles("ada")).toEqual([
      "/Library/Managed Preferences/io.culvert.app.plist",
      "/Library/Managed Preferences/ada/io.culvert.app.plist",
    ]);
    expect(macPolicyFiles("../x")).toHaveLength(1);
    expect(macPolicyFiles("")).toHaveLength(1);
  });

  test("plutil gets its bytes and makes JSON of them; what the profile adds is left out", async () => {
    const asked: unknown[] = [];
    const file = plist("bplist00 as it is");
    const found = await readMacPolicy(
      file,
      me,
      answers(said('{"theme":"dark","allowedProxies":["*.corp.example"],"PayloadUUID":"x"}'), asked),
    );
    expect(asked).toEqual([
      ["/usr/bin/plutil", ["-convert", "json", "-o", "-", "-"], Buffer.from("bplist00 as it is")],
    ]);
    expect(interpretPolicy([found])).toEqual({
      ...noPolicy,
      found: "values",
      locked: { theme: "dark" },
      rules: { ...everythingAllowed, allowedProxies: ["*.corp.example"] },
    });
  });

  test("no line is told of JSON that nobody has written", async () => {
    const file = plist("x");
    const found = await readMacPolicy(file, me, answers(said('{"nonsense":1}')));
    expect(interpretPolicy([found]).problems[0]).toMatch(`${file}: "nonsense"`);
  });

  test.each([
    ["plutil refuses it", { kind: "ended", code: 1, stdout: Buffer.alloc(0) } as const],
    ["plutil does not answer", { kind: "failed", why: "/usr/bin/plutil did not answer in time" } as const],
    ["plutil says something else", said("Usage: plutil")],
  ])("%s: nothing is allowed", async (_what, end) => {
    const found = await readMacPolicy(plist("x"), me, answers(end));
    expect(interpretPolicy([found]).rules.unreadable).not.toBe("");
  });

  test("one that does not belong to the administrator never reaches plutil", async () => {
    const asked: unknown[] = [];
    expect(await readMacPolicy(plist("x"), me + 1, answers(said("{}"), asked))).toMatchObject({ kind: "ignored" });
    expect(asked).toEqual([]);
  });
});

/** As reg.exe of Windows 10 and 11 writes it: an empty line, the key, four spaces between the parts. */
const machineParent = [
  "",
  "HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Adobe",
  "HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Culvert",
  "HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft",
  "",
].join("\r\n");
const machineKey = [
  "",
  "HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Culvert",
  "    (Default)    REG_SZ    ",
  "    StartAtSignIn    REG_DWORD    0x1",
  "    warnBeforeSessionEnds    REG_DWORD    0x1e",
  "    browserCommand    REG_SZ    C:\\Program Files\\Browser\\browser.exe --work",
  "    allowUnverifiedTls    REG_DWORD    0x0",
  "    allowNetworkListen    REG_SZ    false",
  "    allowServiceAccountTokens    REG_QWORD    0x1",
  "    allowedProxies    REG_MULTI_SZ    *.corp.example\\0access.example.com:8443",
  "",
  "HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Culvert\\Recommended",
  "    theme    REG_SZ    dark",
  "",
].join("\r\n");
const userParent = "\r\nHKEY_CURRENT_USER\\SOFTWARE\\Policies\\Microsoft\r\n";

describe("the registry of Windows", () => {
  function registry(keys: Readonly<Record<string, string | Buffer>>, asked: string[] = []): RunProgram {
    return (program, [verb = "", key = ""]) => {
      asked.push(`${program} ${verb} ${key}`);
      const text = keys[key];
      const end: ProgramEnd =
        text === undefined
          ? { kind: "ended", code: 1, stdout: Buffer.alloc(0) }
          : { kind: "ended", code: 0, stdout: Buffer.from(text) };
      return Promise.resolve(end);
    };
  }
  const machine = "HKLM\\SOFTWARE\\Policies";
  const user = "HKCU\\SOFTWARE\\Policies";

  test("values of the policy key are taken whatever the case of their names; those of keys below are not", async () => {
    const found = await readWindowsPolicy(
      "C:\\Windows",
      registry({ [machine]: machineParent, [`${machine}\\Culvert`]: machineKey, [user]: userParent }),
    );
    const { locked, rules, problems } = interpretPolicy(found);
    expect(locked).toEqual({
      startAtSignIn: true,
      warnBeforeSessionEnds: 30,
      browserCommand: "C:\\Program Files\\Browser\\browser.exe --work",
    });
    expect(rules).toEqual({
      unreadable: "",
      allowUnverifiedTls: false,
      allowNetworkListen: false,
      allowServiceAccountTokens: false,
      allowedProxies: ["*.corp.example", "access.example.com:8443"],
    });
    expect(problems).toEqual([
      `${machine}\\Culvert\\(Default): "(Default)" is no name that this version of Culvert knows, and is left out. It has to be one of those in docs/managed-settings.md, for example "allowUnverifiedTls".`,
      `${machine}\\Culvert\\allowNetworkListen: allowNetworkListen is "false". It has to be 0 or 1, for example REG_DWORD 0; until then it counts as false.`,
      `${machine}\\Culvert\\allowServiceAccountTokens: allowServiceAccountTokens has the type REG_QWORD. It has to be 0 or 1, for example REG_DWORD 0; until then it counts as false.`,
    ]);
  });

  test("without the key nothing more is asked, and reg.exe is that of Windows", async () => {
    const asked: string[] = [];
    const other = machineParent.replace("Policies\\Culvert", "Policies\\NotCulvert");
    const found = await readWindowsPolicy("D:\\Windows", registry({ [machine]: other, [user]: userParent }, asked));
    expect(interpretPolicy(found)).toEqual(noPolicy);
    expect(asked).toEqual([
      `D:\\Windows\\System32\\reg.exe query ${machine}`,
      `D:\\Windows\\System32\\reg.exe query ${user}`,
    ]);
  });

  test("the computer's policy goes before the user's", async () => {
    const keys = {
      [machine]: machineParent,
      [`${machine}\\Culvert`]: machineKey,
      [user]: userParent.replace("Microsoft", "Culvert"),
      [`${user}\\Culvert`]:
        "\r\nHKEY_CURRENT_USER\\SOFTWARE\\Policies\\Culvert\r\n    allowUnverifiedTls    REG_DWORD    0x1\r\n    theme    REG_SZ    dark\r\n",
    };
    const { locked, rules } = interpretPolicy(await readWindowsPolicy("C:\\Windows", registry(keys)));
    expect(locked.theme).toBe("dark");
    expect(rules.allowUnverifiedTls).toBe(false);
  });

  test("letters that do not survive the console fit nothing", async () => {
    const key = Buffer.from(
      "\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Culvert\r\n    browserCommand    REG_SZ    b\xfccher.exe\r\n",
      "latin1",
    );
    const found = await readWindowsPolicy(
      "C:\\Windows",
      registry({ [machine]: machineParent, [`${machine}\\Culvert`]: key, [user]: userParent }),
    );
    expect(interpretPolicy(found)).toMatchObject({ locked: {}, rules: everythingAllowed });
    expect(interpretPolicy(found).problems).toHaveLength(1);
  });

  test("a key that is there and cannot be read forbids; a registry that nobody may look into does not", async () => {
    const cannot = await readWindowsPolicy("C:\\Windows", registry({ [machine]: machineParent, [user]: userParent }));
    expect(interpretPolicy(cannot).rules.unreadable).toContain(`${machine}\\Culvert`);
    const barred = await readWindowsPolicy("C:\\Windows", registry({}));
    expect(interpretPolicy(barred)).toMatchObject({ found: "unknown", rules: everythingAllowed });
    expect(interpretPolicy(barred).problems[0]).toMatch(/^Managed settings were not looked for in HKLM/);
    // A user without any policies.
    const noUser = await readWindowsPolicy(
      "C:\\Windows",
      registry({ [machine]: machineParent.replace("Culvert", "X") }),
    );
    expect(interpretPolicy(noUser)).toEqual(noPolicy);
  });
});

describe.skipIf(process.platform === "win32")("programs of the system", () => {
  test("what they are given and what they say come through whole", async () => {
    const big = Buffer.alloc(300_000, "x");
    expect(await runProgram("/bin/cat", [], big)).toEqual({ kind: "ended", code: 0, stdout: big });
    expect(await runProgram("/bin/sh", ["-c", "exit 3"], big)).toMatchObject({ kind: "ended", code: 3 });
  });

  test("one that is missing or says too much is an end of its own", async () => {
    expect(await runProgram("/nonexistent/reg.exe", [])).toEqual({
      kind: "failed",
      why: "/nonexistent/reg.exe could not be started",
    });
    expect(await runProgram("/bin/cat", ["/dev/zero"])).toEqual({ kind: "failed", why: "/bin/cat says too much" });
  });
});
