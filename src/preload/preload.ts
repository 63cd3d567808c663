import { contextBridge, ipcRenderer, type IpcRendererEvent } from "electron";
import { channels, windowApiKey } from "../shared/ipc/channels.ts";
import type { CallOutcome, WindowApi } from "../shared/ipc/contract.ts";
import type { Update } from "../shared/ipc/snapshot.ts";

/** The only way out of the page. Names and arguments are judged by the main process, not here. */
const api: WindowApi = {
  call: (name, args) => ipcRenderer.invoke(channels.call, name, args) as Promise<CallOutcome<unknown>>,
  subscribe: (listener) => {
    // The event would hand `ipcRenderer` itself to the page.
    const pass = (_event: IpcRendererEvent, update: Update): void => listener(update);
    ipcRenderer.on(channels.update, pass);
    return () => {
      ipcRenderer.removeListener(channels.update, pass);
    };
  },
};

contextBridge.exposeInMainWorld(windowApiKey, api);
