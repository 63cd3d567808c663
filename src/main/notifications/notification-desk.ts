import type { AppErrorData } from "../../shared/errors.ts";
import type { SessionInfo } from "../../shared/model/activity.ts";
import type { Connection } from "../../shared/model/connection.ts";
import type { Settings } from "../../shared/model/settings.ts";
import type { ConnectionStatus } from "../../shared/model/status.ts";
import { hostOfOrigin, nameOf, proxyOriginOf } from "../../shared/words/connection.ts";
import { errorWords } from "../../shared/words/errors.ts";
import { count, duration } from "../../shared/words/format.ts";

/** Failures at one proxy within this become one notification, milliseconds. */
const groupMs = 5_000;
/** Others join a sign-in within this. */
const signInMs = 1_000;
/** A retry that takes longer is told, milliseconds. */
const retryingMs = 60_000;
/** The longest that Node's timers can wait; ends of sessions may be further away. */
const longestTimerMs = 24 * 60 * 60_000;

/** What a click on a notification does. */
export type NotificationClick =
  | { readonly do: "open"; readonly select?: string }
  | { readonly do: "open-sign-in-page"; readonly proxy: string }
  | { readonly do: "sessions" }
  | { readonly do: "updates" };

export interface DeskNotification {
  readonly title: string;
  readonly body: string;
  readonly click: NotificationClick;
}

/** What the desk needs of the app around it. */
export interface NotificationPorts {
  settings(): Settings;
  connection(id: string): Connection | undefined;
  /** Connections whose clients wait for a sign-in at this proxy. */
  waitingFor(proxy: string): readonly string[];
  /** Somebody looks at the window, and so needs no notification. */
  isFocused(): boolean;
  /** Shows it; returns the way to take it back. */
  show(notification: DeskNotification): () => void;
  /** Milliseconds since 1970. */
  now(): number;
}

interface Failure {
  readonly id: string;
  readonly error: AppErrorData;
}

/** A notification that stands, and the connections it is about. */
interface Shown {
  readonly ids: Set<string>;
  readonly close: () => void;
}

/**
 * Decides what a person is told while the window is not in front (ui.md, section 15): a sign-in that is needed, connections that
 * stopped or retry for over a minute, the known end of a session, and a newer version. Each cause is told once until the connection recovers.
 */
export class NotificationDesk {
  readonly #ports: NotificationPorts;
  /** Causes that were told, by connection. */
  readonly #told = new Map<string, Set<string>>();
  readonly #retrying = new Map<string, NodeJS.Timeout>();
  /** Failures that wait for others of their proxy. */
  readonly #groups = new Map<string, { readonly failures: Failure[]; readonly timer: NodeJS.Timeout }>();
  readonly #signIns = new Map<string, { timer: NodeJS.Timeout; close: (() => void) | null }>();
  readonly #shown = new Set<Shown>();
  /** Sessions whose end was told, with the way to take that back. */
  readonly #warnedSessions = new Map<string, () => void>();
  /** Takes back what was told of an update. */
  #update: (() => void) | null = null;
  #sessions: readonly SessionInfo[] = [];
  #sessionTimer: NodeJS.Timeout | null = null;

  constructor(ports: NotificationPorts) {
    this.#ports = ports;
  }

  statusChanged(id: string, status: ConnectionStatus): void {
    if (status.kind !== "retrying") this.#stopRetrying(id);
    switch (status.kind) {
      case "off":
      case "listening":
      case "connected":
        this.#recovered(id);
        break;
      case "error":
        // Where even the port could not be opened, no client was hurt, and whoever turned it on is looking.
        if (status.address !== null) this.#failed({ id, error: status.error });
        break;
      case "retrying":
        this.#retries(id, status);
        break;
      default:
    }
  }

