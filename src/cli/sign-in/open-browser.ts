import { openWith, type Opener, type SignInBrowser, type SignInPage } from "../../engine/index.ts";
import { checkedSignInUrl } from "../../shared/sign-in-url.ts";

/** Opens the sign-in page in a program of its own. */
export class OpenBrowser implements SignInBrowser {
  readonly #opener: Opener;

  constructor(opener: Opener) {
    this.#opener = opener;
  }

  async show(page: SignInPage, signal: AbortSignal): Promise<void> {
    await openWith(this.#opener, checkedSignInUrl(page.url), signal);
  }
}
