import type { SignInBrowser, SignInPage } from "../../engine/index.ts";

/** Opens the browser, and shows the link at the terminal where that does not work. */
export class BrowserOrTerminal implements SignInBrowser {
  readonly #browser: SignInBrowser;
  readonly #terminal: SignInBrowser;

  constructor(browser: SignInBrowser, terminal: SignInBrowser) {
    this.#browser = browser;
    this.#terminal = terminal;
  }

  async show(page: SignInPage, signal: AbortSignal): Promise<void> {
    try {
      await this.#browser.show(page, signal);
    } catch (thrown) {
      await this.#terminal.show(page, signal);
      throw thrown;
    }
  }
}
