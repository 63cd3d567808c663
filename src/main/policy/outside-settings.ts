import { setTimeout as delay } from "node:timers/promises";
import { asAppError } from "../../shared/errors.ts";
import { limits } from "../../shared/limits.ts";
import type { Outside } from "../../shared/model/outside.ts";
import { managedOf, type Policy } from "../../shared/model/policy.ts";
import type { Settings } from "../../shared/model/settings.ts";
import type { SignInStart } from "../lifecycle/sign-in-start.ts";
import type { NoticeBoard } from "../state/notice-board.ts";
import type { SettingsStore } from "../store/settings-store.ts";
import { holding, isFirstBroken } from "./holding.ts";

export interface OutsideSettingsPorts {
  readonly settings: Pick<SettingsStore, "current" | "lock" | "isLocked" | "change">;
  readonly notices: Pick<NoticeBoard, "put" | "remove">;
  /** The policy as it was at the start. */
  readonly policy: Policy;
  /** Reads it anew; never rejects. */
  readPolicy(): Promise<Policy>;
  readonly start: Pick<SignInStart, "look" | "note">;
  /** Makes changed settings true. May throw: what the system refuses is told by `log`. */
  apply(settings: Settings, before: Settings): void;
  /** Settings, or what is decided about them, have changed. */
  changed(): void;
  /** The rules are other ones: what runs may not be allowed any more. */
  rulesChanged(): void;
  log(event: string, message: string): void;
  readonly everyMs?: number;
  readonly againMs?: number;
}

/** What is decided outside the app, laid over the user's settings: the administrators' policy, and the system's list of what starts. */
export class OutsideSettings {
  readonly #ports: OutsideSettingsPorts;
  readonly #timer: NodeJS.Timeout;
  #policy: Policy;
  #looking: Promise<void> | null = null;
  readonly #closing = new AbortController();

  /** Locks the settings and looks at the system at once, so that whatever is built afterwards finds them as they hold. */
  constructor(ports: OutsideSettingsPorts) {
    this.#ports = ports;
    this.#policy = ports.policy;
    ports.settings.lock(this.#policy.locked);
    this.#lookAtStart();
    this.#tell([]);
    this.#timer = setInterval(() => void this.look(), ports.everyMs ?? limits.policyEveryMs);
    this.#timer.unref();
  }

  get policy(): Policy {
    return this.#policy;
  }

  get outside(): Outside {
    return { managed: managedOf(this.#policy), startNote: this.#ports.start.note };
  }

  /** Looks at everything again; one look at a time. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = null));
    return this.#looking;
  }

  close(): void {
    this.#closing.abort();
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const ports = this.#ports;
    const { settings } = ports;
    const found = await this.#read();
    if (this.#closing.signal.aborted) return;
    const old = this.#policy;
    const before = settings.current;
    const outsideBefore = JSON.stringify(this.outside);
    this.#policy = holding(old, found);
    settings.lock(this.#policy.locked);
    this.#tell(old.problems);
    this.#apply(before);
    this.#lookAtStart();
    if (JSON.stringify(settings.current) !== JSON.stringify(before) || JSON.stringify(this.outside) !== outsideBefore)
      ports.changed();
    if (JSON.stringify(this.#policy.rules) !== JSON.stringify(old.rules)) ports.rulesChanged();
  }

  async #read(): Promise<Policy> {
    const ports = this.#ports;
    const found = await ports.readPolicy();
    if (!isFirstBroken(this.#policy, found)) return found;
    const { signal } = this.#closing;
    await delay(ports.againMs ?? limits.policyAgainMs, undefined, { signal, ref: false }).catch(() => undefined);
    return signal.aborted ? found : await ports.readPolicy();
  }

  #apply(before: Settings): void {
    const { settings } = this.#ports;
    try {
      // Starting at sign-in has a look of its own, which knows what the system does already.
      this.#ports.apply({ ...settings.current, startAtSignIn: before.startAtSignIn }, before);
    } catch (thrown) {
      this.#ports.log("applying managed settings", asAppError(thrown).message);
    }
  }

  #lookAtStart(): void {
    const { settings, start } = this.#ports;
    const wanted = settings.current.startAtSignIn;
    const isManaged = settings.isLocked("startAtSignIn");
    const is = start.look(wanted, isManaged);
    if (!isManaged && is !== wanted) settings.change({ startAtSignIn: is });
  }

  #tell(before: readonly string[]): void {
    const { notices } = this.#ports;
    const { problems } = this.#policy;
    if (JSON.stringify(problems) === JSON.stringify(before)) return;
    for (const problem of problems) this.#ports.log("managed-settings", problem);
    const [first, ...more] = problems;
    if (first === undefined) {
      notices.remove("managed-settings");
      return;
    }
    const rest = more.length === 0 ? "" : ` ${more.length === 1 ? "1 more is" : `${more.length} more are`} in the log.`;
    const message = `Settings of your organisation: ${first}${rest}`;
    notices.put({ id: "managed-settings", kind: "managed-settings", message });
  }
}
