import { shown } from "../../shared/address.ts";
import { AppError, asAppError } from "../../shared/errors.ts";
import type { ParsedArguments } from "./parse-arguments.ts";
import { naming } from "./usage.ts";

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/**
 * Reads a duration as Go programs write it: `90s`, `15m`, `1h30m`.
 * @throws AppError `setting-invalid` when it is none, or is outside of the bounds (milliseconds).
 */
export function parseDuration(text: string, bounds: { readonly min: number; readonly max: number }): number {
  const parts = [...text.matchAll(/(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h)/g)];
  const whole = parts.map((part) => part[0]).join("");
  if (whole === "" || whole !== text) {
    throw new AppError("setting-invalid", `Write a time such as 90s, 15m or 1h30m. Got: ${shown(text)}`);
  }
  const total = parts.reduce((sum, part) => sum + Number(part[1]) * (units[part[2] ?? ""] ?? 0), 0);
  if (total < bounds.min || total > bounds.max) {
    throw new AppError(
      "setting-invalid",
      `The time must be from ${bounds.min / 1_000}s to ${bounds.max / 3_600_000}h. Got: ${shown(text)}`,
    );
  }
  return Math.round(total);
}

/**
 * The time that a flag was given, in milliseconds; undefined without it. From a second to a day.
 * @throws AppError of the usage kind that names the flag.
 */
export function readTimeFlag(given: ParsedArguments, flag: string, command: string): number | undefined {
  const text = given.text(flag);
  if (text === undefined) return undefined;
  try {
    return parseDuration(text, { min: 1_000, max: 24 * 3_600_000 });
  } catch (thrown) {
    throw naming(`--${flag}`, command, asAppError(thrown));
  }
}
