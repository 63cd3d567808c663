import * as v from "valibot";
import { AppError, asAppError } from "../../shared/errors.ts";
import {
  contract,
  type CallArgs,
  type CallName,
  type CallOutcome,
  type CallResult,
} from "../../shared/ipc/contract.ts";
import { Pace } from "./pace.ts";
import { isPlainData } from "./plain-data.ts";

/** One function for every call of the contract: a missing one does not compile. */
export type Handlers = {
  readonly [N in CallName]: (...args: CallArgs<N>) => CallResult<N> | Promise<CallResult<N>>;
};

/** Tells the log about what was refused or failed; never holds what was sent. */
export type GateLog = (event: "request-refused" | "call-failed", message: string) => void;

/**
 * Calls that open a page in the browser or a folder: a page that was taken over must not be able to do that without end, and
 * nobody does it ten times in a moment. Dialogs have a measure of their own.
 */
const outward: ReadonlySet<CallName> = new Set<CallName>([
  "open-sign-in-page",
  "sign-in",
  "open-log-folder",
  "notice-action",
]);

/**
 * Calls that ask a server, start programs of the system, try a password, or may ask in a dialog that comes again when it is closed. Each
 * has a measure of its own: opening the settings, which looks outside, must not use up what signing in needs.
 */
const costly: readonly CallName[] = [
  "check-for-update",
  "download-update",
  "install-update",
  "look-outside",
  "enter-store-password",
  "quit",
];

const newPace = (): Pace => new Pace(10, 5_000);

const isCallName = (name: unknown): name is CallName => typeof name === "string" && Object.hasOwn(contract, name);

const refused = (message: string): AppError => new AppError("request-refused", message);

/** Lets through to the handlers only what the contract allows, and turns every end into an outcome. */
export class CallGate {
  readonly #handlers: Handlers;
  readonly #log: GateLog;
  readonly #outward = newPace();
  readonly #costly: ReadonlyMap<CallName, Pace> = new Map(costly.map((name) => [name, newPace()]));
  /** Else a page could push everything older out of the log, which has a bound. */
  readonly #told = new Pace(20, 1_000);

  constructor(handlers: Handlers, log: GateLog) {
    this.#handlers = handlers;
    this.#log = log;
  }

  /** Refuses whoever is not our page; for callers that judge the sender. */
  refuseSender(): CallOutcome<never> {
    return this.#refuse("A call that did not come from Culvert's own page was refused.");
  }

  /** Never rejects. */
  async call(name: unknown, args: unknown): Promise<CallOutcome<unknown>> {
    if (!isCallName(name)) return this.#refuse("A call by an unknown name was refused.");
    const checked = isPlainData(args) ? v.safeParse(contract[name].args, args) : null;
    if (!checked?.success) return this.#refuse(`The call ${name} was refused: its arguments are not what it takes.`);
    const pace = outward.has(name) ? this.#outward : this.#costly.get(name);
    if (pace?.take() === false) {
      return this.#refuse(
        new AppError("request-refused", "Too much was asked for at once.", {
          retryable: true,
          userAction: "Wait some seconds, then try again.",
        }),
      );
    }
    // Said to be taken, so that the page does not report that as well.
    if (name === "report-failure" && !this.#told.take()) return { ok: true, value: undefined };
    try {
      const handler = this.#handlers[name] as (...checkedArgs: unknown[]) => unknown;
      return { ok: true, value: await handler(...checked.output) };
    } catch (thrown) {
      const error = asAppError(thrown);
      // What a user can meet is told by the page; what nobody expected is told by the log too.
      if (error.code === "internal") this.#tell("call-failed", `The call ${name} failed: ${error.message}`);
      return { ok: false, error: error.toData() };
    }
  }

  #refuse(why: string | AppError): CallOutcome<never> {
    const error = typeof why === "string" ? refused(why) : why;
    this.#tell("request-refused", error.message);
    return { ok: false, error: error.toData() };
  }

  #tell(...line: Parameters<GateLog>): void {
    if (this.#told.take()) this.#log(...line);
  }
}
