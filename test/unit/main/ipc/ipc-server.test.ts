import type { IpcMain, IpcMainInvokeEvent, WebContents, WebFrameMain } from "electron";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CallGate, type Handlers } from "../../../../src/main/ipc/call-gate.ts";
import { IpcServer } from "../../../../src/main/ipc/ipc-server.ts";
import { callBounds } from "../../../../src/main/ipc/plain-data.ts";
import { isOwnPage } from "../../../../src/main/window/app-files.ts";
import { AppError } from "../../../../src/shared/errors.ts";
import { channels, callNames, type CallOutcome } from "../../../../src/shared/ipc/contract.ts";

type Listener = Parameters<IpcMain["handle"]>[1];

/** The part of ipcMain that the server uses. */
const ipc = vi.hoisted(() => {
  const listeners = new Map<string, Listener>();
  const double: Pick<IpcMain, "handle" | "removeHandler"> = {
    handle: (channel, listener) => void listeners.set(channel, listener),
    removeHandler: (channel) => void listeners.delete(channel),
  };
  return { double, listeners };
});
vi.mock("electron", () => ({ ipcMain: ipc.double }));

const sent: unknown[][] = [];
const contents = {
  isDestroyed: () => false,
  send: (...args: unknown[]) => void sent.push(args),
} as Pick<WebContents, "isDestroyed" | "send"> as WebContents;

const log: string[] = [];
const asked: unknown[][] = [];
/** A handler for every call, which notes what it was given. */
const handlers = Object.fromEntries(
  callNames.map((name) => [
    name,
    (...args: unknown[]) => {
      asked.push([name, ...args]);
      if (name === "quit") throw new Error("a bug");
      if (name === "try-again") throw new AppError("not-found", "gone", { userAction: "Look elsewhere." });
      return `${name} done`;
    },
  ]),
) as unknown as Handlers;

let server: IpcServer;
beforeEach(() => {
  const gate = new CallGate(handlers, (event, message) => log.push(`${event}: ${message}`));
  server = new IpcServer({ contents: () => contents, isOwn: (url) => isOwnPage(url, null) }, gate);
});
afterEach(() => {
  server.close();
  for (const list of [sent, log, asked]) list.length = 0;
});

const frame = (url: string, parent: WebFrameMain | null = null) => ({ url, parent }) as WebFrameMain;
const ours = frame("app://culvert/index.html");

function invoke(
  name: unknown,
  args: unknown,
  from: { senderFrame?: WebFrameMain | null; sender?: WebContents } = {},
): Promise<CallOutcome<unknown>> {
  const event = { sender: contents, senderFrame: ours, ...from } as IpcMainInvokeEvent;
  return ipc.listeners.get(channels.call)?.(event, name, args) as Promise<CallOutcome<unknown>>;
}

test("our page's call reaches its handler", async () => {
  expect(await invoke("set-pinned", ["2f9a1c52-8a1e-4b7e-9d8e-0a4c5b6d7e8f", true])).toEqual({
    ok: true,
    value: "set-pinned done",
  });
  expect(asked).toEqual([["set-pinned", "2f9a1c52-8a1e-4b7e-9d8e-0a4c5b6d7e8f", true]]);
});

test.each([
  ["another window", { sender: {} as WebContents }],
  ["a frame within the page", { senderFrame: frame("app://culvert/index.html", ours) }],
  ["another page", { senderFrame: frame("https://culvert/index.html") }],
  ["a host that begins like ours", { senderFrame: frame("app://culvert.example/index.html") }],
  ["a file", { senderFrame: frame("file:///app/index.html") }],
  ["a frame that is gone", { senderFrame: null }],
])("a call of %s is refused and logged", async (_who, from) => {
  const outcome = await invoke("snapshot", [], from);
  expect(outcome).toMatchObject({ ok: false, error: { code: "request-refused" } });
  expect(asked).toEqual([]);
  expect(log).toHaveLength(1);
});

