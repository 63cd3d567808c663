import { writeFile } from "node:fs/promises";
import path from "node:path";
import { pemOf } from "../../engine/index.ts";
import { AppError } from "../../shared/errors.ts";
import type { FileContent } from "../../shared/ipc/contract.ts";
import { connectionLimits } from "../../shared/model/connection.ts";
import type { Handlers } from "../ipc/call-gate.ts";
import { readFileBytes } from "../state/text-file.ts";
import type { CallContext, FilePurpose } from "./context.ts";
import type { ChosenFiles } from "./start-point.ts";

/** A certificate or key in DER is told as PEM; what else is no text, such as PKCS#12, as base64. */
function contentOf(bytes: Buffer, purpose: FilePurpose): FileContent {
  const pem = pemOf(bytes);
  if (pem !== null) return { text: pem };
  const base64 = bytes.toString("base64");
  // What is too long in base64 is longer than any client certificate.
  const isUseless = purpose === "ca" || base64.length > connectionLimits.pemLength;
  return isUseless ? { text: bytes.toString("utf8") } : { text: "", base64 };
}

/** @param chosen gets the files that a person chooses and that are read again later. */
export function fileCalls(
  { desktop, logFolder }: CallContext,
  chosen: ChosenFiles,
): Pick<Handlers, "pick-file" | "read-dropped" | "save-text" | "open-log-folder"> {
  return {
    "pick-file": async (purpose) => {
      const file = await desktop.chooseFile(purpose);
      if (file === null) return null;
      if (purpose === "token") chosen.add("token", file);
      if (purpose === "certificate" || purpose === "key") chosen.add("client-certificate", file);
      // A token is read by this process alone, at every connect.
      const named = { name: path.basename(file), path: file };
      if (purpose === "token") return { ...named, text: "" };
      return { ...named, ...contentOf(await readFileBytes(file, connectionLimits.pemLength), purpose) };
    },

    "read-dropped": (purpose, base64) => contentOf(Buffer.from(base64, "base64"), purpose),

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
