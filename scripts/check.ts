import { format, lint, runSteps, types } from "./steps.ts";

/** `npm run check`: format, lint, types and unit tests; quiet unless something is wrong. */
await runSteps([
  format,
  lint,
  types,
  { name: "unit tests", command: ["vitest", "run", "--project", "unit", "--reporter=dot"] },
]);
