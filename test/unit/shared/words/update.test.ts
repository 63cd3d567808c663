import { expect, test } from "vitest";
import type { Settings } from "../../../../src/shared/model/settings.ts";
import type { UpdateStatus } from "../../../../src/shared/model/update.ts";
import { restartQuestion, updateWords } from "../../../../src/shared/words/update.ts";

const now = new Date(2026, 10, 21, 12).getTime();
const error = { code: "update-failed", message: "It did not work.", retryable: true } as const;
const checkedAt = now - 10 * 60_000;
const update = { version: "1.5.0", size: 96_000_000 };

test.each<[UpdateStatus, Settings["updates"], string, string, readonly string[]]>([
  [{ kind: "none", why: "no-feed" }, "automatic", "Culvert 1.4.2", "This build does not update itself", []],
  [{ kind: "none", why: "package-manager" }, "off", "Culvert 1.4.2", "Your system’s package manager updates it", []],
  [{ kind: "resting", checkedAt: null, error: null }, "ask", "Culvert 1.4.2", "Not checked yet", ["check"]],
  [
    { kind: "resting", checkedAt, error: null },
    "automatic",
    "Culvert 1.4.2 is up to date, checked 10 min ago",
    "",
    ["check"],
  ],
  [{ kind: "resting", checkedAt, error }, "automatic", "Culvert 1.4.2", "Checked 10 min ago", ["check"]],
  [{ kind: "resting", checkedAt, error: null }, "off", "Culvert 1.4.2", "Culvert does not look for updates", []],
  [{ kind: "checking", checkedAt }, "automatic", "Culvert 1.4.2", "Looking for updates…", ["check"]],
  [{ kind: "available", ...update, error: null }, "ask", "1.5.0 is available", "96.0 MB", ["download"]],
  [
    { kind: "downloading", ...update, received: 32_000_000 },
    "automatic",
    "Downloading 1.5.0",
    "33 % of 96.0 MB",
    ["download"],
  ],
  [
    { kind: "ready", ...update, postponed: false },
    "automatic",
    "1.5.0 is ready",
    "Installed when you quit Culvert",
    ["install", "postpone"],
  ],
  [
    { kind: "ready", ...update, postponed: true },
    "automatic",
    "1.5.0 is ready",
    "Waits until you restart to update",
    ["install"],
  ],
  [
    { kind: "ready", ...update, postponed: false },
    "ask",
    "1.5.0 is ready",
    "Waits until you restart to update",
    ["install"],
  ],
  [{ kind: "installing", ...update, postponed: false }, "off", "Installing 1.5.0…", "", ["install"]],
])("%j with %s: %s", (status, setting, text, hint, actions) => {
  expect(updateWords(status, setting, "1.4.2", now)).toMatchObject({ text, hint, actions });
});

test("what is under way is busy, and nothing else", () => {
  const busy = (status: UpdateStatus): boolean => updateWords(status, "automatic", "1.4.2", now).busy;
  expect(busy({ kind: "checking", checkedAt })).toBe(true);
  expect(busy({ kind: "downloading", ...update, received: 0 })).toBe(true);
  expect(busy({ kind: "installing", ...update, postponed: false })).toBe(true);
  expect(busy({ kind: "ready", ...update, postponed: false })).toBe(false);
});

test("the question names how many are cut off", () => {
  expect(restartQuestion(1)).toBe("Restart Culvert to update? 1 client is connected and will be cut off.");
  expect(restartQuestion(2)).toBe("Restart Culvert to update? 2 clients are connected and will be cut off.");
});
