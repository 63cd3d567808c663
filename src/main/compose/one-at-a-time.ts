import { AppError } from "../../shared/errors.ts";
import { Pace } from "../ipc/pace.ts";

/**
 * Lets one piece of work run at a time, and so many in a while: a page must not be able to fill the screen with dialogs, nor to
 * open the next one whenever one is closed.
 */
export class OneAtATime {
  readonly #pace: Pace;
  #busy = false;

  constructor(pace = new Pace(10, 5_000)) {
    this.#pace = pace;
  }

  /** @throws AppError `request-refused` while another one runs, or where too many have run. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy) {
      throw new AppError("request-refused", "Another dialog of Culvert is open.", {
        userAction: "Answer that one first.",
      });
    }
    if (!this.#pace.take()) {
      throw new AppError("request-refused", "Too many dialogs were opened.", {
        retryable: true,
        userAction: "Wait some seconds, then try again.",
      });
    }
    this.#busy = true;
    try {
      return await work();
    } finally {
      this.#busy = false;
    }
  }
}
