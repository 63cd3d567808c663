import { execFile } from "node:child_process";

/** What the probe of the session bus said; null where nobody could be asked. */
export type BusAnswer = boolean | null;

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Whether a tray icon can be seen on Linux, which Electron does not tell (docs/decisions/005-tray-on-linux.md). Where nobody
 * can be asked it is taken for missing: a window that is minimised in vain is found again, a hidden one is not.
 * @param env the user may know better, and says so with CULVERT_TRAY=yes or no.
 */
export function hasLinuxTray(env: Env, answer: BusAnswer): boolean {
  const wish = env["CULVERT_TRAY"];
  if (wish === "yes") return true;
  return wish !== "no" && answer === true;
}

/** False where the desktop has no session bus, so that nothing needs to be started to ask it. */
export const hasSessionBus = (env: Env): boolean =>
  (env["DBUS_SESSION_BUS_ADDRESS"] ?? "") !== "" || (env["XDG_RUNTIME_DIR"] ?? "") !== "";

/** The answers of `gdbus` and `dbus-send` to the same question. */
export function parseBusAnswer(output: string): BusAnswer {
  const value = /<(true|false)>|boolean (true|false)/.exec(output);
  return value === null ? null : (value[1] ?? value[2]) === "true";
}

const watcher = "org.kde.StatusNotifierWatcher";
const property = "IsStatusNotifierHostRegistered";
const questions: readonly (readonly [string, ...string[]])[] = [
  [
    "gdbus",
    ...["call", "--session", "--timeout", "2", "--dest", watcher, "--object-path", "/StatusNotifierWatcher"],
    ...["--method", "org.freedesktop.DBus.Properties.Get", watcher, property],
  ],
  [
    "dbus-send",
    ...["--session", "--print-reply", "--reply-timeout=2000", `--dest=${watcher}`, "/StatusNotifierWatcher"],
    ...["org.freedesktop.DBus.Properties.Get", `string:${watcher}`, `string:${property}`],
  ],
];

/** Longest wait for one of the two programs, milliseconds. */
const askMs = 2_500;

/** Asks the session bus for somebody who shows tray icons. Never rejects, and takes 5 s at most. */
export async function askSessionBus(env: Env): Promise<BusAnswer> {
  if (!hasSessionBus(env)) return null;
  for (const [program, ...args] of questions) {
    const found = await run(program, args);
    if (found === "missing") continue;
    // A program that ran and failed said that nobody owns the name.
    return parseBusAnswer(found) ?? false;
  }
  return null;
}

function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: askMs, maxBuffer: 64 * 1024 }, (error, stdout) => {
      resolve(error !== null && "code" in error && error.code === "ENOENT" ? "missing" : stdout);
    });
  });
}
