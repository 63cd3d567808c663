/** A pause that ends a word, milliseconds. */
const pauseMs = 600;

/** Collects letters that are typed in one go. */
export class Typeahead {
  #text = "";
  #last = -Infinity;

  /**
   * The index of the next label that starts with what was typed, from behind `from`, and around; -1 for none.
   * The same letter again and again goes through all that start with it.
   * @param now milliseconds on any clock.
   */
  find(letter: string, labels: readonly string[], from: number, now: number): number {
    const fresh = now - this.#last > pauseMs;
    this.#last = now;
    this.#text = fresh ? letter.toLowerCase() : this.#text + letter.toLowerCase();
    const repeated = [...this.#text].every((one) => one === this.#text[0]);
    const wanted = repeated ? (this.#text[0] ?? "") : this.#text;
    // A longer word may still be the one we are on.
    const start = repeated ? from + 1 : Math.max(0, from);
    for (let step = 0; step < labels.length; step += 1) {
      const index = (start + step) % labels.length;
      if (labels[index]?.toLowerCase().startsWith(wanted)) return index;
    }
    return -1;
  }
}
