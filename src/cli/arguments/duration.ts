import { shown } from "../../shared/address.ts";
import { AppError } from "../../shared/errors.ts";

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
