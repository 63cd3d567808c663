import type { Connection } from "../../shared/model/connection.ts";
import { nameOf, proxyOriginOf, splitDestination, wantedPort } from "../../shared/words/connection.ts";

/** One word of a search. */
export type Term =
  | { readonly kind: "text"; readonly text: string }
  /** Digits that the destination's or the local port begins with. */
  | { readonly kind: "port"; readonly digits: string }
  | { readonly kind: "tag"; readonly tag: string };

/** What is compared of one connection, in lower case. */
interface Haystack {
  readonly text: string;
  readonly ports: readonly string[];
  readonly tags: readonly string[];
}

// A saved connection is never changed in place, so what was worked out for it stays true.
const haystacks = new WeakMap<Connection, Haystack>();

function haystackOf(connection: Connection): Haystack {
  const known = haystacks.get(connection);
  if (known !== undefined) return known;
  const tags = connection.tags.map((tag) => tag.toLowerCase());
  const wanted = wantedPort(connection.listen);
  const made: Haystack = {
    text: [
      nameOf(connection),
      connection.destination,
      connection.listen,
      proxyOriginOf(connection) ?? "",
      // As the row says it, which says nothing of TCP.
      connection.protocol === "udp" ? "udp" : "",
      ...tags,
    ]
      .join("\n")
      .toLowerCase(),
    ports: [splitDestination(connection.destination).port.slice(1), wanted === null ? "" : String(wanted)],
    tags,
  };
  haystacks.set(connection, made);
  return made;
}

/**
 * Works out ahead what searches compare, while the page has nothing else to do: otherwise the first key of a search does
 * it for all connections at once. Does nothing where the page cannot tell when it is idle.
 * @returns the way to stop.
 */
export function prepareSearch(connections: readonly Connection[]): () => void {
  if (typeof requestIdleCallback === "undefined") return () => undefined;
  let next = 0;
  const work = (idle: IdleDeadline): void => {
    for (; next < connections.length && idle.timeRemaining() > 1; next += 1) {
      const connection = connections[next];
      if (connection !== undefined) haystackOf(connection);
    }
    if (next < connections.length) handle = requestIdleCallback(work);
  };
  let handle = requestIdleCallback(work);
  return () => {
    cancelIdleCallback(handle);
  };
}

/** The words of a search: in any order, each must be found. */
export function parseSearch(search: string): readonly Term[] {
  return search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "")
    .map((word): Term => {
      if (/^:\d+$/.test(word)) return { kind: "port", digits: word.slice(1) };
      if (word.startsWith("tag:")) return { kind: "tag", tag: word.slice("tag:".length) };
      return { kind: "text", text: word };
    });
}

/** Whether every word is found in the name, host, port, tags, proxy or, for UDP, the protocol. */
export function matches(connection: Connection, terms: readonly Term[]): boolean {
  if (terms.length === 0) return true;
  const { text, ports, tags } = haystackOf(connection);
  return terms.every((term) => {
    switch (term.kind) {
      case "text":
        return text.includes(term.text);
      case "port":
        return ports.some((port) => port.startsWith(term.digits));
      case "tag":
        return tags.some((tag) => tag.startsWith(term.tag));
    }
  });
}
