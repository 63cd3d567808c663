import * as v from "valibot";
import type { DocumentFile } from "./document-file.ts";
import { notSaved } from "./notices.ts";
import { Saving, type SaveListener } from "./saving.ts";
import type { WindowState } from "./window-place.ts";

/** Moves and resizes come by the dozen and are written together after this, in milliseconds. */
const saveMs = 1_000;

const pixels = v.pipe(v.number(), v.minValue(-1_000_000), v.maxValue(1_000_000));

const windowStateSchema = v.object({
  version: v.literal(1),
  window: v.object({
    bounds: v.object({ x: pixels, y: pixels, width: pixels, height: pixels }),
    maximised: v.boolean(),
    listWidth: pixels,
  }),
});

/**
 * Where the window was. Nothing that anyone would miss: a file that cannot be read counts as none and is written over, and a
 * failure to write is for the log alone.
 */
export class WindowStateStore {
  readonly #file: DocumentFile;
  readonly #saving: Saving;
  #state: WindowState | null = null;

  constructor(file: DocumentFile, onSave: SaveListener = () => undefined) {
    this.#file = file;
    this.#saving = new Saving(() => this.#write(), onSave);
  }

  /** Reads the file; null where there is nothing to go by. Check it with `placeOf`. */
  load(): WindowState | null {
    try {
      const result = v.safeParse(windowStateSchema, this.#file.read());
      this.#state = result.success ? result.output.window : null;
    } catch {
      this.#state = null;
    }
    return this.#state;
  }

  /** What was loaded or noted last. */
  get current(): WindowState | null {
    return this.#state;
  }

  /** Notes it; written within a second or at `close`. */
  note(state: WindowState): void {
    this.#state = state;
    this.#saving.soon(saveMs);
  }

  /** Writes what is still unwritten. */
  close(): void {
    this.#saving.flush();
  }

  #write(): void {
    try {
      this.#file.write({ version: 1, window: this.#state });
    } catch (thrown) {
      throw notSaved(thrown);
    }
  }
}
