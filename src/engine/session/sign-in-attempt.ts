import { hostHeaderOf, originOf } from "../../shared/address.ts";
import { AppError, asAppError } from "../../shared/errors.ts";
import type { EventSink } from "../../shared/events.ts";
import { waitFor } from "../aborts.ts";
import type { SignInBrowser, SignInPage } from "../ports.ts";
import { CallbackServer } from "./callback-server.ts";
import { askSignInUrl, type PageDeps, type SessionContext } from "./proxy-pages.ts";
import { signInCancelled, signInTimeout } from "./session-errors.ts";
import { withLimit } from "./waiting.ts";

export interface AttemptDeps extends PageDeps {
  readonly browser: SignInBrowser;
  readonly events: EventSink;
  /** Takes over what ends later than the attempt. */
  readonly background: (work: Promise<unknown>) => void;
}

class Page implements SignInPage {
  readonly proxy: string;
  #url: string;
  #asking: Promise<string> | null = null;
  readonly #ask: () => Promise<string>;
  readonly #submit: (pastedUrl: string) => boolean;

  constructor(proxy: string, url: string, ask: () => Promise<string>, submit: (pastedUrl: string) => boolean) {
    this.proxy = proxy;
    this.#url = url;
    this.#ask = ask;
    this.#submit = submit;
  }

  get url(): string {
    return this.#url;
  }

  /** One question at a time, however often a person presses the button. */
  async freshUrl(signal: AbortSignal): Promise<string> {
    this.#asking ??= this.#renew();
    return await waitFor(this.#asking, signal);
  }

  submit(pastedUrl: string): boolean {
    return this.#submit(pastedUrl);
  }

  async #renew(): Promise<string> {
    try {
      this.#url = await this.#ask();
      return this.#url;
    } finally {
      this.#asking = null;
    }
  }
}

/** A browser's failure as an event may hold it: what is not an AppError may quote the page's address. */
function browserError(thrown: unknown, host: string): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError("sign-in-failed", `The browser could not be opened for the sign-in at ${host}.`, {
    userAction: "Copy the link and open it yourself.",
  });
}

/**
 * One sign-in by browser (protocol.md, Login 1 to 4), from the callback server to the JWT. It ends everything it began.
 * @throws AppError `sign-in-timeout`, what the login API led to, or the signal's reason.
 */
export async function signInByBrowser(deps: AttemptDeps, ctx: SessionContext, signal: AbortSignal): Promise<string> {
  const { limits, browser, events } = deps;
  const host = hostHeaderOf(ctx.proxy);
  const proxy = originOf(ctx.proxy);
  const over = new AbortController();
  const callback = await CallbackServer.open(host, limits, signal);
  try {
    const { redirectUri } = callback;
    const url = await askSignInUrl(deps, ctx, redirectUri, signal);
    const page = new Page(
      proxy,
      url,
      () => askSignInUrl(deps, ctx, redirectUri, over.signal),
      (pastedUrl) => callback.submit(pastedUrl),
    );
    const wait = (): Promise<string> => {
      const shown = Promise.resolve().then(() => browser.show(page, over.signal));
      const failed = (thrown: unknown): void => {
        if (!over.signal.aborted) events({ type: "browser-failed", proxy, error: browserError(thrown, host).toData() });
      };
      shown.catch(failed);
      return callback.jwt;
    };
    return await withLimit(limits.loginMs, () => signInTimeout(host, limits.loginMs), wait, signal);
  } catch (thrown) {
    throw asAppError(thrown);
  } finally {
    over.abort(signInCancelled(host));
    // The browser may still be reading its answer, and no client should wait for that.
    deps.background(callback.close());
  }
}
