import type { Connection, ConnectionInput, ConnectionSecrets } from "../../shared/model/connection.ts";
import { proxyOriginOf } from "../../shared/words/connection.ts";

/** Token files that were chosen and are remembered; nobody chooses more in one edit. */
const mostChosen = 64;

/** Paths of token files that a person has chosen in a dialog since the start. A page must not name files by itself. */
export class ChosenFiles {
  readonly #paths = new Set<string>();

  add(path: string): void {
    this.#paths.delete(path);
    this.#paths.add(path);
    for (const oldest of this.#paths) if (this.#paths.size > mostChosen) this.#paths.delete(oldest);
  }

  has(path: string): boolean {
    return this.#paths.has(path);
  }
}

/** What an input may take over from the connection that it changes or copies. */
export interface StartPoint {
  readonly secrets: ConnectionSecrets;
  /** The input leads to another proxy. */
  readonly isMoved: boolean;
  /** There is a token, but it was given for another proxy. */
  readonly tokenIsForOther: boolean;
  /** The token file may be read for the proxy of the input. */
  mayRead(tokenFile: string): boolean;
}

/**
 * A token opens its proxy to whoever holds it, so one that the user has given for a proxy is not sent to another without him:
 * else a page that was taken over could have any token by changing an address.
 */
export function startPoint(
  input: ConnectionInput,
  from: Connection | undefined,
  kept: ConnectionSecrets,
  chosen: ChosenFiles,
): StartPoint {
  const proxy = proxyOriginOf(input);
  const sameProxy = from !== undefined && proxyOriginOf(from) === proxy;
  const { token, proxy: givenFor = proxy, ...others } = kept;
  const mayKeep = sameProxy && givenFor === proxy;
  return {
    secrets: mayKeep ? kept : others,
    isMoved: !sameProxy,
    tokenIsForOther: !mayKeep && token !== undefined,
    mayRead: (tokenFile) =>
      chosen.has(tokenFile) || (sameProxy && from.auth.kind === "token-file" && from.auth.path === tokenFile),
  };
}
