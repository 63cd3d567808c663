import type { SignInBrowser, SignInPage } from "../../engine/index.ts";
import { AppError, asAppError, type AppErrorData } from "../../shared/errors.ts";
import { limits } from "../../shared/limits.ts";
import { checkedSignInUrl } from "../../shared/sign-in-url.ts";

/** What the desk needs of the system around it. */
export interface SignInDeskPorts {
  /** Opens a checked URL in the user's browser. Rejects with AppError when that does not work. */
  openUrl(url: string, signal: AbortSignal): Promise<void>;
  copyText(text: string): Promise<void>;
  /** False where the user wants to open the page himself. */
  opensByItself(): boolean;
  /** Told after every change of what `waiting` answers. */
  changed(): void;
  /** Milliseconds since 1970. */
  now(): number;
}

/** A sign-in that waits, as it may be shown: without its URL. */
export interface WaitingSignIn {
  readonly proxy: string;
  readonly startedAt: number;
  readonly openedAt: number | null;
  readonly browserError?: AppErrorData;
}

interface Waiting {
  readonly page: SignInPage;
  readonly signal: AbortSignal;
  readonly startedAt: number;
  openedAt: number | null;
  browserError: AppErrorData | null;
  /** While its page is being opened on demand. */
  opening: Promise<void> | null;
}

/** Holds the sign-ins that wait for a person, and opens their pages. The URLs are secrets and never leave it. */
export class SignInDesk implements SignInBrowser {
  readonly #ports: SignInDeskPorts;
  /** The engine has one sign-in for each proxy and its TLS settings; the newest of a proxy answers for it. */
  readonly #waiting = new Set<Waiting>();
  /** Proxies that the user signs in to by hand, as often as that runs. */
  readonly #byHand: string[] = [];

  constructor(ports: SignInDeskPorts) {
    this.#ports = ports;
  }

  /** Oldest first. */
  waiting(): WaitingSignIn[] {
    const byProxy = new Map<string, Waiting>();
    for (const waiting of this.#waiting) byProxy.set(waiting.page.proxy, waiting);
    return [...byProxy.values()].map(({ page, startedAt, openedAt, browserError }) => ({
      proxy: page.proxy,
      startedAt,
      openedAt,
      ...(browserError === null ? {} : { browserError }),
    }));
  }

  async show(page: SignInPage, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const waiting: Waiting = {
      page,
      signal,
      startedAt: this.#ports.now(),
      openedAt: null,
      browserError: null,
      opening: null,
    };
    this.#waiting.add(waiting);
    signal.addEventListener(
      "abort",
      () => {
        this.#waiting.delete(waiting);
        this.#ports.changed();
      },
      { once: true },
    );
    this.#ports.changed();
    if (this.#ports.opensByItself() || this.#byHand.includes(page.proxy)) await this.#open(waiting, page.url);
  }

  /** Runs a sign-in that the user asked for, whose page opens whatever the setting says. */
  async byHand<T>(proxy: string, signIn: () => Promise<T>): Promise<T> {
    this.#byHand.push(proxy);
    try {
      return await signIn();
    } finally {
      this.#byHand.splice(this.#byHand.indexOf(proxy), 1);
    }
  }

  /** Opens the page of a waiting sign-in again. @throws AppError `not-found` when none waits, or of the browser or the proxy. */
  async open(proxy: string): Promise<void> {
    const waiting = this.#of(proxy);
    // However often it is asked for, one page at a time.
    waiting.opening ??= this.#openFresh(waiting).finally(() => (waiting.opening = null));
    await waiting.opening;
  }

  /** Puts the link of a waiting sign-in on the clipboard. @throws AppError `not-found` when none waits, or of the proxy. */
  async copyLink(proxy: string): Promise<void> {
    await this.#ports.copyText(checkedSignInUrl(await this.#freshUrl(this.#of(proxy))));
  }

  async #openFresh(waiting: Waiting): Promise<void> {
    await this.#open(waiting, await this.#freshUrl(waiting));
  }

  #of(proxy: string): Waiting {
    const waiting = [...this.#waiting].findLast(({ page }) => page.proxy === proxy);
    if (!waiting) throw new AppError("not-found", "This sign-in is over.");
    return waiting;
  }

  /** The URL that came first is good for some minutes only, and may have been used. */
  #freshUrl({ page, signal }: Waiting): Promise<string> {
    return page.freshUrl(AbortSignal.any([signal, AbortSignal.timeout(limits.apiCallMs)]));
  }

  async #open(waiting: Waiting, url: string): Promise<void> {
    try {
      await this.#ports.openUrl(checkedSignInUrl(url), waiting.signal);
      waiting.openedAt = this.#ports.now();
      waiting.browserError = null;
    } catch (thrown) {
      waiting.browserError = asAppError(thrown).toData();
      throw thrown;
    } finally {
      if (this.#waiting.has(waiting)) this.#ports.changed();
    }
  }
}
