import { parseLocalAddress } from "../../shared/address.ts";
import { AppError, type ErrorCode } from "../../shared/errors.ts";
import type { Connection } from "../../shared/model/connection.ts";
import { boundAddressOf, type ConnectionStatus } from "../../shared/model/status.ts";
import { nameOf, splitDestination } from "../../shared/words/connection.ts";

const wildcards: ReadonlySet<string> = new Set(["0.0.0.0", "[::]"]);

/** True where the two cannot both be listened on. @param bound as it was really bound, `host:port`. */
function meets(listen: string, bound: string): boolean {
  const { host, port } = parseLocalAddress(listen);
  const other = splitDestination(bound);
  if (port === 0 || other.port !== `:${port}`) return false;
  const own = host?.includes(":") === true ? `[${host}]` : host;
  return own === null || own === other.host || own === "localhost" || wildcards.has(own) || wildcards.has(other.host);
}

/**
 * Whose port it is, where another connection of ours has it: the engine sees only that Culvert itself does.
 * @param code of the error that opening the port of `id` ended with.
 * @returns null where it is another error, or somebody else's port.
 */
export function ownPortError(
  id: string,
  code: ErrorCode,
  connections: readonly Connection[],
  statusOf: (id: string) => ConnectionStatus,
): AppError | null {
  const connection = connections.find((one) => one.id === id);
  if (code !== "port-in-use" || !connection) return null;
  const owner = connections.find((other) => {
    const bound = boundAddressOf(statusOf(other.id));
    return (
      other.id !== id && other.protocol === connection.protocol && bound !== null && meets(connection.listen, bound)
    );
  });
  if (!owner) return null;
  const { port } = parseLocalAddress(connection.listen);
  return new AppError("port-in-use", `${nameOf(owner)} uses port ${port}.`, {
    userAction: "Choose another port, or turn that connection off.",
  });
}
