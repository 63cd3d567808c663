import { expect, test } from "vitest";
import { acceleratorText, record } from "../../../../src/renderer/settings/accelerator.ts";
import { partInView } from "../../../../src/renderer/settings/scroll-spy.ts";
import {
  clientsThrough,
  expiryWords,
  notToldWords,
  signedOutWords,
  signOutEverywhereWords,
} from "../../../../src/renderer/settings/session-words.ts";
import { versionInfo } from "../../../../src/renderer/settings/about-section.tsx";
import { sections, settingWords } from "../../../../src/renderer/settings/catalog.ts";
import type { NotSignedOut } from "../../../../src/shared/ipc/contract.ts";
import { defaultSettings } from "../../../../src/shared/model/settings.ts";
import { connectionOf, idOf } from "../store/fake-main.ts";

const held = { ctrlKey: false, metaKey: false, shiftKey: false, altKey: false };

test("a shortcut is recorded in Electron's spelling", () => {
  expect(record({ ...held, key: "k", ctrlKey: true, shiftKey: true })).toEqual({
    kind: "shortcut",
    accelerator: "Control+Shift+K",
  });
  expect(record({ ...held, key: " ", metaKey: true })).toEqual({ kind: "shortcut", accelerator: "Super+Space" });
  expect(record({ ...held, key: "F9" })).toEqual({ kind: "shortcut", accelerator: "F9" });
  expect(record({ ...held, key: "+", altKey: true })).toEqual({ kind: "shortcut", accelerator: "Alt+Plus" });
});

test("what cannot be a shortcut is refused or waited for", () => {
  expect(record({ ...held, key: "Control", ctrlKey: true })).toEqual({ kind: "more" });
  expect(record({ ...held, key: "Escape" })).toEqual({ kind: "cancel" });
  expect(record({ ...held, key: "Backspace" })).toEqual({ kind: "clear" });
  expect(record({ ...held, key: "k" }).kind).toBe("refused");
  expect(record({ ...held, key: "k", ctrlKey: true, altKey: true }).kind).toBe("refused");
  expect(record({ ...held, key: "ü", ctrlKey: true }).kind).toBe("refused");
  expect(acceleratorText("Control+Shift+K", false)).toBe("Ctrl+Shift+K");
  expect(acceleratorText("Super+Space", true)).toBe("⌘Space");
});

test("the navigation follows: the last heading above the line, the last part at the very end", () => {
  const parts = [
    { id: "a", top: 20 },
    { id: "b", top: 400 },
    { id: "c", top: 700 },
  ];
  const at = (top: number) => partInView(parts, { top, height: 300, whole: 1_000 });
  expect(at(0)).toBe("a");
  expect(at(360)).toBe("b");
  expect(at(700)).toBe("c");
  expect(partInView(parts, { top: 650, height: 350, whole: 1_000 })).toBe("c");
  expect(partInView(parts, { top: 0, height: 1_000, whole: 1_000 })).toBe("a");
});

test("the end of a session is told only where it is known", () => {
  expect(expiryWords({ expiresAt: null }, 0)).toEqual({ text: "set by the server", level: "ok" });
  expect(expiryWords({ expiresAt: 3_600_000 }, 0)).toEqual({ text: "in 1 h", level: "ok" });
  expect(expiryWords({ expiresAt: 60_000 }, 0).level).toBe("warn");
  expect(expiryWords({ expiresAt: 1_000 }, 61_000)).toEqual({ text: "ended 1 min ago", level: "err" });
});

test("signing out tells who stays and who could not be told", () => {
  expect(signedOutWords("https://access.example", 2)).toBe(
    "Signed out of access.example. 2 clients stay until they close.",
  );
  expect(signedOutWords("https://access.example", 0)).toBe("Signed out of access.example.");
  expect(signedOutWords(null, 1)).toBe("Signed out everywhere. 1 client stays until it closes.");
  expect(notToldWords([])).toBe("");
  const lost = (host: string): NotSignedOut => ({
    proxy: `https://${host}`,
    reason: { code: "connection-lost", message: `The connection to ${host} was lost.`, retryable: true },
  });
  expect(notToldWords([lost("a.example")])).toBe(
    "The session may go on at a.example: The connection to a.example was lost. Culvert has forgotten it, and there it ends by itself.",
  );
  const many = notToldWords(["a.example", "b.example", "c.example", "d.example"].map(lost));
  expect(many).toMatch(/^Sessions may go on at a\.example, b\.example, c\.example and d\.example: The connection to a/);
  expect(many).toContain("to c.example was lost. Culvert has forgotten them");
  expect(signOutEverywhereWords(2, 0)).toBe("You will sign in again at 2 proxies.");
});

test("the clients of a proxy are those of its connections", () => {
  const status = { kind: "connected", address: "127.0.0.1:1", since: 0, clients: 2, openedInMs: 1 } as const;
  const connections = [connectionOf(1), connectionOf(2, { pomeriumUrl: "https://other.example" })];
  const statuses = { [idOf(1)]: status, [idOf(2)]: status };
  expect(clientsThrough({ connections, statuses }, "https://access.example")).toBe(2);
  expect(clientsThrough({ connections, statuses }, null)).toBe(4);
});

test("every setting has words in a part of the page, and the version info holds no more than versions", () => {
  expect(Object.keys(settingWords).sort()).toEqual(Object.keys(defaultSettings).sort());
  const known = new Set(sections.map(({ id }) => id));
  expect(Object.values(settingWords).filter(({ section }) => !known.has(section))).toEqual([]);
  expect(versionInfo({ platform: "linux", version: "1.2.3", versions: { electron: "45" }, browser: "x" })).toBe(
    "Culvert 1.2.3\nPlatform linux\nelectron 45",
  );
});
