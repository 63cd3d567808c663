import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { interpretPolicy } from "../../src/engine/policy/interpret.ts";
import { readJsonDocument } from "../../src/engine/policy/json-document.ts";
import { macPreferenceDomain } from "../../src/engine/policy/macos.ts";
import type { Found } from "../../src/engine/policy/place.ts";
import { readRegistryValues } from "../../src/engine/policy/windows.ts";
import { everythingAllowed } from "../../src/shared/model/policy.ts";
import { settingsSchema } from "../../src/shared/model/settings.ts";

const repository = path.join(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(path.join(repository, file), "utf8");
const example = (file: string): string => read(`examples/managed/${file}`);

const linux = interpretPolicy([readJsonDocument("policy.json", Buffer.from(example("policy.json")))]);
const found = (values: Readonly<Record<string, unknown>>, isRegistry?: true): Found => ({
  kind: "values",
  place: "",
  values,
  placeOf: (name) => name,
  ...(isRegistry && { isRegistry }),
});

const ruleNames = Object.keys(everythingAllowed).filter((name) => name !== "unreadable");
const everyName = [...Object.keys(settingsSchema.entries), ...ruleNames, "updateFeed"].sort();

test("the example for Linux is right, and sets something of each kind", () => {
  expect(linux.problems).toEqual([]);
  expect(linux.locked.startAtSignIn).toBe(true);
  for (const [name, value] of Object.entries(linux.rules)) expect([name, value]).not.toEqual([name, true]);
  expect(linux.rules.allowedProxies).toHaveLength(2);
});

test("the example for Windows says the same, as reg.exe would show it after the import", () => {
  const reg = example("windows/culvert.reg");
  expect(reg).toMatch(
    /^Windows Registry Editor Version 5\.00\r\n\r\n\[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Culvert\]\r\n/,
  );
  const lines = reg.replaceAll(/\\\r\n */g, "").split("\r\n");
  const shown = lines.flatMap((line) => {
    const [, name = "", value = ""] = /^"(\w+)"=(.*)$/.exec(line) ?? [];
    if (name === "") return [];
    if (value.startsWith("dword:"))
      return `    ${name}    REG_DWORD    0x${Number.parseInt(value.slice(6), 16).toString(16)}`;
    if (value.startsWith('"')) return `    ${name}    REG_SZ    ${value.slice(1, -1)}`;
    const text = Buffer.from(value.replace("hex(7):", "").replaceAll(",", ""), "hex").toString("utf16le");
    return `    ${name}    REG_MULTI_SZ    ${text.replace(/\0\0$/, "").replaceAll("\0", "\\0")}`;
  });
  const output = ["", "HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Culvert", ...shown, ""].join("\r\n");
  expect(interpretPolicy([found(readRegistryValues(Buffer.from(output)), true)])).toEqual(linux);
});

test("the profile for macOS says the same", () => {
  const profile = example("culvert.mobileconfig");
  const payload = /<array>\s*<dict>([^]*?)<\/dict>/.exec(profile)?.[1] ?? "";
  const values: Record<string, unknown> = {};
  for (const [, key = "", value = ""] of payload.matchAll(
    /<key>(\w+)<\/key>\s*(<true\/>|<false\/>|<(?:string|integer)>[^<]*<\/\w+>|<array>[^]*?<\/array>)/g,
  )) {
    const texts = [...value.matchAll(/<(?:string|integer)>([^<]*)</g)].map(([, text]) => text);
    values[key] = value.startsWith("<array") ? texts : value === "<true/>" || (value === "<false/>" ? false : texts[0]);
  }
  expect(values["PayloadType"]).toBe(macPreferenceDomain);
  expect(values["PayloadType"]).toBe(/^appId: (.*)$/m.exec(read("electron-builder.yml"))?.[1]);
  const ours = Object.fromEntries(Object.entries(values).filter(([name]) => !name.startsWith("Payload")));
  expect(interpretPolicy([found(ours)])).toEqual(linux);
});

test("the templates for group policies have every setting once, with values that Culvert takes", () => {
  const [admx, adml] = [example("windows/culvert.admx"), example("windows/en-US/culvert.adml")];
  const policies = [...admx.matchAll(/<policy name="(\w+)"([^]*?)<\/policy>/g)];
  expect(policies.map(([, name]) => name).sort()).toEqual(everyName);
  for (const [, name = "", body = ""] of policies) {
    expect(body).toContain('key="Software\\Policies\\Culvert"');
    expect(body).toContain(`valueName="${name}"`);
    const numbers = [...body.matchAll(/<decimal value="(\d+)"/g)].map(([, value]) => Number(value));
    const texts = [...body.matchAll(/<string>([^<]*)</g)].map(([, value]) => value);
    const values: readonly unknown[] = [...numbers, ...texts];
    for (const value of values)
      expect([name, interpretPolicy([found({ [name]: value }, true)]).problems]).toEqual([name, []]);
    const schema = Object.entries(settingsSchema.entries).find(([key]) => key === name)?.[1].wrapped;
    if (schema?.type === "picklist") expect([...values].sort()).toEqual([...schema.options].sort());
    if (schema?.type === "boolean" || name.startsWith("allow"))
      expect(values).toEqual(name === "allowedProxies" ? [] : [1, 0]);
  }
  for (const [kind, name] of [...admx.matchAll(/\$\((string|presentation)\.(\w+)\)/g)].map(([, ...parts]) => parts))
    expect(adml).toContain(`<${kind} id="${name}">`);
});

test("the document names every setting", () => {
  const named = [...read("docs/managed-settings.md").matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
  expect(named.sort()).toEqual(everyName);
});
