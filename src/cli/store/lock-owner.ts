import { readFileSync, readlinkSync } from "node:fs";
import os from "node:os";
import * as v from "valibot";

/** Who holds a lock: enough to tell later whether that very process still lives. */
export interface LockOwner {
  readonly pid: number;
  /** When the process was started, in the system's own counting; null where it cannot be told. */
  readonly started: string | null;
  /** The computer, and the container on it, that the pid is valid in. */
  readonly machine: string;
}

/** `released` and `unreadable` are states of a lock file, `dead` and `alive` of its process, `unknown` is neither. */
export type OwnerState = "released" | "dead" | "alive" | "unknown";

const ownerSchema = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  started: v.nullable(v.string()),
  machine: v.string(),
});

/** Field 22 of Linux' /proc/PID/stat; the name in field 2 may hold blanks and brackets. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

function machine(): string {
  try {
    return `${os.hostname()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return os.hostname();
  }
}

/** This process as an owner. */
export const thisOwner = (): LockOwner => ({ pid: process.pid, started: startOf(process.pid), machine: machine() });

/** First byte of a lock file that is held; the rest is the owner. */
const held = "H";
/** First byte of a lock file that was let go: one byte changes at once, so that no reader meets half of it. */
export const released = "F";

export const formatLock = (owner: LockOwner): string => `${held}${JSON.stringify(owner)}\n`;

/** Judges the owner that a lock file names. */
export function judge(text: string, here: LockOwner): OwnerState {
  if (text.startsWith(released)) return "released";
  let data: unknown;
  try {
    data = JSON.parse(text.slice(held.length));
  } catch {
    return "unknown";
  }
  const result = v.safeParse(ownerSchema, data);
  if (!result.success || result.output.machine !== here.machine) return "unknown";
  const owner = result.output;
  try {
    process.kill(owner.pid, 0);
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ESRCH") return "dead";
  }
  const startedNow = startOf(owner.pid);
  // Without start times a pid may have passed on to another program: then only the heartbeat can tell.
  if (owner.started === null || startedNow === null) return "unknown";
  return owner.started === startedNow ? "alive" : "dead";
}
