import { ipcMain, type IpcMainInvokeEvent, type WebContents } from "electron";
import { channels, type CallOutcome } from "../../shared/ipc/contract.ts";
import type { Update } from "../../shared/ipc/snapshot.ts";
import type { CallGate } from "./call-gate.ts";

/** The page that may call: a window's contents, and where they must have come from. */
export interface ServedPage {
  contents(): WebContents | null;
  /** True for addresses of Culvert's own page. */
  isOwn(url: string): boolean;
}

/** Electron's IPC on this side, and the only file that touches it. */
export class IpcServer {
  readonly #page: ServedPage;

  constructor(page: ServedPage, gate: CallGate) {
    this.#page = page;
    ipcMain.handle(channels.call, async (event, name: unknown, args: unknown): Promise<CallOutcome<unknown>> =>
      this.#isOurs(event) ? await gate.call(name, args) : gate.refuseSender(),
    );
  }

  /** Sends to the page, if it is there. */
  send(update: Update): void {
    const contents = this.#page.contents();
    if (contents && !contents.isDestroyed()) contents.send(channels.update, update);
  }

  /** Takes no more calls. Idempotent. */
  close(): void {
    ipcMain.removeHandler(channels.call);
  }

  #isOurs(event: IpcMainInvokeEvent): boolean {
    try {
      const frame = event.senderFrame;
      // A frame inside the page shares its contents, and has a parent.
      return event.sender === this.#page.contents() && frame?.parent === null && this.#page.isOwn(frame.url);
    } catch {
      // The frame was gone before it could be asked.
      return false;
    }
  }
}
