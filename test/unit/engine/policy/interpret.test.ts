import { expect, test } from "vitest";
import { interpretPolicy } from "../../../../src/engine/policy/interpret.ts";
import { jsonErrorPosition } from "../../../../src/engine/policy/json-error.ts";
import { readJsonDocument } from "../../../../src/engine/policy/json-document.ts";
import { nothingFound, type Found } from "../../../../src/engine/policy/place.ts";
import { everythingAllowed, noPolicy } from "../../../../src/shared/model/policy.ts";
import { settingsSchema } from "../../../../src/shared/model/settings.ts";

const file = "/etc/culvert/policy.json";
const json = (text: string): Found => readJsonDocument(file, Buffer.from(text));
const policy = (value: unknown) => interpretPolicy([json(JSON.stringify(value, null, 2))]);

test("without a policy everything is allowed and nothing is locked", () => {
  expect(interpretPolicy([])).toEqual(noPolicy);
  expect(interpretPolicy([nothingFound, nothingFound])).toEqual(noPolicy);
  expect(policy({})).toEqual({ ...noPolicy, found: "values" });
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
    found: "values",
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
    at(2, 'allowUnverifiedTls is "no". It has to be true or false, for example false; until then it counts as false.'),
    at(3, "allowNetworkListen is 0. It has to be true or false, for example false; until then it counts as false."),
    at(
      4,
      'theme is "purple". It has to be one of system, light, dark, for example "system"; until then the user decides.',
    ),
    at(5, 'startAtSignIn is "yes". It has to be true or false, for example true; until then the user decides.'),
    at(
      6,
      'allowedProxies has an entry that is "https://access.example.com". Each has to be a host, for example "access.example.com" or "*.example.com"; until then this one allows nothing.',
    ),
    at(
      6,
      'allowedProxies has an entry that is 7. Each has to be a host, for example "access.example.com" or "*.example.com"; until then this one allows nothing.',
    ),
    at(
      11,
      'updateFeed is "http://mirror.example". It has to be an address that starts with https://, without a name or password, for example "https://updates.example.com/culvert/"; until then Culvert looks at its built-in address.',
    ),
    at(
      12,
      '"alowServiceAccountTokens" is no name that this version of Culvert knows, and is left out. It has to be one of those in docs/managed-settings.md, for example "allowUnverifiedTls".',
    ),
  ]);
  expect(policy({ allowedProxies: "access.example.com" }).rules.allowedProxies).toEqual([]);
});

const everyName = [
  ...Object.keys(settingsSchema.entries),
  ...["allowUnverifiedTls", "allowNetworkListen", "allowServiceAccountTokens", "allowedProxies", "updateFeed"],
];

test.each(everyName)("what is told of a wrong %s has an example that is right", (name) => {
  for (const wrong of [{}, null, "", 7, "x".repeat(2_000), ["x"]]) {
    const [problem, ...more] = policy({ [name]: wrong }).problems;
    // An empty text is right for some, and so is a list of one host.
    if (problem === undefined) continue;
    expect(more).toEqual([]);
    expect(problem).toMatch(new RegExp(`^${file}, line 2: ${name} (is|has) `));
    const example = / for example (.*); until then /.exec(problem)?.[1] ?? "";
    expect(policy({ [name]: JSON.parse(example) as unknown }).problems).toEqual([]);
  }
  expect(policy({ [name]: {} }).problems).toHaveLength(1);
  expect(policy({ [name.toUpperCase()]: true }).problems).toEqual([
    `${file}, line 2: "${name.toUpperCase()}" is no name that this version of Culvert knows, and is left out. It has to be written "${name}".`,
  ]);
});

test("what is told repeats no password", () => {
  const address = "https://ada:secret@access.example.com";
  const { problems } = policy({ updateFeed: address, allowedProxies: [address] });
  expect(problems).toHaveLength(2);
  expect(problems.join()).not.toContain("secret");
});

test("a document that is none is told with what it has to be like", () => {
  for (const text of ["{", "[]"]) {
    const [problem = ""] = interpretPolicy([json(text)]).problems;
    const example = /It has to be like (\{.*?\})/.exec(problem)?.[1] ?? "";
    expect(interpretPolicy([json(example)])).toMatchObject({ found: "values", problems: [] });
    expect(problem).toContain(" Until it can be read, Culvert opens no connections,");
  }
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

test.each([
  [[{ kind: "ignored", problem: "Not root's." }], "nothing"],
  [[{ kind: "unknown", problem: "Not looked at." }], "unknown"],
  [[json("{}"), { kind: "unknown", problem: "Not looked at." }], "values"],
  [[json("{"), { kind: "unknown", problem: "Not looked at." }], "unreadable"],
  [[json("{}"), json("{")], "unreadable"],
] satisfies [Found[], string][])("what was found is known: %j", (places, kind) => {
  expect(interpretPolicy(places).found).toBe(kind);
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
  expect(found.problems).toEqual([expect.stringContaining('"K". It has to be a key with a modifier')]);
  expect(interpretPolicy([json('{ "paletteShortcut": "Control+K" }')]).locked).toEqual({
    paletteShortcut: "Control+K",
  });
  expect(interpretPolicy([json('{ "paletteShortcut": "" }')]).locked).toEqual({ paletteShortcut: "" });
});
