import { asAppError } from "../../shared/errors.ts";
import type { EngineOptions } from "../command.ts";
import { parseDuration } from "./duration.ts";
import type { ParsedArguments } from "./parse-arguments.ts";
import { naming } from "./usage.ts";

/**
 * What the sign-in flags ask of the engine.
 * @throws AppError of the usage kind that names the flag.
 */
export function readEngineOptions(given: ParsedArguments, command: string, stdinIsData: boolean): EngineOptions {
  const browserCommand = given.text("browser-cmd") ?? "";
  const timeout = given.text("login-timeout");
  let loginMs: number | undefined;
  try {
    if (timeout !== undefined) loginMs = parseDuration(timeout, { min: 1_000, max: 24 * 3_600_000 });
  } catch (thrown) {
    throw naming("--login-timeout", command, asAppError(thrown));
  }
  return {
    noBrowser: given.on("no-browser"),
    shareSessions: !given.on("no-shared-sign-in"),
    stdinIsData,
    ...(browserCommand === "" ? {} : { browserCommand }),
    ...(loginMs === undefined ? {} : { loginMs }),
  };
}
