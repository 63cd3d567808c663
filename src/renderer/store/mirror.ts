import { createStore, type StoreApi } from "zustand/vanilla";
import { asAppError, type AppErrorData } from "../../shared/errors.ts";
import type { Bridge } from "../../shared/ipc/contract.ts";
import type { Place, Snapshot, Update } from "../../shared/ipc/snapshot.ts";
import type { Activity } from "../../shared/model/activity.ts";
import { isOn } from "../../shared/model/status.ts";
import { applyToActivity, applyUpdate, replaceSnapshot } from "./apply.ts";

/** A switch that was moved here and that main has not shown yet. */
export interface Wish {
  readonly on: boolean;
  /** Tells a later wish for the same connection from this one. */
  readonly number: number;
}

export interface MirrorState {
  /** null until main has answered for the first time; the last one stays while a new one is asked for. */
  readonly snapshot: Snapshot | null;
  /** Why there is no snapshot; asked for again by `refresh`. */
  readonly failure: AppErrorData | null;
  /** null while nothing is watched, or not yet known. */
  readonly activity: Activity | null;
  readonly wishes: Readonly<Record<string, Wish>>;
  /** What main said to a switch that it refused, until the switch is moved again or the state changes. */
  readonly refused: Readonly<Record<string, AppErrorData>>;
}

export interface Mirror {
  readonly store: StoreApi<MirrorState>;
  /** Asks for the snapshot (again). */
  refresh(): void;
  /** Moves switches at once; they flip back if main refuses. */
  setOn(ids: readonly string[], on: boolean): void;
  /** Watches the activity of one connection, or of none. */
  watch(id: string | null): void;
  /** Called with every place that main wants shown, the last one before anybody listened included. */
  onPlace(listener: (place: Place) => void): () => void;
  close(): void;
}

/** Updates that are held while a snapshot is on its way. More of them are worth no more than another snapshot. */
const heldUpdates = 500;
/** A wish that main has noted but does not show (turned back elsewhere in the same moment) ends after this. */
const wishMs = 2_000;
/** A snapshot that could not be had is asked for again after this. */
const retryMs = 1_000;

const without = <T>(record: Readonly<Record<string, T>>, keys: readonly string[]): Readonly<Record<string, T>> =>
  keys.some((key) => key in record)
    ? Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)))
    : record;

/**
 * Mirrors main: one snapshot, then numbered updates. A number that is missing means that the snapshot is asked for again;
 * until it is there, the last known state stays on screen and updates are held.
 */
