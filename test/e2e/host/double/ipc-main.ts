import { EventEmitter } from "node:events";
import { loudClass } from "./loud.ts";

type Handler = Parameters<Electron.IpcMain["handle"]>[1];

class IpcMain extends EventEmitter implements Pick<Electron.IpcMain, "handle" | "handleOnce" | "removeHandler"> {
  readonly #handlers = new Map<string, Handler>();

  handle(channel: string, handler: Handler): void {
    if (this.#handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
    if (typeof handler !== "function") throw new TypeError("Expected handler to be a function");
    this.#handlers.set(channel, handler);
  }

  handleOnce(channel: string, handler: Handler): void {
    this.handle(channel, (event, ...args: unknown[]): unknown => {
      this.removeHandler(channel);
      return handler(event, ...args) as unknown;
    });
  }

  removeHandler(channel: string): void {
    this.#handlers.delete(channel);
  }

  /**
   * What an invoke gets. A failure is Electron's text: only the message crosses, behind the name of the channel.
   * For WebContents.
   */
  async answer(
    channel: string,
    event: Electron.IpcMainInvokeEvent,
    args: readonly unknown[],
    encode: (value: unknown) => string,
  ): Promise<{ readonly value: string } | { readonly message: string }> {
    const failed = (error: unknown): { readonly message: string } => ({
      message: `Error invoking remote method '${channel}': ${String(error)}`,
    });
    const handler = this.#handlers.get(channel);
    if (!handler) return failed(new Error(`No handler registered for '${channel}'`));
    try {
      return { value: encode(await (handler(event, ...args) as unknown)) };
    } catch (error) {
      console.error(`Error occurred in handler for '${channel}':`, error);
      return failed(error);
    }
  }
}
loudClass("ipcMain", IpcMain);

export const ipcMain = new IpcMain();
