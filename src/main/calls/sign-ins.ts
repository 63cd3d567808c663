import { originOf, parsePomeriumUrl } from "../../shared/address.ts";
import { asAppError } from "../../shared/errors.ts";
import type { NotSignedOut } from "../../shared/ipc/contract.ts";
import type { TlsSettings } from "../../engine/index.ts";
import { isOn } from "../../shared/model/status.ts";
import { proxyOriginOf } from "../../shared/words/connection.ts";
import type { Handlers } from "../ipc/call-gate.ts";
import type { CallContext } from "./context.ts";
import { turnOff } from "./turn-on.ts";

type Names = "open-sign-in-page" | "copy-sign-in-link" | "cancel-sign-in" | "sign-in" | "sign-out";

export function signInCalls(context: CallContext): Pick<Handlers, Names> {
  const { connections, desk, engine, followed, sessions, tunnels, closing, loaded, outside } = context;

  /** TLS as a connection to this proxy does it, those that are on first; the system's where none leads there. */
  const tlsFor = async (origin: string): Promise<TlsSettings> => {
    const users = connections.all().filter((connection) => proxyOriginOf(connection) === origin);
    const inOrder = [...users.filter(({ id }) => isOn(tunnels.status(id))), ...users];
    for (const { id } of inOrder) {
      await followed.refresh(id);
      const connection = connections.get(id);
      if (!connection) continue;
      try {
        const tls = followed.tlsOf(connection);
        if (tls.verify || outside.policy.rules.allowUnverifiedTls) return tls;
      } catch {
        // Its private key is not known; another one may do.
      }
    }
    return { verify: true, ca: [] };
  };

  return {
    "open-sign-in-page": (origin) => desk.open(origin),
    "copy-sign-in-link": (origin) => desk.copyLink(origin),

    "cancel-sign-in": (origin, id) => {
      if (id !== null) {
        turnOff(context, [id]);
        return;
      }
      turnOff(context, tunnels.waitingFor(origin));
      // One that was asked for by hand has no connection to turn off.
      engine.cancelSignIn(origin);
    },

    "sign-in": async (origin) => {
      // A session that is put beside those that are still being read would take their place in the file.
      await loaded;
      const proxy = parsePomeriumUrl(origin);
      const tls = await tlsFor(origin);
      await desk.byHand(originOf(proxy), () => engine.login(proxy, tls, closing));
      await sessions.reload();
    },

    "sign-out": async (origin) => {
      await loaded;
      const leaving = origin === null ? [...new Set(sessions.proxies)] : [origin];
      const results = await Promise.allSettled(
        leaving.map(async (proxy) => engine.logout(proxy, await tlsFor(proxy), closing)),
      );
      await sessions.reload();
      const failed = results.find((result) => result.status === "rejected");
      if (failed && leaving.length === 1) throw failed.reason;
      return results.flatMap((result, at): NotSignedOut[] => {
        if (result.status === "rejected")
          return [{ proxy: leaving[at] ?? "", reason: asAppError(result.reason).toData() }];
        const reason = result.value.find((one) => one.reason !== undefined)?.reason;
        return reason === undefined ? [] : [{ proxy: leaving[at] ?? "", reason }];
      });
    },
  };
}
