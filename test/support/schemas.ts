import { readFileSync } from "node:fs";
import path from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";

const folder = path.join(import.meta.dirname, "../fixtures/schemas");
// The schemas use words of their own, and formats that only their own tools know.
const options = { strict: false, validateFormats: false, allErrors: true };

/** What a value breaks of one of the schemas in test/fixtures/schemas, one line each; empty where it fits. */
export function schemaFaults(name: "compose-spec" | "github-workflow", value: unknown): string[] {
  const schema = JSON.parse(readFileSync(path.join(folder, `${name}.json`), "utf8")) as { $schema: string };
  const ajv = schema.$schema.includes("2020-12") ? new Ajv2020(options) : new Ajv(options);
  const validate: ValidateFunction = ajv.compile(schema);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || "/"} ${message ?? ""}`);
}
