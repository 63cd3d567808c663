import { AppError } from "../../shared/errors.ts";
import type { Notice } from "../../shared/ipc/snapshot.ts";

/** A notice, with the file that its "show-file" is about; where that is stays here. */
export interface BoardNotice extends Notice {
  readonly file?: string;
}

/** What stays on screen until it is dismissed or over: one for each id. */
export class NoticeBoard {
  readonly #notices = new Map<string, BoardNotice>();
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Oldest first. */
  list(): Notice[] {
    return [...this.#notices.values()].map(({ id, kind, message, action }) => ({
      id,
      kind,
      message,
      ...(action === undefined ? {} : { action }),
    }));
  }

  /** @throws AppError `not-found` for one that is gone. */
  get(id: string): BoardNotice {
    const notice = this.#notices.get(id);
    if (!notice) throw new AppError("not-found", "This notice is gone.");
    return notice;
  }

  put(notice: BoardNotice): void {
    const before = this.#notices.get(notice.id);
    if (before?.message === notice.message && before.file === notice.file) return;
    this.#notices.set(notice.id, notice);
    this.#changed();
  }

  remove(id: string): void {
    if (this.#notices.delete(id)) this.#changed();
  }
}
