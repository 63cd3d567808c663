import { writeFile } from "node:fs/promises";
import path from "node:path";
import { AppError } from "../../shared/errors.ts";
import { connectionLimits } from "../../shared/model/connection.ts";
import type { Handlers } from "../ipc/call-gate.ts";
import { readTextFile } from "../state/text-file.ts";
import type { CallContext } from "./context.ts";
import type { ChosenFiles } from "./start-point.ts";

/** @param chosen gets the token files that a person chooses. */
export function fileCalls(
  { desktop, logFolder }: CallContext,
  chosen: ChosenFiles,
): Pick<Handlers, "pick-file" | "save-text" | "open-log-folder"> {
  return {
    "pick-file": async (purpose) => {
      const file = await desktop.chooseFile(purpose);
      if (file === null) return null;
      if (purpose === "token") chosen.add(file);
      // A token is read by this process alone, at every connect.
      const text = purpose === "token" ? "" : await readTextFile(file, connectionLimits.pemLength);
      return { name: path.basename(file), path: file, text };
    },

    "save-text": async ({ suggestedName, text }) => {
      const file = await desktop.choosePlaceToSave(suggestedName);
      if (file === null) return false;
      try {
        await writeFile(file, text, { mode: 0o600 });
      } catch (cause) {
        throw new AppError("storage-failed", `${path.basename(file)} could not be written.`, {
          cause,
          userAction: "Choose another place.",
        });
      }
      return true;
    },

    "open-log-folder": () => desktop.openFolder(logFolder),
  };
}
