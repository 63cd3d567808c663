import type { EngineOptions } from "../command.ts";
import { readTimeFlag } from "./duration.ts";
import type { ParsedArguments } from "./parse-arguments.ts";

/**
 * What the sign-in flags ask of the engine.
 * @throws AppError of the usage kind that names the flag.
 */
export function readEngineOptions(given: ParsedArguments, command: string, stdinIsData: boolean): EngineOptions {
  const browserCommand = given.text("browser-cmd") ?? "";
  const loginMs = readTimeFlag(given, "login-timeout", command);
  return {
    noBrowser: given.on("no-browser"),
    shareSessions: !given.on("no-shared-sign-in"),
    stdinIsData,
    ...(browserCommand === "" ? {} : { browserCommand }),
    ...(loginMs === undefined ? {} : { loginMs }),
  };
}
