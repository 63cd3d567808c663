import * as v from "valibot";
import { everythingAllowed, readProxyPattern, type Policy, type PolicyRules } from "../../shared/model/policy.ts";
import { settingsSchema, type Settings } from "../../shared/model/settings.ts";
import { isShortcut } from "../../shared/model/shortcut.ts";
import type { Found } from "./place.ts";
import {
  tooManyProxies,
  unknownName,
  wrongFeed,
  wrongProxies,
  wrongProxy,
  wrongSetting,
  wrongShortcut,
  wrongSwitch,
} from "./wording.ts";

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

const withoutCase = (name: string): string | undefined =>
  everyName.find((known) => known.toLowerCase() === name.toLowerCase());

/** The registry compares without case, so what is written there in another one is meant all the same. */
const canonical = (name: string, { isRegistry }: Values): string =>
  (isRegistry === true ? withoutCase(name) : undefined) ?? name;

const flag = (value: unknown, { isRegistry }: Values): unknown =>
  isRegistry === true && (value === 0 || value === 1) ? value === 1 : value;

const longestUrl = 1_024;

function isHttpsUrl(value: unknown): value is string {
  if (typeof value !== "string" || value.length > longestUrl || !URL.canParse(value)) return false;
  const { protocol, username, password, hash } = new URL(value);
  return protocol === "https:" && username === "" && password === "" && hash === "";
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
    const isRegistry = from.isRegistry === true;
    if (isSwitch(name)) {
      const allowed = flag(value, from);
      if (typeof allowed !== "boolean") problem(wrongSwitch(name, value, isRegistry));
      rules[name] = allowed === true;
    } else if (name === "allowedProxies") {
      rules.allowedProxies = takeProxies(value, problem, isRegistry);
    } else if (name === "updateFeed") {
      if (isHttpsUrl(value)) updateFeed = value;
      else problem(wrongFeed(value, isRegistry));
    } else if (isSetting(name)) {
      const { wrapped } = settingsSchema.entries[name];
      const given = wrapped.type === "boolean" ? flag(value, from) : value;
      if (name === "paletteShortcut" && typeof given === "string" && given !== "" && !isShortcut(given))
        problem(wrongShortcut(given, isRegistry));
      else if (v.is(wrapped, given)) locked[name] = given;
      else problem(wrongSetting(name, value, isRegistry));
    } else {
      problem(unknownName(name, withoutCase(name)));
    }
  };

  for (const found of places) {
    if (found.kind === "ignored" || found.kind === "unknown") problems.push(found.problem);
    if (found.kind === "unreadable") {
      const { place, why, mend } = found;
      rules.unreadable ||= `Your organisation’s settings in ${place} cannot be read: ${why}.`;
      problems.push(
        [
          `${place} cannot be read: ${why}.`,
          ...(mend === undefined ? [] : [mend]),
          "Until it can be read, Culvert opens no connections, or goes by what it has read before.",
        ].join(" "),
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
  const kinds = new Set(places.map(({ kind }) => kind));
  const found = (["unreadable", "values", "unknown"] as const).find((kind) => kinds.has(kind)) ?? "nothing";
  return { found, locked, rules, updateFeed, problems: shortened(problems) };
}

function takeProxies(value: unknown, problem: (what: string) => void, isRegistry: boolean): readonly string[] {
  if (!Array.isArray(value)) {
    problem(wrongProxies(value, isRegistry));
    return [];
  }
  const given: readonly unknown[] = value;
  if (given.length > mostProxies) problem(tooManyProxies(given.length, mostProxies));
  return given.slice(0, mostProxies).flatMap((entry) => {
    const text = typeof entry === "string" ? entry.trim().toLowerCase() : "";
    if (readProxyPattern(text) !== null) return [text];
    problem(wrongProxy(entry));
    return [];
  });
}

const shortened = (problems: readonly string[]): readonly string[] =>
  problems.length <= mostProblems
    ? problems
    : [...problems.slice(0, mostProblems), `${problems.length - mostProblems} more are not listed.`];
