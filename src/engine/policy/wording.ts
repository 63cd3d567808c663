import { shown, written } from "../../shared/address.ts";
import { defaultSettings, settingsSchema, type Settings } from "../../shared/model/settings.ts";

/** What is right, for those who mend what is wrong. Each is a value that Culvert takes. */
const examples = {
  allowedProxies: ["access.example.com", "*.example.com"],
  updateFeed: "https://updates.example.com/culvert/",
  paletteShortcut: "Control+Shift+K",
  browserCommand: "firefox -P work",
} as const;

/** As it has to be written where it was found. */
function literal(value: unknown, isRegistry: boolean): string {
  if (!isRegistry)
    return Array.isArray(value) ? `[${value.map((one) => JSON.stringify(one)).join(", ")}]` : JSON.stringify(value);
  if (typeof value === "boolean") return `REG_DWORD ${Number(value)}`;
  if (typeof value === "number") return `REG_DWORD ${value}`;
  return Array.isArray(value) ? `REG_MULTI_SZ ${value.join(" ")}` : `REG_SZ ${String(value)}`;
}

const isOdd = (value: unknown): value is { readonly odd: string } =>
  typeof value === "object" && value !== null && "odd" in value && typeof value.odd === "string";

/** What somebody has written; bounded, and without the password of an address. */
function given(value: unknown, isRegistry: boolean): string {
  if (isRegistry && isOdd(value)) return value.odd;
  if (typeof value === "string") return `is "${written(value)}"`;
  if (Array.isArray(value)) return value.length === 0 ? "is an empty list" : "is a list";
  return typeof value === "object" && value !== null ? "is an object" : `is ${String(value)}`;
}

/** A mistake: what is there, what has to be there, and what happens until it is. One or two sentences without the last period. */
const mistake = (what: string, has: string, example: unknown, until: string, isRegistry: boolean): string =>
  `${what}. It has to be ${has}, for example ${literal(example, isRegistry)}; until then ${until}`;

const yesOrNo = (isRegistry: boolean): string => (isRegistry ? "0 or 1" : "true or false");

/** A rule that has to be true or false, and forbids where it is neither. */
export const wrongSwitch = (name: string, value: unknown, isRegistry: boolean): string =>
  mistake(`${name} ${given(value, isRegistry)}`, yesOrNo(isRegistry), false, "it counts as false", isRegistry);

/** A setting with a value that it cannot have. */
export function wrongSetting(name: keyof Settings, value: unknown, isRegistry: boolean): string {
  const what = `${name} ${given(value, isRegistry)}`;
  const schema = settingsSchema.entries[name].wrapped;
  const wrong = (has: string, example: unknown): string => mistake(what, has, example, "the user decides", isRegistry);
  if (schema.type === "boolean") return wrong(yesOrNo(isRegistry), true);
  if (schema.type === "picklist") return wrong(`one of ${schema.options.join(", ")}`, defaultSettings[name]);
  const most = schema.pipe[1].requirement;
  return wrong(
    `a text of at most ${most} characters`,
    name === "paletteShortcut" ? examples[name] : examples.browserCommand,
  );
}

export const wrongShortcut = (value: string, isRegistry: boolean): string =>
  mistake(
    `paletteShortcut is "${shown(value)}"`,
    "a key with a modifier such as Control, or a function key",
    examples.paletteShortcut,
    "the user decides",
    isRegistry,
  );

export const wrongFeed = (value: unknown, isRegistry: boolean): string =>
  mistake(
    `updateFeed ${given(value, isRegistry)}`,
    "an address that starts with https://, without a name or password",
    examples.updateFeed,
    "Culvert looks at its built-in address",
    isRegistry,
  );

export const wrongProxies = (value: unknown, isRegistry: boolean): string =>
  mistake(
    `allowedProxies ${given(value, isRegistry)}`,
    "a list of hosts",
    examples.allowedProxies,
    "it allows none",
    isRegistry,
  );

/** One entry of the list. */
export function wrongProxy(entry: unknown): string {
  const [host, below] = examples.allowedProxies;
  return `allowedProxies has an entry that ${given(entry, false)}. Each has to be a host, for example "${host}" or "${below}"; until then this one allows nothing`;
}

export const tooManyProxies = (count: number, most: number): string =>
  `allowedProxies has ${count} entries. It may have ${most}, and one such as "${examples.allowedProxies[1]}" stands for many; the others are left out`;

/** @param near a name that is the same but for capital letters. */
export const unknownName = (name: string, near: string | undefined): string =>
  `"${shown(name)}" is no name that this version of Culvert knows, and is left out. ` +
  (near === undefined
    ? 'It has to be one of those in docs/managed-settings.md, for example "allowUnverifiedTls"'
    : `It has to be written "${near}"`);

/** What a file has to hold. */
export const wholeExample = '{ "allowUnverifiedTls": false, "theme": "dark" }';
