import { AppError } from "../../shared/errors.ts";

/** Lets one piece of work run at a time and refuses others meanwhile: a page must not be able to fill the screen with dialogs. */
export class OneAtATime {
  #busy = false;

  /** @throws AppError `request-refused` while another one runs. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy) {
      throw new AppError("request-refused", "Another dialog of Culvert is open.", {
        userAction: "Answer that one first.",
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
