import { AppError, type AppErrorData } from "../shared/errors.ts";
import { windowApiKey, type Bridge, type CallName, type CallResult, type WindowApi } from "../shared/ipc/contract.ts";

declare global {
  interface Window {
    readonly [windowApiKey]?: WindowApi;
  }
}

const fromData = ({ code, message, ...details }: AppErrorData): AppError => new AppError(code, message, details);

/** The bridge that preload has put on the page's window: outcomes that are errors become rejections with an AppError. */
export function bridgeFromWindow(): Bridge {
  const api = window[windowApiKey];
  if (api === undefined) throw new AppError("internal", "This page was opened outside Culvert");
  return {
    async call<N extends CallName>(name: N, ...args: readonly unknown[]) {
      const outcome = await api.call(name, args);
      if (!outcome.ok) throw fromData(outcome.error);
      return outcome.value as CallResult<N>;
    },
    subscribe: (listener) => api.subscribe(listener),
  };
}
