import { copyFileSync, rmSync } from "node:fs";
import path from "node:path";
import { docsPictures, pictureSpecs } from "./docs-pictures.ts";
import { build, runSteps } from "./steps.ts";

const taken = "test/e2e/out";
const shown = "docs/pictures";

/** `npm run pictures`: has the specs take the pictures of README and docs anew. */
for (const from of Object.values(docsPictures)) rmSync(path.join(taken, from), { force: true });
await runSteps([
  build,
  { name: "specs", command: ["vitest", "run", "--project", "e2e", "--reporter=dot", ...pictureSpecs] },
]);
for (const [name, from] of Object.entries(docsPictures)) copyFileSync(path.join(taken, from), path.join(shown, name));
console.log(`${Object.keys(docsPictures).length} pictures are in ${shown}: look at them before you commit them.`);
