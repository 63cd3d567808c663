import { envoyBinary } from "./access-proxy/index.ts";

let said = false;

/**
 * The fronts that the tests of the data path and of the answers run on. Without Envoy the run says so and goes on with
 * Node's; in CI that is a failure.
 */
export function fronts(): readonly ("node" | "envoy")[] {
  if (envoyBinary() !== null) return ["node", "envoy"];
  if (process.env["CI"]) throw new Error("Envoy front skipped: not installed. CI must run it.");
  if (!said) console.warn("Envoy front skipped: not installed");
  said = true;
  return ["node"];
}
