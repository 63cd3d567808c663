/** One event of Chromium's trace (Trace Event Format); times in microseconds. */
export interface TraceEvent {
  readonly name: string;
  readonly cat?: string;
  readonly ph: string;
  readonly ts: number;
  readonly dur?: number;
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

/** Milliseconds of the main thread's work that each key press caused, until the next one: script, style, layout and paint. */
export function keyTimes(events: readonly TraceEvent[]): number[] {
  const tasks = mainThreadTasks(events);
  const keys = events
    .filter(({ name, args }) => name === "EventDispatch" && args?.data?.type === "keydown")
    .map(({ ts }) => ts)
    .toSorted((a, b) => a - b);
  return keys.map((key, index) => {
    const until = keys[index + 1] ?? key + 150_000;
    const own = tasks.filter(({ ts, dur = 0 }) => ts + dur > key && ts < until);
    return own.reduce((sum, { dur = 0 }) => sum + dur, 0) / 1_000;
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
