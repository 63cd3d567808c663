import type { StartNote } from "../../shared/model/outside.ts";
import type { LoginItem } from "./login-item.ts";

/**
 * Keeps the setting "start at sign-in" and the system of one mind. The system has the last word: what was turned off or on there is
 * what the setting shows. An entry that leads elsewhere is put right, and so is one that the organisation manages.
 */
export class SignInStart {
  readonly #item: LoginItem;
  readonly #failed: (thrown: unknown) => void;
  #note: StartNote | null = null;

  /** @param failed hears of an entry that could not be put right. */
  constructor(item: LoginItem, failed: (thrown: unknown) => void) {
    this.#item = item;
    this.#failed = failed;
  }

  /** What the window says beside the setting. */
  get note(): StartNote | null {
    return this.#note;
  }

  /**
   * Looks at the system.
   * @param setting as it was saved.
   * @returns the setting as it is from now on.
   */
  look(setting: boolean, isManaged: boolean): boolean {
    const state = this.#item.read();
    if (state.isStale === true || (isManaged && state.on !== setting)) {
      try {
        this.#item.set(isManaged ? setting : state.on);
      } catch (thrown) {
        this.#failed(thrown);
      }
      this.#note = this.#item.read().note;
      return isManaged ? setting : state.on;
    }
    // What is gone from the list was turned off as well, as far as the one who looks at the setting is concerned.
    if (setting && !state.on) this.#note = state.note ?? "off-in-system";
    else if (state.on || this.#note !== "off-in-system") this.#note = state.note;
    return isManaged ? setting : state.on;
  }

  /** The user wants it. @throws AppError where the system does not do it. */
  set(on: boolean): void {
    try {
      this.#item.set(on);
    } finally {
      this.#note = this.#item.read().note;
    }
  }
}
