import type { Outcome } from "./command-line-tool.ts";

/** A dialog that tells what came of it. */
export interface Told {
  readonly message: string;
  readonly detail: string;
  /** A line for the terminal that the dialog offers to copy. */
  readonly command?: string;
}

/** What a person is told. */
export function told(outcome: Outcome): Told {
  switch (outcome.kind) {
    case "ready":
      return {
        message: "The command line is ready.",
        detail: `Open a new terminal window and type “culvert help”. ${outcome.place} leads into the app.`,
      };
    case "not-installed":
      return {
        message: "Move Culvert to Applications first.",
        detail: "The command line is a link into the app, so the app has to stay where it is.",
      };
    case "taken":
      return {
        message: `${outcome.place} is something else.`,
        detail: `It was not put there by Culvert. To replace it, run this line in Terminal:\n\n${outcome.command}`,
        command: outcome.command,
      };
    case "needs-rights":
      return {
        message: "This needs an administrator.",
        detail: `Run this line in Terminal:\n\n${outcome.command}`,
        command: outcome.command,
      };
  }
}