test("a frame that throws when it is asked is refused", async () => {
  const dying = Object.defineProperty({}, "url", {
    get: () => {
      throw new Error("Render frame was disposed");
    },
  }) as WebFrameMain;
  expect(await invoke("snapshot", [], { senderFrame: dying })).toMatchObject({ ok: false });
});

test.each(["nothing", "__proto__", "toString", "constructor", "", 7, null, { name: "snapshot" }])(
  "the unknown name %j is refused",
  async (name) => {
    expect(await invoke(name, [])).toMatchObject({ ok: false, error: { code: "request-refused" } });
    expect(log).toEqual(["request-refused: A call by an unknown name was refused."]);
  },
);

const id = "2f9a1c52-8a1e-4b7e-9d8e-0a4c5b6d7e8f";
const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
const circle: unknown[] = [];
circle.push(circle);

test.each([
  ["set-pinned", [id]],
  ["set-pinned", [id, true, 1]],
  ["set-pinned", [id, "yes"]],
  ["set-pinned", ["not an id", true]],
  ["set-pinned", { 0: id, 1: true, length: 2 }],
  ["set-pinned", undefined],
  ["snapshot", [undefined]],
  ["disconnect-client", [id, Number.NaN]],
  ["disconnect-client", [id, 1.5]],
  ["change-settings", [{ theme: "dark", extra: 1 }]],
  ["change-settings", [{ theme: undefined }]],
  ["change-settings", [new Map([["theme", "dark"]])]],
  ["add-tag", [[id], "x".repeat(65)]],
  ["add-tag", [[], "x"]],
  ["open-sign-in-page", ["javascript:alert(1)"]],
  ["open-sign-in-page", ["https://access.example.com/path"]],
  ["watch", [deep(5_000)]],
  ["watch", [circle]],
  ["order-connections", [new Array(1_000_000)]],
  ["copy-text", ["x".repeat(callBounds.characters + 1)]],
  ["save-text", [{ suggestedName: "../../.bashrc", text: "" }]],
  ["save-text", [{ suggestedName: "a.exe", text: "" }]],
])("%s with bad arguments is refused and its arguments are not logged", async (name, args) => {
  expect(await invoke(name, args)).toMatchObject({ ok: false, error: { code: "request-refused" } });
  expect(asked).toEqual([]);
  expect(log).toEqual([`request-refused: The call ${name} was refused: its arguments are not what it takes.`]);
});

test("errors cross whole, and only those that nobody expected are logged", async () => {
  expect(await invoke("try-again", [id])).toEqual({
    ok: false,
    error: { code: "not-found", message: "gone", retryable: false, userAction: "Look elsewhere." },
  });
  expect(log).toEqual([]);
  expect(await invoke("quit", [])).toMatchObject({ ok: false, error: { code: "internal" } });
  expect(log).toEqual(["call-failed: The call quit failed: Something went wrong inside Culvert: a bug"]);
});

test.each([
  ["check-for-update", []],
  ["download-update", []],
  ["install-update", []],
  ["quit", []],
  ["look-outside", []],
  ["enter-store-password", ["guess"]],
  ["open-log-folder", []],
] as const)("a page cannot call %s without end, and what it needs elsewhere is left to it", async (name, args) => {
  const ends = await Promise.all(Array.from({ length: 30 }, () => invoke(name, args)));
  expect(asked.length).toBeLessThan(15);
  expect(ends.at(-1)).toMatchObject({
    error: { message: "Too much was asked for at once.", userAction: "Wait some seconds, then try again." },
  });
  const other = name === "open-log-folder" ? "look-outside" : "open-log-folder";
  expect(await invoke(other, [])).toMatchObject({ ok: true });
});

test("updates go to the page on their channel", () => {
  server.send({ seq: 1, changes: [] });
  expect(sent).toEqual([[channels.update, { seq: 1, changes: [] }]]);
});
