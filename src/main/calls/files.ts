import { X509Certificate } from "node:crypto";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { looksBinary } from "../../engine/index.ts";
import { AppError } from "../../shared/errors.ts";
import type { PickedFile } from "../../shared/ipc/contract.ts";
import { connectionLimits } from "../../shared/model/connection.ts";
import type { Handlers } from "../ipc/call-gate.ts";
import { readFileBytes } from "../state/text-file.ts";
import type { CallContext, FilePurpose } from "./context.ts";
import type { ChosenFiles } from "./start-point.ts";

/** A certificate in DER is told as PEM; what else is no text, such as PKCS#12, as base64. */
function contentOf(bytes: Buffer, purpose: FilePurpose): Pick<PickedFile, "text" | "base64"> {
  const text = bytes.toString("utf8");
  if (!looksBinary(bytes)) return { text };
  try {
    return { text: new X509Certificate(bytes).toString() };
  } catch {
    const base64 = bytes.toString("base64");
    // What is too long in base64 is longer than any client certificate.
    return purpose === "ca" || base64.length > connectionLimits.pemLength ? { text } : { text: "", base64 };
  }
}

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
      const named = { name: path.basename(file), path: file };
      if (purpose === "token") return { ...named, text: "" };
      return { ...named, ...contentOf(await readFileBytes(file, connectionLimits.pemLength), purpose) };
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
