import { lockOf, lookIntoStore } from "../../engine/index.ts";
import { AppError } from "../../shared/errors.ts";
import type { StoreLock } from "../../shared/model/certificate.ts";
import type { Handlers } from "../ipc/call-gate.ts";
import type { CallContext } from "./context.ts";
import { NewestNext } from "./newest-next.ts";

type Ports = Pick<CallContext, "certificates" | "closing" | "loaded" | "storePassword" | "notSaved">;

/** What the editor asks about the certificate store of this computer. */
export function certificateStoreCalls(context: Ports): Pick<Handlers, "look-into-store" | "enter-store-password"> {
  const { certificates, closing, loaded, storePassword } = context;
  const looks = new NewestNext();
  let trying = false;
  const keep = (password: string): void => {
    storePassword.set(password).catch((thrown: unknown) => context.notSaved(thrown));
  };

  const tryPassword = async (password: string): Promise<StoreLock> => {
    const before = storePassword.current ?? "";
    // In memory it stands at once, so that it can be tried.
    keep(password);
    try {
      const lock = await lockOf(certificates, closing);
      // One that opens nothing is not worth the place of the one from before.
      if (lock === "password-wrong") keep(before);
      return lock;
    } catch (thrown) {
      keep(before);
      throw thrown;
    }
  };

  return {
    "look-into-store": ({ issuer, subject }) =>
      looks.run(async () => {
        await loaded;
        const filters = { ...(issuer === null ? {} : { issuer }), ...(subject === null ? {} : { subject }) };
        return await lookIntoStore(certificates, filters, closing);
      }),
    "enter-store-password": async (password) => {
      // A second one would take the first, which may be wrong, for the one from before.
      if (trying) {
        throw new AppError("request-refused", "Another password is being tried.", {
          retryable: true,
          userAction: "Wait until that has been tried.",
        });
      }
      trying = true;
      try {
        await loaded;
        return await tryPassword(password);
      } finally {
        trying = false;
      }
    },
  };
}
