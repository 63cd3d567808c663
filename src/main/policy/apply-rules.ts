import { refusalsOf, wantedOf, type PolicyRules } from "../../shared/model/policy.ts";
import type { Tunnels } from "../state/tunnels.ts";
import type { ConnectionStore } from "../store/connection-store.ts";

/**
 * The rules have changed: what is on and not allowed any more is started again, and refused by the engine; what was refused is
 * tried again, so that it runs where it may now, and else says why it still may not.
 */
export function applyRules(
  connections: Pick<ConnectionStore, "get">,
  tunnels: Pick<Tunnels, "statuses" | "restart" | "tryAgain">,
  rules: PolicyRules,
): void {
  for (const [id, status] of Object.entries(tunnels.statuses())) {
    const connection = connections.get(id);
    if (!connection) continue;
    if (status.kind === "error" && status.error.code === "managed") tunnels.tryAgain(id);
    else if (refusalsOf(rules, wantedOf(connection)).length > 0) void tunnels.restart(id);
  }
}
