import { asAppError } from "../../shared/errors.ts";
import { shutDown, type Closer } from "../lifecycle/shutdown.ts";
import type { FileLog } from "../log/file-log.ts";

/** The longest that quitting takes, the log's last lines apart; milliseconds. */
const quitMs = 5_000;

/** Closes everything in steps, tells the log what was late or failed, and closes that last. Never rejects. */
export async function closeAll(steps: readonly (readonly Closer[])[], log: FileLog): Promise<void> {
  const { late, failed } = await shutDown(steps, quitMs);
  for (const { name, error } of failed) log.failure(asAppError(error).toData(), `closing ${name}`);
  if (late.length > 0) log.write("error", "close-late", { late });
  await log.close();
}
