/** `count(2, "client")` is "2 clients". */
export const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** A length of time in at most two units: "38 ms", "4.2 s", "41 s", "6 min", "1 h 12 min", "3 days". @param ms milliseconds. */
export function duration(ms: number): string {
  const time = Math.max(0, ms);
  if (time < second) return `${Math.round(time)} ms`;
  if (time < 10 * second && time % second !== 0) return `${(Math.floor(time / 100) / 10).toFixed(1)} s`;
  return wholeDuration(time);
}

/** As `duration`, but never in parts of a second: for what ticks on the screen. */
export function wholeDuration(ms: number): string {
  const time = Math.max(0, ms);
  if (time < minute) return `${Math.floor(time / second)} s`;
  if (time < hour) return `${Math.floor(time / minute)} min`;
  if (time < day) {
    const minutes = Math.floor((time % hour) / minute);
    return minutes === 0 ? `${Math.floor(time / hour)} h` : `${Math.floor(time / hour)} h ${minutes} min`;
  }
  return count(Math.floor(time / day), "day");
}

const units = ["B", "KB", "MB", "GB", "TB", "PB"] as const;

/** A size in decimal units with three figures at most: "812 B", "61 KB", "1.18 MB", "146.1 MB". */
export function bytes(n: number): string {
  let value = Math.max(0, n);
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  // KB and below are whole: their digits would change too fast to be read.
  const digits = unit < 2 ? 0 : value < 10 ? 2 : 1;
  return `${value.toFixed(digits)} ${units[unit] ?? "B"}`;
}

/** Bytes a second: "1.18 MB/s". */
export const rate = (n: number): string => `${bytes(n)}/s`;

const twoDigits = (n: number): string => String(n).padStart(2, "0");

/** The time of day on this computer: "14:01:58". @param at milliseconds since 1970. */
export function clock(at: number): string {
  const time = new Date(at);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(":");
}

/** The time of day without seconds: "14:32". */
export const shortClock = (at: number): string => clock(at).slice(0, 5);

/** The day, as people write it: "2 May 2027". */
export function dayOf(at: number): string {
  const months = "January February March April May June July August September October November December".split(" ");
  const date = new Date(at);
  return `${date.getDate()} ${months[date.getMonth()] ?? ""} ${date.getFullYear()}`;
}

const midnightBefore = (at: number): number => new Date(at).setHours(0, 0, 0, 0);

/** How long ago: "24 s ago", "5 min ago", "3 h ago", "yesterday", "12 days ago". A time to come is "0 s ago". */
export function ago(at: number, now: number): string {
  const passed = now - at;
  if (passed < day && midnightBefore(now) <= at) {
    return `${passed < hour ? wholeDuration(passed) : `${Math.floor(passed / hour)} h`} ago`;
  }
  // Rounded, since a day of a change of the clock has 23 or 25 hours.
  const days = Math.round((midnightBefore(now) - midnightBefore(at)) / day);
  if (days <= 0) return "0 s ago";
  return days === 1 ? "yesterday" : `${days} days ago`;
}
