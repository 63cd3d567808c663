import { expect, test } from "vitest";
import { interpretPolicy } from "../../../../src/engine/policy/interpret.ts";
import { jsonErrorPosition } from "../../../../src/engine/policy/json-error.ts";
import { readJsonDocument } from "../../../../src/engine/policy/json-document.ts";
import { nothingFound, type Found } from "../../../../src/engine/policy/place.ts";
import { everythingAllowed, noPolicy } from "../../../../src/shared/model/policy.ts";

const file = "/etc/culvert/policy.json";
const json = (text: string): Found => readJsonDocument(file, Buffer.from(text));
const policy = (value: unknown) => interpretPolicy([json(JSON.stringify(value, null, 2))]);

test("without a policy everything is allowed and nothing is locked", () => {
  expect(interpretPolicy([])).toEqual(noPolicy);
  expect(interpretPolicy([nothingFound, nothingFound])).toEqual(noPolicy);
  expect(policy({})).toEqual(noPolicy);
});

test("settings are locked and rules hold as they are written", () => {
  const found = policy({
    startAtSignIn: true,
    warnBeforeSessionEnds: 30,
    browserCommand: "firefox -P work",
    allowUnverifiedTls: false,
    allowNetworkListen: false,
    allowServiceAccountTokens: true,
    allowedProxies: ["*.Corp.Example", "access.example.com:8443"],
    updateFeed: "https://mirror.corp.example/culvert/",
  });
  expect(found).toEqual({
    locked: { startAtSignIn: true, warnBeforeSessionEnds: 30, browserCommand: "firefox -P work" },
    rules: {
      ...everythingAllowed,
      allowUnverifiedTls: false,
      allowNetworkListen: false,
      allowedProxies: ["*.corp.example", "access.example.com:8443"],
    },
    updateFeed: "https://mirror.corp.example/culvert/",
    problems: [],
  });
});

test("a wrong rule forbids, a wrong setting is the user's, an unknown name is left out; each is told with its line", () => {
  const found = policy({
    allowUnverifiedTls: "no",
    allowNetworkListen: 0,
    theme: "purple",
    startAtSignIn: "yes",
    allowedProxies: ["*.corp.example", "https://access.example.com", 7],
    updateFeed: "http://mirror.example",
    alowServiceAccountTokens: false,
    density: "compact",
  });
  expect(found.locked).toEqual({ density: "compact" });
  expect(found.rules).toEqual({
    ...everythingAllowed,
    allowUnverifiedTls: false,
    allowNetworkListen: false,
    allowedProxies: ["*.corp.example"],
  });
  expect(found.updateFeed).toBe("");
  const at = (line: number, text: string): string => `${file}, line ${line}: ${text}`;
  expect(found.problems).toEqual([
    at(2, "allowUnverifiedTls has to be true or false, and counts as false."),
    at(3, "allowNetworkListen has to be true or false, and counts as false."),
    at(4, "theme has to be one of system, light, dark, and is left to the user."),
    at(5, "startAtSignIn has to be true or false, and is left to the user."),
    at(
      6,
      "allowedProxies has “https://access.example.com”, which is no host such as access.example.com or *.example.com, and leaves it out.",
    ),
    at(
      6,
      "allowedProxies has an entry that is no text, which is no host such as access.example.com or *.example.com, and leaves it out.",
    ),
    at(11, "updateFeed has to be an address that starts with https://, and is left out."),
    at(12, "“alowServiceAccountTokens” is no setting that this version of Culvert knows, and is left out."),
  ]);
  expect(policy({ allowedProxies: "access.example.com" }).rules.allowedProxies).toEqual([]);
});

test("names that every object has are unknown ones, and change nothing", () => {
  const found = interpretPolicy([json('{ "__proto__": { "theme": "dark" }, "constructor": 1, "toString": 2 }')]);
  expect(found.locked).toEqual({});
  expect(found.rules).toEqual(everythingAllowed);
  expect(found.problems).toHaveLength(3);
});

test("a place that cannot be read forbids everything; one that is not the administrator's nothing", () => {
  const unreadable = interpretPolicy([json('{\n  "theme": "dark",\n}'), json('{ "density": "compact" }')]);
  expect(unreadable.rules.unreadable).toBe(
    `Your organisation’s settings in ${file}, line 3 cannot be read: it is not JSON.`,
  );
  // What can be read elsewhere holds.
  expect(unreadable.locked).toEqual({ density: "compact" });
  expect(interpretPolicy([json("[]")]).rules.unreadable).toContain("not an object");
  expect(interpretPolicy([{ kind: "ignored", problem: "It is ignored." }])).toEqual({
    ...noPolicy,
    problems: ["It is ignored."],
  });
});

test("what an earlier place sets no later one changes, right or wrong", () => {
  const found = interpretPolicy([
    json('{ "theme": "dark", "allowNetworkListen": "?" }'),
    json('{ "theme": "light", "density": "compact", "allowNetworkListen": true }'),
  ]);
  expect(found.locked).toEqual({ theme: "dark", density: "compact" });
  expect(found.rules.allowNetworkListen).toBe(false);
});

test("a file that is meant for another program is not told line by line", () => {
  const found = policy(Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`x${n}`, n])));
  expect(found.problems).toHaveLength(21);
  expect(found.problems.at(-1)).toBe("30 more are not listed.");
});

test.each([
  ['{\n"a": 1,\n}', 3],
  ['{\n"a": tru\n}', 2],
  ['{\n"a": 01\n}', 2],
  ['{\n"a": "x\n"}', 2],
  ['{\n"a": [1,\n2', 3],
  ["{}\n{}", 2],
  ["// comment\n{}", 1],
  ["", 1],
  [`\n${"[".repeat(50_000)}`, 2],
])("where JSON breaks off is told: %j", (text, line) => {
  const found = json(text);
  expect(found).toMatchObject({ kind: "unreadable", place: `${file}, line ${line}` });
});

test.each(['{"a":[1,-2.5e+3,true,false,null,"x\\u00e4\\n"],"b":{}}', " [ ] ", '"x"', "7"])(
  "what is JSON has no such place: %s",
  (text) => {
    JSON.parse(text);
    expect(jsonErrorPosition(text)).toBe(text.length);
  },
);

test("a byte order mark, as Windows' editors write it, does no harm", () => {
  expect(json('\ufeff{ "theme": "dark" }')).toMatchObject({ kind: "values", values: { theme: "dark" } });
});

test("a shortcut that people write with is not taken from them", () => {
  const found = interpretPolicy([json('{ "paletteShortcut": "K" }')]);
  expect(found.locked).toEqual({});
  expect(found.problems).toEqual([expect.stringContaining("paletteShortcut has to have a modifier")]);
  expect(interpretPolicy([json('{ "paletteShortcut": "Control+K" }')]).locked).toEqual({
    paletteShortcut: "Control+K",
  });
  expect(interpretPolicy([json('{ "paletteShortcut": "" }')]).locked).toEqual({ paletteShortcut: "" });
});