export function createMirror(bridge: Bridge): Mirror {
  const store = createStore<MirrorState>(() => ({
    snapshot: null,
    failure: null,
    activity: null,
    wishes: {},
    refused: {},
  }));
  const { getState: get, setState: set } = store;
  const places = new Set<(place: Place) => void>();
  /** Asked for before the page was drawn: the tray opens the window and says where in one go. */
  let earlyPlace: Place | null = null;
  const timers = new Set<ReturnType<typeof setTimeout>>();
  let closed = false;
  /** Set while a snapshot is on its way. */
  let held: Update[] | null = null;
  let attempt = 0;
  let wishNumber = 0;
  let watched: string | null = null;
  let watchNumber = 0;
  /** Updates that came between asking to watch and the answer: main sends them after it made the answer. */
  let beforeWatch: Update[] | null = null;

  const later = (ms: number, run: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run();
    }, ms);
    timers.add(timer);
  };

  /** Ends the wishes and refusals that a status has answered. */
  const settle = (update: Update): Partial<MirrorState> => {
    const { wishes, refused } = get();
    const statuses = update.changes.filter((change) => change.type === "status");
    if (statuses.length === 0) return {};
    const answered = statuses.filter(({ id, status }) => wishes[id]?.on === isOn(status)).map(({ id }) => id);
    return {
      wishes: without(wishes, answered),
      refused: without(
        refused,
        statuses.map(({ id }) => id),
      ),
    };
  };

  const apply = (update: Update): void => {
    const { snapshot, activity } = get();
    if (snapshot === null || update.seq <= snapshot.seq) return;
    // This update is in the snapshot that is asked for because of it.
    if (update.seq !== snapshot.seq + 1) refresh();
    else set({ ...applyUpdate({ snapshot, activity }, update), ...settle(update) });
  };

  const receive = (update: Update): void => {
    for (const change of update.changes) {
      if (change.type !== "go-to") continue;
      if (places.size === 0) earlyPlace = change.place;
      for (const listener of places) listener(change.place);
    }
    if (beforeWatch !== null) {
      beforeWatch.push(update);
      if (beforeWatch.length > heldUpdates) beforeWatch.shift();
    }
    if (held === null) apply(update);
    else {
      held.push(update);
      // The oldest are in the snapshot already; where one is not, the gap is seen and asked about again.
      if (held.length > heldUpdates) held.shift();
    }
  };

  function refresh(): void {
    if (closed) return;
    held ??= [];
    const mine = ++attempt;
    bridge.call("snapshot").then(
      (snapshot) => {
        if (closed || mine !== attempt) return;
        const updates = held ?? [];
        held = null;
        set({ snapshot: replaceSnapshot(get().snapshot, snapshot), failure: null });
        for (const update of updates) {
          if (held === null) apply(update);
          else (held as Update[]).push(update);
        }
        // News of the watched connection may have been in what was missed.
        if (watched !== null) askToWatch(watched);
      },
      (thrown: unknown) => {
        if (closed || mine !== attempt) return;
        set({ failure: asAppError(thrown).toData() });
        later(retryMs, () => {
          if (mine === attempt) refresh();
        });
      },
    );
  }

  function askToWatch(id: string | null): void {
    const mine = ++watchNumber;
    beforeWatch = id === null ? null : [];
    bridge.call("watch", id).then(
      (answer) => {
        if (closed || mine !== watchNumber) return;
        const updates = beforeWatch ?? [];
        beforeWatch = null;
        if (answer === null) {
          set({ activity: null });
          return;
        }
        let activity: Activity | null = answer;
        for (const { changes } of updates) for (const change of changes) activity = applyToActivity(activity, change);
        const shown = get().activity;
        if (activity !== null && shown?.id === activity.id && shown.log.at(-1)?.id === activity.log.at(-1)?.id)
          activity = { ...activity, log: shown.log };
        set({ activity });
      },
      () => {
        if (!closed && mine === watchNumber) beforeWatch = null;
      },
    );
  }

  const endWishes = (ids: readonly string[], number: number): readonly string[] => {
    const ended = ids.filter((id) => get().wishes[id]?.number === number);
    if (ended.length > 0) set({ wishes: without(get().wishes, ended) });
    return ended;
  };

  const unsubscribe = bridge.subscribe(receive);
  refresh();

  return {
    store,
    refresh,
    setOn(ids, on) {
      const number = ++wishNumber;
      const { wishes, refused } = get();
      set({
        wishes: { ...wishes, ...Object.fromEntries(ids.map((id) => [id, { on, number }])) },
        refused: without(refused, ids),
      });
      bridge.call("set-on", [...ids], on).then(
        () => {
          if (!closed) later(wishMs, () => endWishes(ids, number));
        },
        (thrown: unknown) => {
          if (closed) return;
          const error = asAppError(thrown).toData();
          // A later wish for the same switch has its own answer.
          const flipped = endWishes(ids, number);
          set({ refused: { ...get().refused, ...Object.fromEntries(flipped.map((id) => [id, error])) } });
        },
      );
    },
    watch(id) {
      if (id === watched) return;
      watched = id;
      if (get().activity !== null && get().activity?.id !== id) set({ activity: null });
      askToWatch(id);
    },
    onPlace(listener) {
      places.add(listener);
      if (earlyPlace !== null) listener(earlyPlace);
      earlyPlace = null;
      return () => places.delete(listener);
    },
    close() {
      if (closed) return;
      closed = true;
      unsubscribe();
      places.clear();
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}
