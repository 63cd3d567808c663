import type { Handlers } from "../ipc/call-gate.ts";
import type { CallContext } from "./context.ts";

type Names = "snapshot" | "watch" | "dismiss-notice" | "notice-action" | "copy-text" | "report-failure" | "quit";

export function systemCalls(context: CallContext): Pick<Handlers, Names> {
  const { desktop, notices, state } = context;
  return {
    snapshot: () => state.snapshot(),
    watch: (id) => state.watch(id),
    "dismiss-notice": (id) => notices.remove(id),
    "notice-action": async (id) => {
      const { action, file } = notices.get(id);
      if (action === "show-file" && file !== undefined) desktop.showFile(file);
      else if (action === "save-again") await context.saveAgain();
    },
    "copy-text": (text) => desktop.copyText(text),
    "report-failure": (text) => context.log("error", "page-failed", text),
    // After the answer has gone out, so that the page is not left waiting for it.
    quit: () => void setImmediate(() => desktop.quit()),
  };
}
