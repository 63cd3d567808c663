import type { AuthSettings } from "../../engine/index.ts";
import { asAppError } from "../../shared/errors.ts";
import type { ParsedArguments } from "./parse-arguments.ts";
import { isRereadable, readGivenFile } from "./read-file.ts";
import { naming } from "./usage.ts";

/** Holds the service account where neither flag is given, so that it shows up in no list of processes. */
const serviceAccountVariable = "CULVERT_SERVICE_ACCOUNT";

async function fixedToken(what: string, text: string, command: string): Promise<AuthSettings> {
  const { parseServiceAccount } = await import("../../engine/index.ts");
  try {
    const token = parseServiceAccount(text);
    return { kind: "service-account", read: () => Promise.resolve(token) };
  } catch (thrown) {
    throw naming(what, command, asAppError(thrown));
  }
}

/**
 * How to sign in: the flag goes before the file, the file before the environment, and without any a person does it.
 * @throws AppError of the usage kind that names where the token came from, never the token.
 */
export async function readAuthSettings(
  given: ParsedArguments,
  env: Readonly<Record<string, string | undefined>>,
  command: string,
): Promise<AuthSettings> {
  // Given but empty (an unset variable of a script) is an error: a person's session must not step in for it.
  const flag = given.text("service-account");
  if (flag !== undefined) return fixedToken("--service-account", flag, command);

  const file = given.text("service-account-file") ?? "";
  if (file !== "") {
    const { parseServiceAccount } = await import("../../engine/index.ts");
    const read = async (): Promise<string> => {
      try {
        return parseServiceAccount(await readGivenFile(file));
      } catch (thrown) {
        throw naming("--service-account-file", command, asAppError(thrown));
      }
    };
    // A wrong name must show now and not at the first client; what it holds may change until then.
    const first = await read();
    return { kind: "service-account", read: (await isRereadable(file)) ? read : () => Promise.resolve(first) };
  }

  const variable = env[serviceAccountVariable] ?? "";
  if (variable !== "") return fixedToken(serviceAccountVariable, variable, command);
  return { kind: "browser" };
}
