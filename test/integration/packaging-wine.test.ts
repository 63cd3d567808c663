import { afterAll, beforeAll, describe } from "vitest";
import { fileTypeTests } from "../support/packaging/file-type.ts";
import { userPathTests } from "../support/packaging/user-path.ts";
import { Wine, wineTools } from "../support/packaging/wine.ts";
import { lacks } from "../support/services/programs.ts";

/** The steps of the Windows installer that are Culvert's own, each compiled on its own. */
describe.skipIf(lacks(wineTools))("the installer's own steps, in Wine", () => {
  let wine: Wine;
  beforeAll(() => {
    wine = new Wine();
  });
  afterAll(() => wine.close());

  userPathTests(() => wine);
  fileTypeTests(() => wine);
});