  signInsChanged(proxies: readonly string[]): void {
    for (const [proxy, { timer, close }] of this.#signIns) {
      if (proxies.includes(proxy)) continue;
      clearTimeout(timer);
      close?.();
      this.#signIns.delete(proxy);
    }
    for (const proxy of proxies) {
      if (this.#signIns.has(proxy)) continue;
      const timer = setTimeout(() => this.#showSignIn(proxy), signInMs);
      this.#signIns.set(proxy, { timer, close: null });
    }
  }

  /** Also to be called when the setting of the warning changes. */
  sessionsChanged(sessions: readonly SessionInfo[]): void {
    this.#sessions = sessions;
    const known = new Set(sessions.map(keyOf));
    for (const [key, takeBack] of this.#warnedSessions) {
      if (known.has(key)) continue;
      takeBack();
      this.#warnedSessions.delete(key);
    }
    this.#warnOfEnds();
  }

  /** A newer version is there, ready or to be downloaded. @returns false where nobody is told. */
  updateFound(version: string, ready: boolean): boolean {
    if (!this.#ports.settings().notifyUpdate || this.#ports.isFocused()) return false;
    this.#update?.();
    this.#update = this.#ports.show({
      title: `Culvert ${version} is ${ready ? "ready" : "available"}`,
      body: ready ? "Restart Culvert to update." : "Click to download it.",
      click: { do: "updates" },
    });
    return true;
  }

  /** Takes everything back. Idempotent. */
  close(): void {
    for (const timer of this.#retrying.values()) clearTimeout(timer);
    for (const { timer } of this.#groups.values()) clearTimeout(timer);
    if (this.#sessionTimer) clearTimeout(this.#sessionTimer);
    this.signInsChanged([]);
    this.#update?.();
    this.#update = null;
    for (const { close } of this.#shown) close();
    for (const takeBack of this.#warnedSessions.values()) takeBack();
    for (const map of [this.#retrying, this.#groups, this.#told, this.#warnedSessions]) map.clear();
    this.#shown.clear();
  }

  #stopRetrying(id: string): void {
    clearTimeout(this.#retrying.get(id));
    this.#retrying.delete(id);
  }

  #retries(id: string, status: Extract<ConnectionStatus, { kind: "retrying" }>): void {
    this.#stopRetrying(id);
    const failure: Failure = { id, error: status.error };
    const left = status.since + retryingMs - this.#ports.now();
    if (left <= 0) this.#failed(failure);
    else
      this.#retrying.set(
        id,
        // A clock that was set back must not make this wait longer.
        setTimeout(() => this.#failed(failure), Math.min(left, retryingMs)),
      );
  }

  #failed(failure: Failure): void {
    const told = this.#told.get(failure.id) ?? new Set();
    if (told.has(failure.error.code)) return;
    this.#told.set(failure.id, told.add(failure.error.code));
    const connection = this.#ports.connection(failure.id);
    if (!connection) return;
    const proxy = proxyOriginOf(connection) ?? failure.id;
    const group = this.#groups.get(proxy);
    if (group) {
      group.failures.push(failure);
      return;
    }
    const timer = setTimeout(() => this.#showGroup(proxy), groupMs);
    this.#groups.set(proxy, { failures: [failure], timer });
  }

  #recovered(id: string): void {
    this.#told.delete(id);
    for (const { failures } of this.#groups.values()) {
      const without = failures.filter((failure) => failure.id !== id);
      failures.splice(0, failures.length, ...without);
    }
    for (const shown of this.#shown) {
      if (!shown.ids.delete(id) || shown.ids.size > 0) continue;
      shown.close();
      this.#shown.delete(shown);
    }
  }

  #showGroup(proxy: string): void {
    const failures = this.#groups.get(proxy)?.failures ?? [];
    this.#groups.delete(proxy);
    if (!this.#ports.settings().notifyFailure || this.#ports.isFocused()) return;
    const [first] = failures;
    const connection = first && this.#ports.connection(first.id);
    if (!first || !connection) return;
    const ids = new Set(failures.map(({ id }) => id));
    const { title } = errorWords(first.error);
    const one = ids.size === 1;
    const notification: DeskNotification = {
      title: one ? nameOf(connection) : `${count(ids.size, "connection")} stopped`,
      body: `${title}.`,
      click: one ? { do: "open", select: first.id } : { do: "open" },
    };
    this.#shown.add({ ids, close: this.#ports.show(notification) });
  }

  #showSignIn(proxy: string): void {
    const signIn = this.#signIns.get(proxy);
    if (!signIn || !this.#ports.settings().notifySignIn || this.#ports.isFocused()) return;
    const [first, ...others] = this.#ports.waitingFor(proxy).flatMap((id) => this.#ports.connection(id) ?? []);
    // Nobody waits for a sign-in that was asked for by hand.
    if (!first) return;
    const more = others.length === 0 ? " is" : ` and ${others.length} more are`;
    signIn.close = this.#ports.show({
      title: `Sign in to ${hostOfOrigin(proxy)}`,
      body: `${nameOf(first)}${more} waiting.`,
      click: { do: "open-sign-in-page", proxy },
    });
  }

  #warnOfEnds(): void {
    if (this.#sessionTimer) clearTimeout(this.#sessionTimer);
    this.#sessionTimer = null;
    const { notifySessionEnds, warnBeforeSessionEnds } = this.#ports.settings();
    if (!notifySessionEnds || warnBeforeSessionEnds === 0) return;
    const now = this.#ports.now();
    let next = Number.POSITIVE_INFINITY;
    for (const session of this.#sessions) {
      if (session.expiresAt === null || session.inUseBy === 0 || this.#warnedSessions.has(keyOf(session))) continue;
      const warnAt = session.expiresAt - warnBeforeSessionEnds * 60_000;
      if (session.expiresAt <= now) continue;
      if (warnAt > now) next = Math.min(next, warnAt);
      else this.#warn(session, session.expiresAt - now);
    }
    if (next === Number.POSITIVE_INFINITY) return;
    this.#sessionTimer = setTimeout(() => this.#warnOfEnds(), Math.min(next - now, longestTimerMs));
  }

  #warn(session: SessionInfo, leftMs: number): void {
    this.#warnedSessions.set(keyOf(session), () => undefined);
    if (this.#ports.isFocused()) return;
    const takeBack = this.#ports.show({
      title: `Your session at ${hostOfOrigin(session.proxy)} ends in ${duration(Math.ceil(leftMs / 60_000) * 60_000)}`,
      body: `${count(session.inUseBy, "connection")} ${session.inUseBy === 1 ? "uses" : "use"} it. Open clients stay; new ones will need a sign-in.`,
      click: { do: "sessions" },
    });
    // Electron drops a notification that nobody holds, and the click on it with it.
    this.#warnedSessions.set(keyOf(session), takeBack);
  }
}

const keyOf = ({ proxy, expiresAt }: SessionInfo): string => `${proxy} ${expiresAt ?? ""}`;
