import type { Handlers } from "../ipc/call-gate.ts";
import { connectionCalls } from "./connections.ts";
import { certificateStoreCalls } from "./certificate-store.ts";
import type { CallContext } from "./context.ts";
import { fileCalls } from "./files.ts";
import { settingsCalls } from "./settings.ts";
import { signInCalls } from "./sign-ins.ts";
import { ChosenFiles } from "./start-point.ts";
import { systemCalls } from "./system.ts";
import { updateCalls } from "./updates.ts";

/** Every call of the contract. */
export function createHandlers(context: CallContext): Handlers {
  const chosen = new ChosenFiles();
  return {
    ...systemCalls(context),
    ...connectionCalls(context, chosen),
    ...signInCalls(context),
    ...settingsCalls(context),
    ...fileCalls(context, chosen),
    ...updateCalls(context),
    ...certificateStoreCalls(context),
  };
}
