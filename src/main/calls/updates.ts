import type { Handlers } from "../ipc/call-gate.ts";
import type { CallContext } from "./context.ts";

type Names = "check-for-update" | "download-update" | "postpone-update" | "install-update";

/** How it goes is told by the status of updates: none of these is waited for. */
export function updateCalls({ updates }: Pick<CallContext, "updates">): Pick<Handlers, Names> {
  return {
    "check-for-update": () => void updates.check(),
    "download-update": () => void updates.download(),
    "postpone-update": () => updates.postpone(),
    // After the answer has gone out, so that the page is not left waiting for it.
    "install-update": () => void setImmediate(() => void updates.install()),
  };
}
