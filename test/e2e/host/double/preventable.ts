/** The event that Electron gives to listeners that may stop what is about to happen. */
export class PreventableEvent {
  #prevented = false;

  readonly preventDefault = (): void => {
    this.#prevented = true;
  };

  get defaultPrevented(): boolean {
    return this.#prevented;
  }
}
