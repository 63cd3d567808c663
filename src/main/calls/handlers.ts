import type { Handlers } from "../ipc/call-gate.ts";
import { connectionCalls } from "./connections.ts";
import type { CallContext } from "./context.ts";
import { fileCalls } from "./files.ts";
import { settingsCalls } from "./settings.ts";
import { signInCalls } from "./sign-ins.ts";
import { systemCalls } from "./system.ts";

/** Every call of the contract. */
export const createHandlers = (context: CallContext): Handlers => ({
  ...systemCalls(context),
  ...connectionCalls(context),
  ...signInCalls(context),
  ...settingsCalls(context),
  ...fileCalls(context),
});
