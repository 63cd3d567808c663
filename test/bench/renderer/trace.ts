/** One event of Chromium's trace (Trace Event Format); times in microseconds. */
export interface TraceEvent {
  readonly name: string;
  readonly cat?: string;
  readonly ph: string;
  readonly ts: number;
  readonly dur?: number;
  /** Of the processor. */
  readonly tdur?: number;
  readonly pid: number;
  readonly tid: number;
  readonly args?: { readonly name?: string; readonly data?: { readonly type?: string } };
}

/** The page's main thread: the busiest one of that name, since other processes have one as well. */
function mainThreadTasks(events: readonly TraceEvent[]): TraceEvent[] {
  const threads = events.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain");
  const byThread = threads.map(({ pid, tid }) =>
    events.filter((event) => event.pid === pid && event.tid === tid && event.name === "RunTask" && event.ph === "X"),
  );
  const busy = (tasks: readonly TraceEvent[]): number => tasks.reduce((sum, { dur = 0 }) => sum + dur, 0);
  return byThread.toSorted((a, b) => busy(b) - busy(a))[0] ?? [];
}

/** What one key of the search cost, milliseconds. */
export interface KeyCost {
  /** The main thread's tasks until the next key: script, style, layout and paint. On a busy machine this includes waiting for a core. */
  readonly work: number;
  /** The processor's part of that. */
  readonly processor: number;
  /** From the key to the end of the main thread's part in the first frame that shows the letter. */
  readonly shown: number;
}

export function keyCosts(events: readonly TraceEvent[]): KeyCost[] {
  const tasks = mainThreadTasks(events);
  const [{ pid, tid } = { pid: 0, tid: 0 }] = tasks;
  const own = events.filter((event) => event.pid === pid && event.tid === tid);
  const starts = (type: string): number[] =>
    own
      .filter(({ name, args }) => name === "EventDispatch" && args?.data?.type === type)
      .map(({ ts }) => ts)
      .toSorted((a, b) => a - b);
  const keys = starts("keydown");
  const inputs = starts("input");
  const commits = own.filter(({ name }) => name === "Commit").map(({ ts, dur = 0 }) => ts + dur);
  return keys.map((key, index) => {
    const until = keys[index + 1] ?? key + 150_000;
    // By their ends: the task that brings the next key begins before that key's own event.
    const mine = tasks.filter(({ ts, dur = 0 }) => ts + dur > key && ts + dur <= until);
    const input = inputs.find((at) => at > key) ?? key;
    const shown = Math.min(...commits.filter((at) => at > input)) - key;
    const sum = (of: (task: TraceEvent) => number | undefined): number =>
      mine.reduce((total, task) => total + (of(task) ?? 0), 0) / 1_000;
    return { work: sum(({ dur }) => dur), processor: sum(({ tdur }) => tdur), shown: shown / 1_000 };
  });
}

/** What became of the frames of a stretch of time. */
export interface Frames {
  readonly drawn: number;
  /** Frames that were due and did not come, as the compositor counts them. */
  readonly dropped: number;
  /** The longest task of the main thread, milliseconds. */
  readonly longestTask: number;
  /** The share of the time in which the main thread was busy. */
  readonly busy: number;
}

export function framesIn(events: readonly TraceEvent[]): Frames {
  const named = (name: string): number => events.filter((event) => event.name === name).length;
  const tasks = mainThreadTasks(events);
  const times = tasks.map(({ ts }) => ts);
  const span = Math.max(1, Math.max(...times) - Math.min(...times));
  return {
    drawn: named("DrawFrame"),
    dropped: named("DroppedFrame"),
    longestTask: Math.max(0, ...tasks.map(({ dur = 0 }) => dur)) / 1_000,
    busy: tasks.reduce((sum, { dur = 0 }) => sum + dur, 0) / span,
  };
}
