import { lookIntoStore } from "../../engine/index.ts";
import type { Handlers } from "../ipc/call-gate.ts";
import type { CallContext } from "./context.ts";

/** What the editor asks about the certificate store of this computer. */
export function certificateStoreCalls(
  context: CallContext,
): Pick<Handlers, "look-into-store" | "enter-store-password"> {
  const { certificates, closing, loaded, storePassword } = context;
  const notSaved = (thrown: unknown): void => context.notSaved(thrown);
  return {
    "look-into-store": async ({ issuer, subject }) => {
      await loaded;
      const filters = { ...(issuer === null ? {} : { issuer }), ...(subject === null ? {} : { subject }) };
      return lookIntoStore(certificates, filters, closing);
    },
    "enter-store-password": async (password) => {
      await loaded;
      const before = storePassword.current;
      // In memory it stands at once, so that it can be tried.
      const kept = storePassword.set(password);
      kept.catch(notSaved);
      const lock = (await certificates.lock?.()) ?? "open";
      // One that opens nothing is not worth the place of the one from before.
      if (lock === "password-wrong") storePassword.set(before ?? "").catch(notSaved);
      return lock;
    },
  };
}
