import { spawn } from "node:child_process";
import type { SignInBrowser, SignInPage } from "../../engine/index.ts";
import { AppError } from "../../shared/errors.ts";
import type { Opener } from "./opener.ts";
import { checkedSignInUrl } from "./sign-in-url.ts";

/** An opener that fails does so at once; a browser that is its own opener runs on. */
const settleMs = 2_000;

/** Opens the sign-in page in a program of its own, without a shell. */
export class OpenBrowser implements SignInBrowser {
  readonly #opener: Opener;

  constructor(opener: Opener) {
    this.#opener = opener;
  }

  async show(page: SignInPage, signal: AbortSignal): Promise<void> {
    const { command, args, name } = this.#opener;
    const url = checkedSignInUrl(page.url);
    await new Promise<void>((resolve, reject) => {
      const done = (failure?: unknown): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", settled);
        if (failure === undefined) resolve();
        else {
          reject(
            new AppError("sign-in-failed", `Culvert could not open ${name}.`, {
              // What the system said holds the whole command line, and with it the URL: it is not passed on.
              userAction: "Open the link yourself.",
              retryable: true,
            }),
          );
        }
      };
      const settled = (): void => done();
      const timer = setTimeout(settled, settleMs);
      signal.addEventListener("abort", settled, { once: true });
      try {
        const child = spawn(command, [...args, url], { detached: true, stdio: "ignore", windowsHide: true });
        child.unref();
        child.once("error", done);
        child.once("exit", (code) => done(code === 0 ? undefined : (code ?? "signal")));
      } catch (thrown) {
        done(thrown);
      }
    });
  }
}
