// @vitest-environment jsdom
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useState, type ReactNode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CopyButton } from "../../../../src/renderer/controls/copy-button.tsx";
import { ConfirmDialog, Dialog } from "../../../../src/renderer/controls/dialog.tsx";
import { ToastHost } from "../../../../src/renderer/controls/toast-host.tsx";
import { copiedMs } from "../../../../src/renderer/controls/use-copy.ts";
import { HostProvider } from "../../../../src/renderer/store/host.tsx";
import { createMirror } from "../../../../src/renderer/store/mirror.ts";
import { failing, FakeMain, snapshotOf } from "../store/fake-main.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

test("a toast leaves after 4 s, with an undo after 10 s", () => {
  const onEnd = vi.fn();
  const { rerender } = render(<ToastHost toast={{ id: 1, message: "Copied" }} onEnd={onEnd} />);
  vi.advanceTimersByTime(3_999);
  expect(onEnd).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(onEnd).toHaveBeenCalledWith(1);
  onEnd.mockClear();
  rerender(<ToastHost toast={{ id: 2, message: "Deleted", undo: () => undefined }} onEnd={onEnd} />);
  vi.advanceTimersByTime(9_999);
  expect(onEnd).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(onEnd).toHaveBeenCalledWith(2);
});

test("a toast stays under the pointer and under the focus, and its time starts again", () => {
  const onEnd = vi.fn();
  const undo = vi.fn();
  render(<ToastHost toast={{ id: 1, message: "Deleted", undo }} onEnd={onEnd} />);
  const toast = screen.getByText("Deleted").parentElement!;
  fireEvent.pointerEnter(toast);
  vi.advanceTimersByTime(60_000);
  act(() => screen.getByRole("button", { name: "Undo" }).focus());
  fireEvent.pointerLeave(toast);
  vi.advanceTimersByTime(60_000);
  expect(onEnd).not.toHaveBeenCalled();
  act(() => screen.getByRole("button", { name: "Undo" }).blur());
  vi.advanceTimersByTime(10_000);
  expect(onEnd).toHaveBeenCalledTimes(1);
  fireEvent.click(screen.getByRole("button", { name: "Undo" }));
  expect(undo).toHaveBeenCalledTimes(1);
});

test("the next toast is not held by the pointer that was on the one before", () => {
  const onEnd = vi.fn();
  const { rerender } = render(<ToastHost toast={{ id: 1, message: "First" }} onEnd={onEnd} />);
  fireEvent.pointerEnter(screen.getByText("First").parentElement!);
  rerender(<ToastHost toast={null} onEnd={onEnd} />);
  rerender(<ToastHost toast={{ id: 2, message: "Second" }} onEnd={onEnd} />);
  vi.advanceTimersByTime(4_000);
  expect(onEnd).toHaveBeenCalledWith(2);
});

const copying = (main: FakeMain): ReactNode => (
  <HostProvider host={{ bridge: main, mirror: createMirror(main) }}>
    <CopyButton label="Copy address" text={() => "127.0.0.1:5432"} />
  </HostProvider>
);

test("copying goes through main and is confirmed at the button for 1.2 s", async () => {
  const main = new FakeMain(snapshotOf([]));
  render(copying(main));
  fireEvent.click(screen.getByRole("button", { name: "Copy address" }));
  expect(main.named("copy-text")).toEqual([["127.0.0.1:5432"]]);
  expect(screen.getByRole("status").textContent).toBe("Copied");
  await act(() => vi.advanceTimersByTimeAsync(copiedMs));
  expect(screen.getByRole("status").textContent).toBe("");
  expect(screen.getByRole("button", { name: "Copy address" })).toBeTruthy();
});

test("a copy that fails does not say Copied", async () => {
  const main = new FakeMain(snapshotOf([]));
  main.answers["copy-text"] = failing({ code: "internal", message: "No clipboard" });
  render(copying(main));
  fireEvent.click(screen.getByRole("button"));
  await act(() => vi.advanceTimersByTimeAsync(0));
  expect(screen.getByRole("status").textContent).toBe("Not copied");
});

function Layers({ outer }: { readonly outer: () => void }): ReactNode {
  const [open, setOpen] = useState(false);
  return (
    <div onKeyDown={outer} onClick={outer}>
      <button type="button" onClick={() => setOpen(true)}>
        Open
      </button>
      {open && (
        <Dialog title="Question" onClose={() => setOpen(false)} footer={<button type="button">Yes</button>}>
          Really?
        </Dialog>
      )}
    </div>
  );
}

test("Escape closes a dialog, the focus returns, and the page beneath hears no keys", () => {
  const outer = vi.fn();
  render(<Layers outer={outer} />);
  const opener = screen.getByRole("button", { name: "Open" });
  opener.focus();
  fireEvent.click(opener);
  outer.mockClear();
  screen.getByRole("button", { name: "Yes" }).focus();
  fireEvent.keyDown(document.activeElement!, { key: "x" });
  fireEvent.keyDown(document.activeElement!, { key: "Escape" });
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(document.activeElement).toBe(opener);
  expect(outer).not.toHaveBeenCalled();
});

test("the system's own way to close a dialog asks the owner too", () => {
  const onClose = vi.fn();
  render(<Dialog title="Question" onClose={onClose} />);
  expect(fireEvent(screen.getByRole("dialog"), new Event("cancel", { cancelable: true }))).toBe(false);
  expect(onClose).toHaveBeenCalledTimes(1);
});

test("a question starts on the way back", () => {
  const onConfirm = vi.fn();
  render(
    <ConfirmDialog title="Quit?" text="3 clients" action="Quit" onConfirm={onConfirm} onCancel={() => undefined} />,
  );
  expect(document.activeElement?.textContent).toBe("Cancel");
  fireEvent.click(screen.getByRole("button", { name: "Quit" }));
  expect(onConfirm).toHaveBeenCalledTimes(1);
});
