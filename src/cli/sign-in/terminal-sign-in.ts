import type { SignInBrowser, SignInPage } from "../../engine/index.ts";
import { asAppError } from "../../shared/errors.ts";
import type { Log } from "../log/log.ts";
import { sentenceOf } from "../log/entry.ts";
import { printable } from "../log/text.ts";
import type { PastedLines } from "./pasted-lines.ts";
import { checkedSignInUrl } from "../../shared/sign-in-url.ts";

/** Shows the sign-in URL on stderr, and takes the address back that a browser on another computer ends up at. */
export class TerminalSignIn implements SignInBrowser {
  readonly #log: Log;
  readonly #lines: PastedLines;
  readonly #freshMs: number;

  /** @param freshMs after this the URL on the screen is replaced by a fresh one. */
  constructor(log: Log, lines: PastedLines, freshMs: number) {
    this.#log = log;
    this.#lines = lines;
    this.#freshMs = freshMs;
  }

  show(page: SignInPage, signal: AbortSignal): Promise<void> {
    // What is thrown in there rejects, as the port says.
    return new Promise((resolve) => {
      if (!signal.aborted) this.#show(page, signal);
      resolve();
    });
  }

  #show(page: SignInPage, signal: AbortSignal): void {
    const url = checkedSignInUrl(page.url);
    const canPaste = this.#lines.listen((line) => this.#submit(page, line), signal);
    this.#print(page.proxy, url, canPaste);
    this.#keepFresh(page, canPaste, signal);
  }

  #submit(page: SignInPage, line: string): void {
    if (page.submit(line)) return;
    this.#log.say(
      "warn",
      "pasted-address-refused",
      `This is not the address that the sign-in at ${page.proxy} ends at. Copy the whole address, from http:// to its end, and paste it again.`,
      true,
    );
  }

  #print(proxy: string, url: string, canPaste: boolean): void {
    if (this.#log.json) {
      this.#log.say("info", "sign-in-page", `Open the page to sign in at ${proxy}.`, true, { proxy, url });
      return;
    }
    this.#log.plain(`\nSign in at ${printable(proxy)} (the link is good for 5 minutes):\n\n  ${url}\n`);
    if (canPaste) {
      this.#log.plain(
        "If the browser runs on another computer, it will end at an address it cannot open.\n" +
          "Copy that address, paste it here and press Enter (it is not shown).\n",
      );
    }
  }

  #keepFresh(page: SignInPage, canPaste: boolean, signal: AbortSignal): void {
    const refresh = async (): Promise<void> => {
      try {
        const url = checkedSignInUrl(await page.freshUrl(signal));
        if (!signal.aborted) this.#print(page.proxy, url, canPaste);
      } catch (thrown) {
        if (signal.aborted) return;
        const reason = sentenceOf(asAppError(thrown).toData());
        this.#log.say(
          "warn",
          "sign-in-page-stale",
          `The link above is stale and there is no fresh one yet: ${reason}`,
          true,
        );
      }
    };
    const timer = setInterval(() => void refresh(), this.#freshMs);
    signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  }
}
