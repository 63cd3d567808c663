import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { callNames, contract, type CallName } from "../../../../src/shared/ipc/contract.ts";
import { connectionLimits, emptyConnectionInput } from "../../../../src/shared/model/connection.ts";
import { defaultSettings, settingsSchema } from "../../../../src/shared/model/settings.ts";

const id = "7f3f4a52-7a5c-4f0e-9a3e-0d5f6a1b2c3d";
const accepts = (name: CallName, args: unknown): boolean => v.safeParse(contract[name].args, args).success;
const input = { ...emptyConnectionInput(id), destination: "pg.corp.test:5432" };
const save = { turnOn: false, restart: false, secretsFrom: null };

describe("the arguments of a call", () => {
  test.each<[CallName, unknown[]]>([
    ["snapshot", []],
    ["watch", [null]],
    ["watch", [id]],
    ["save-connection", [input, save]],
    ["set-on", [[id], true]],
    ["sign-out", [null]],
    ["sign-out", ["https://access.corp.test:8443"]],
    ["change-settings", [{ theme: "dark" }]],
    ["change-settings", [{}]],
    ["pick-file", ["ca"]],
    ["read-dropped", ["ca", "MIIB"]],
    ["save-text", [{ suggestedName: "Orders log.json", text: "{}" }]],
  ])("%s takes %j", (name, args) => {
    expect(accepts(name, args)).toBe(true);
  });

  test.each<[string, CallName, unknown[]]>([
    ["too many", "snapshot", [1]],
    ["too few", "set-on", [[id]]],
    ["no connection at all", "delete-connections", [[]]],
    ["an id that is none", "watch", ["../../etc/passwd"]],
    ["an origin with a path", "open-sign-in-page", ["https://access.corp.test/x"]],
    ["an origin of another kind", "open-sign-in-page", ["file:///etc/passwd"]],
    ["a setting that does not exist", "change-settings", [{ nodeIntegration: true }]],
    ["a setting of the wrong kind", "change-settings", [{ theme: "pink" }]],
    ["a field that is not in the contract", "save-connection", [{ ...input, lastUsedAt: 5 }, save]],
    ["a name that leaves its folder", "save-text", [{ suggestedName: "../x.json", text: "" }]],
    ["a kind of file that is not chosen", "pick-file", ["passwd"]],
    ["a token file that is dropped", "read-dropped", ["token", "MIIB"]],
    ["a client number that is none", "disconnect-client", [id, 0.5]],
    ["a list without end", "delete-connections", [Array.from({ length: connectionLimits.connections + 1 }, () => id)]],
  ])("%s is refused", (_what, name, args) => {
    expect(accepts(name, args)).toBe(false);
  });

  test("whatever comes, it is judged without a throw, and what passes has the shape of the call", () => {
    fc.assert(
      fc.property(fc.constantFrom(...callNames), fc.array(fc.anything(), { maxLength: 3 }), (name, args) => {
        const parsed = v.safeParse(contract[name].args, args);
        if (parsed.success) expect(Array.isArray(parsed.output)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("names of Object.prototype are no calls", () => {
    expect(callNames).not.toContain("constructor");
    expect(callNames).toHaveLength(Object.keys(contract).length);
  });
});

test("settings that are missing have their defaults, and a change sets nothing else", () => {
  expect(v.parse(settingsSchema, { theme: "dark" })).toEqual({ ...defaultSettings, theme: "dark" });
  const [change] = v.parse(contract["change-settings"].args, [{ theme: "dark" }]);
  expect(change).toEqual({ theme: "dark" });
});
