import type {
  CertificateFiles,
  Connection,
  ConnectionInput,
  ConnectionSecrets,
} from "../../shared/model/connection.ts";
import { proxyOriginOf } from "../../shared/words/connection.ts";
import { filesOf } from "../state/followed-certificates.ts";

/** Files that were chosen and are remembered; nobody chooses more in one edit. */
const mostChosen = 64;

/** What a file was chosen for. */
type Use = "token" | "client-certificate";

/** Paths of files that a person has chosen in a dialog since the start. A page must not name files by itself. */
export class ChosenFiles {
  readonly #uses = new Set<string>();

  add(use: Use, path: string): void {
    const entry = `${use} ${path}`;
    this.#uses.delete(entry);
    this.#uses.add(entry);
    for (const oldest of this.#uses) if (this.#uses.size > mostChosen) this.#uses.delete(oldest);
  }

  has(use: Use, path: string): boolean {
    return this.#uses.has(`${use} ${path}`);
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
  /** The client certificate may be read where it says. */
  mayFollow(files: CertificateFiles): boolean;
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
      chosen.has("token", tokenFile) || (sameProxy && from.auth.kind === "token-file" && from.auth.path === tokenFile),
    mayFollow: (files) =>
      [files.certificate, files.key].every(
        (file) => chosen.has("client-certificate", file) || Object.values(filesOf(from) ?? {}).includes(file),
      ),
  };
}
