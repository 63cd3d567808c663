import type { HostInfo, Place, Rates, Snapshot } from "../../shared/ipc/snapshot.ts";
import type { Activity, LogEntry, SessionInfo, SignInInfo } from "../../shared/model/activity.ts";
import type { Connection } from "../../shared/model/connection.ts";
import { clientsOf, isOn, offStatus, type ConnectionStatus } from "../../shared/model/status.ts";
import type { Outside } from "../../shared/model/outside.ts";
import type { UpdateStatus } from "../../shared/model/update.ts";
import { proxyOriginOf } from "../../shared/words/connection.ts";
import type { UpdateFeed } from "../ipc/update-feed.ts";
import type { WaitingSignIn } from "../sign-in/sign-in-desk.ts";
import type { ConnectionStore } from "../store/connection-store.ts";
import type { SettingsStore } from "../store/settings-store.ts";
import type { NoticeBoard } from "./notice-board.ts";
import type { SessionList } from "./session-list.ts";
import type { Tunnels } from "./tunnels.ts";

/** What follows from statuses is worked out together after this, milliseconds. */
const deriveMs = 50;

/** Others that show the state: the tray and the notifications. */
export interface StateWatcher {
  /** Something that a tray shows has changed. */
  changed(): void;
  statusChanged(id: string, status: ConnectionStatus): void;
  signInsChanged(signIns: readonly SignInInfo[]): void;
  sessionsChanged(sessions: readonly SessionInfo[]): void;
}

export interface AppStateParts {
  readonly connections: ConnectionStore;
  readonly settings: SettingsStore;
  readonly tunnels: Tunnels;
  readonly notices: NoticeBoard;
  readonly sessions: SessionList;
  readonly host: HostInfo;
  readonly feed: UpdateFeed;
  readonly watcher: StateWatcher;
  signIns(): readonly WaitingSignIn[];
  update(): UpdateStatus;
  outside(): Outside;
}

/** All that the interface mirrors, read from its owners; tells the window, the tray and the notifications of every change. */
export class AppState {
  readonly #parts: AppStateParts;
  readonly #proxies = new WeakMap<Connection, string | null>();
  #watched: string | null = null;
  #signIns: readonly SignInInfo[] = [];
  #sessions: readonly SessionInfo[] = [];
  #deriving: NodeJS.Timeout | null = null;
  /** As they were told last. */
  #rates: Rates | null = null;

  constructor(parts: AppStateParts) {
    this.#parts = parts;
  }

  /** All of it, for the window that asks, with the updates from now on. */
  snapshot(): Snapshot {
    const { connections, tunnels, settings, notices, host, feed } = this.#parts;
    this.#derive();
    this.#rates = tunnels.rates();
    return feed.snapshot(() => ({
      connections: connections.all(),
      statuses: this.statuses(),
      signIns: this.#signIns,
      sessions: this.#sessions,
      settings: settings.current,
      outside: this.#parts.outside(),
      notices: notices.list(),
      rates: this.#rates ?? tunnels.rates(),
      update: this.#parts.update(),
      host,
    }));
  }

  /** Statuses of connections that exist and are not off. */
  statuses(): Readonly<Record<string, ConnectionStatus>> {
    const { connections, tunnels } = this.#parts;
    return Object.fromEntries(
      Object.entries(tunnels.statuses()).filter(([id, status]) => isOn(status) && connections.get(id)),
    );
  }

  get signIns(): readonly SignInInfo[] {
    return this.#signIns;
  }

