import * as v from "valibot";
import { shown } from "../../shared/address.ts";
import { everythingAllowed, readProxyPattern, type Policy, type PolicyRules } from "../../shared/model/policy.ts";
import { settingsSchema, type Settings } from "../../shared/model/settings.ts";
import { isShortcut } from "../../shared/model/shortcut.ts";
import type { Found } from "./place.ts";

type Values = Extract<Found, { readonly kind: "values" }>;

/** Proxies that a policy can name, so that a file cannot make Culvert work without end. */
const mostProxies = 1_000;
/** Problems that are told; a file that is not meant for Culvert would have as many as it has lines. */
const mostProblems = 20;

const switches = ["allowUnverifiedTls", "allowNetworkListen", "allowServiceAccountTokens"] as const;
type Switch = (typeof switches)[number];
const isSwitch = (name: string): name is Switch => (switches as readonly string[]).includes(name);
const isSetting = (name: string): name is keyof Settings => Object.hasOwn(settingsSchema.entries, name);

const everyName = ["allowedProxies", "updateFeed", ...switches, ...Object.keys(settingsSchema.entries)];

/** The registry compares without case, so what is written there in another one is meant all the same. */
const canonical = (name: string, { isRegistry }: Values): string =>
  (isRegistry === true && everyName.find((known) => known.toLowerCase() === name.toLowerCase())) || name;

const flag = (value: unknown, { isRegistry }: Values): unknown =>
  isRegistry === true && (value === 0 || value === 1) ? value === 1 : value;

const longestUrl = 1_024;

function isHttpsUrl(value: unknown): value is string {
  if (typeof value !== "string" || value.length > longestUrl || !URL.canParse(value)) return false;
  const { protocol, username, password, hash } = new URL(value);
  return protocol === "https:" && username === "" && password === "" && hash === "";
}

/** What a setting may be, for a sentence. */
function meant(name: keyof Settings): string {
  const schema = settingsSchema.entries[name].wrapped;
  if (schema.type === "boolean") return "true or false";
  return schema.type === "picklist" ? `one of ${schema.options.join(", ")}` : "a text that is not too long";
}

/**
 * Puts together what was found at the places of this system, the most important one first: what it sets, no later one changes.
 * What is wrong is told. A rule that is wrong forbids, a setting that is wrong is left to the user, and a place that cannot be
 * read forbids everything (decisions/012).
 */
export function interpretPolicy(places: readonly Found[]): Policy {
  const problems: string[] = [];
  const locked: Record<string, unknown> = {};
  const rules: { -readonly [K in keyof PolicyRules]: PolicyRules[K] } = { ...everythingAllowed };
  const taken = new Set<string>();
  let updateFeed = "";

  const takeOne = (name: string, value: unknown, problem: (what: string) => void, from: Values): void => {
    if (isSwitch(name)) {
      const allowed = flag(value, from);
      if (typeof allowed !== "boolean") problem(`${name} has to be true or false, and counts as false`);
      rules[name] = allowed === true;
    } else if (name === "allowedProxies") {
      rules.allowedProxies = takeProxies(value, problem);
    } else if (name === "updateFeed") {
      if (isHttpsUrl(value)) updateFeed = value;
      else problem("updateFeed has to be an address that starts with https://, and is left out");
    } else if (isSetting(name)) {
      const { wrapped } = settingsSchema.entries[name];
      const given = wrapped.type === "boolean" ? flag(value, from) : value;
      if (name === "paletteShortcut" && typeof given === "string" && given !== "" && !isShortcut(given))
        problem("paletteShortcut has to have a modifier such as Control, and is left to the user");
      else if (v.is(wrapped, given)) locked[name] = given;
      else problem(`${name} has to be ${meant(name)}, and is left to the user`);
    } else {
      problem(`“${shown(name)}” is no setting that this version of Culvert knows, and is left out`);
    }
  };

  for (const found of places) {
    if (found.kind === "ignored") problems.push(found.problem);
    if (found.kind === "unreadable") {
      const { place, why } = found;
      rules.unreadable ||= `Your organisation’s settings in ${place} cannot be read: ${why}.`;
      problems.push(
        `${place} cannot be read: ${why}. Until it can, Culvert opens no connections, or goes by what it has read before.`,
      );
    }
    if (found.kind !== "values") continue;
    for (const [written, value] of Object.entries(found.values)) {
      const name = canonical(written, found);
      if (taken.has(name)) continue;
      taken.add(name);
      takeOne(name, value, (what) => problems.push(`${found.placeOf(written)}: ${what}.`), found);
    }
  }
  return { locked, rules, updateFeed, problems: shortened(problems) };
}

function takeProxies(value: unknown, problem: (what: string) => void): readonly string[] {
  if (!Array.isArray(value)) {
    problem("allowedProxies has to be a list of hosts, and counts as an empty one");
    return [];
  }
  const given: readonly unknown[] = value;
  if (given.length > mostProxies) problem(`allowedProxies has more than ${mostProxies} entries, and ends there`);
  return given.slice(0, mostProxies).flatMap((entry) => {
    const text = typeof entry === "string" ? entry.trim().toLowerCase() : "";
    if (readProxyPattern(text) !== null) return [text];
    const what = typeof entry === "string" ? `“${shown(entry)}”` : "an entry that is no text";
    problem(
      `allowedProxies has ${what}, which is no host such as access.example.com or *.example.com, and leaves it out`,
    );
    return [];
  });
}

const shortened = (problems: readonly string[]): readonly string[] =>
  problems.length <= mostProblems
    ? problems
    : [...problems.slice(0, mostProblems), `${problems.length - mostProblems} more are not listed.`];
