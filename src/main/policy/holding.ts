import type { Policy } from "../../shared/model/policy.ts";

/** True where there is a policy that cannot be read, and none before it that could hold meanwhile. */
export const isFirstBroken = (before: Policy, found: Policy): boolean =>
  found.found === "unreadable" && before.found !== "values" && before.found !== "unreadable";

/**
 * The policy that holds after another look, while the app runs. What held goes on to hold while its place cannot be read, which
 * is often only for the moment in which it is written; but a policy that was never read forbids everything.
 */
export function holding(before: Policy, found: Policy): Policy {
  const keeps =
    (before.found === "values" && (found.found === "unreadable" || found.found === "unknown")) ||
    (before.found === "unreadable" && found.found === "unknown");
  return keeps ? { ...before, problems: found.problems } : found;
}
