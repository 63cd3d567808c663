import { nothingManaged, type Managed } from "./policy.ts";

/**
 * Why the system does not start Culvert at sign-in though it knows it: it was turned off there, or macOS waits for the user's
 * approval.
 */
export type StartNote = "off-in-system" | "needs-approval";

/** What is decided outside the app. */
export interface Outside {
  readonly managed: Managed;
  readonly startNote: StartNote | null;
}

export const nothingOutside: Outside = { managed: nothingManaged, startNote: null };