  get isAnythingOn(): boolean {
    return Object.values(this.#parts.tunnels.statuses()).some(isOn);
  }

  /** Clients of all connections. */
  get clients(): number {
    return Object.values(this.#parts.tunnels.statuses()).reduce((sum, status) => sum + clientsOf(status), 0);
  }

  /** The activity of one connection, with news of it from now on; null watches nothing. */
  watch(id: string | null): Activity | null {
    this.#watched = id !== null && this.#parts.connections.get(id) ? id : null;
    const watched = this.#watched;
    return this.#parts.feed.watch(() => (watched === null ? null : this.#parts.tunnels.activity(watched)));
  }

  /** The page is gone: nothing is watched until the next one asks. */
  unwatch(): void {
    this.#watched = null;
    this.#parts.feed.stop();
  }

  /** Something of a connection's status, clients or traffic has changed. */
  tunnelChanged(id: string): void {
    const { connections, feed, tunnels, watcher } = this.#parts;
    const exists = connections.get(id) !== undefined;
    const status = exists ? tunnels.status(id) : offStatus;
    // The window has forgotten one that is deleted, and the feed is not to remember it.
    if (exists) feed.push({ type: "status", id, status });
    if (id === this.#watched) this.#pushActivity(id);
    watcher.statusChanged(id, status);
    watcher.changed();
    this.#deriveSoon();
  }

  /** Traffic was sampled, which happens once a second while something is on; rates are for who can see them. */
  sampled(visible: boolean): void {
    const { feed, tunnels } = this.#parts;
    if (!visible || !feed.listening) return;
    const rates = tunnels.rates();
    if (differs(rates, this.#rates)) feed.push({ type: "rates", rates });
    this.#rates = rates;
    if (this.#watched !== null && clientsOf(tunnels.status(this.#watched)) > 0) this.#pushActivity(this.#watched);
  }

  logged(id: string, entries: readonly LogEntry[]): void {
    if (id === this.#watched) this.#parts.feed.push({ type: "log", id, entries });
  }

  connectionChanged(id: string): void {
    const connection = this.#parts.connections.get(id);
    if (!connection) return;
    this.#parts.feed.push({ type: "connection", connection });
    this.#listChanged();
  }

  connectionsRemoved(ids: readonly string[]): void {
    this.#parts.feed.push({ type: "connections-removed", ids });
    this.#listChanged();
  }

  /** Their order has changed, or many at once. */
  connectionsChanged(): void {
    this.#parts.feed.push({ type: "connections", connections: this.#parts.connections.all() });
    this.#listChanged();
  }

  settingsChanged(): void {
    this.#parts.feed.push({ type: "settings", settings: this.#parts.settings.current });
    // The warning before the end of a session may have changed.
    this.#parts.watcher.sessionsChanged(this.#sessions);
  }

  outsideChanged(): void {
    this.#parts.feed.push({ type: "outside", outside: this.#parts.outside() });
  }

  updateChanged(): void {
    this.#parts.feed.push({ type: "update", update: this.#parts.update() });
  }

  noticesChanged(): void {
    this.#parts.feed.push({ type: "notices", notices: this.#parts.notices.list() });
  }

  /** Sign-ins or sessions have changed. */
  signInsChanged(): void {
    this.#derive();
  }

  goTo(place: Place): void {
    this.#parts.feed.push({ type: "go-to", place });
  }

  close(): void {
    if (this.#deriving) clearTimeout(this.#deriving);
  }

  #pushActivity(id: string): void {
    const { log: _log, ...activity } = this.#parts.tunnels.activity(id);
    this.#parts.feed.push({ type: "activity", ...activity });
  }

  #listChanged(): void {
    this.#parts.watcher.changed();
    this.#deriveSoon();
  }

  #deriveSoon(): void {
    this.#deriving ??= setTimeout(() => this.#derive(), deriveMs);
  }

  #derive(): void {
    if (this.#deriving) clearTimeout(this.#deriving);
    this.#deriving = null;
    const { connections, feed, sessions, tunnels, watcher } = this.#parts;
    const signIns = this.#parts
      .signIns()
      .map((waiting) => ({ ...waiting, connections: tunnels.waitingFor(waiting.proxy) }));
    if (differs(signIns, this.#signIns)) {
      this.#signIns = signIns;
      feed.push({ type: "sign-ins", signIns });
      watcher.signInsChanged(signIns);
      watcher.changed();
    }
    const inUseBy = new Map<string, number>();
    for (const id of Object.keys(this.statuses())) {
      const connection = connections.get(id);
      const proxy = connection && this.#proxyOf(connection);
      if (proxy) inUseBy.set(proxy, (inUseBy.get(proxy) ?? 0) + 1);
    }
    const listed = sessions.list(inUseBy);
    if (!differs(listed, this.#sessions)) return;
    this.#sessions = listed;
    feed.push({ type: "sessions", sessions: listed });
    watcher.sessionsChanged(listed);
  }

  /** Reading an address takes long enough to count with thousands of them. */
  #proxyOf(connection: Connection): string | null {
    const known = this.#proxies.get(connection);
    if (known !== undefined) return known;
    const proxy = proxyOriginOf(connection);
    this.#proxies.set(connection, proxy);
    return proxy;
  }
}

const differs = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b);
