import type { CallContext } from "./context.ts";

/** Notes the wish for each that exists. How it goes becomes a status. */
export function turnOn({ connections, tunnels, state }: TurnContext, ids: readonly string[]): void {
  const wanted = [...new Set(ids)].filter((id) => connections.get(id));
  // All at once: each touch makes a new list.
  connections.touch(wanted, Date.now());
  for (const id of wanted) {
    tunnels.turnOn(id);
    state.connectionChanged(id);
  }
}

export function turnOff({ tunnels }: Pick<CallContext, "tunnels">, ids: readonly string[]): void {
  for (const id of ids) tunnels.turnOff(id);
}

type TurnContext = Pick<CallContext, "connections" | "tunnels" | "state">;
