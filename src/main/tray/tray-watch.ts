import type { NoticeBoard } from "../state/notice-board.ts";
import type { Platform } from "../window/window-look.ts";
import { askSessionBus, hasLinuxTray } from "./tray-presence.ts";

const noTrayNotice = {
  id: "no-tray",
  kind: "no-tray",
  message: "This desktop shows no tray icons, so Culvert keeps its window. Press Ctrl+Q to quit.",
} as const;

/** Knows whether the desktop shows tray icons. */
export class TrayWatch {
  readonly #platform: Platform;
  readonly #env: Readonly<Record<string, string | undefined>>;
  #present: boolean;
  #asking: Promise<boolean> | null = null;

  constructor(platform: Platform, env: Readonly<Record<string, string | undefined>>) {
    this.#platform = platform;
    this.#env = env;
    this.#present = platform !== "linux" || hasLinuxTray(env, null);
  }

  /** As of the last look. */
  get isPresent(): boolean {
    return this.#present;
  }

  /** Tells the user why the window stays; takes it back where there is a tray by now. */
  tell(notices: NoticeBoard): void {
    notices.put(noTrayNotice);
    void this.look().then((present) => {
      if (present) notices.remove(noTrayNotice.id);
    });
  }

  /** Looks again: a panel may come later than Culvert at sign-in. Never rejects. */
  look(): Promise<boolean> {
    if (this.#platform !== "linux") return Promise.resolve(true);
    this.#asking ??= askSessionBus(this.#env).then((answer) => {
      this.#asking = null;
      this.#present = hasLinuxTray(this.#env, answer);
      return this.#present;
    });
    return this.#asking;
  }
}
