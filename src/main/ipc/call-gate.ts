import * as v from "valibot";
import { AppError, asAppError } from "../../shared/errors.ts";
import {
  contract,
  type CallArgs,
  type CallName,
  type CallOutcome,
  type CallResult,
} from "../../shared/ipc/contract.ts";
import { isPlainData } from "./plain-data.ts";

/** One function for every call of the contract: a missing one does not compile. */
export type Handlers = {
  readonly [N in CallName]: (...args: CallArgs<N>) => CallResult<N> | Promise<CallResult<N>>;
};

/** Tells the log about what was refused or failed; never holds what was sent. */
export type GateLog = (event: "request-refused" | "call-failed", message: string) => void;

const isCallName = (name: unknown): name is CallName => typeof name === "string" && Object.hasOwn(contract, name);

const refused = (message: string): AppError => new AppError("request-refused", message);

/** Lets through to the handlers only what the contract allows, and turns every end into an outcome. */
export class CallGate {
  readonly #handlers: Handlers;
  readonly #log: GateLog;

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
    try {
      const handler = this.#handlers[name] as (...checkedArgs: unknown[]) => unknown;
      return { ok: true, value: await handler(...checked.output) };
    } catch (thrown) {
      const error = asAppError(thrown);
      // What a user can meet is told by the page; what nobody expected is told by the log too.
      if (error.code === "internal") this.#log("call-failed", `The call ${name} failed: ${error.message}`);
      return { ok: false, error: error.toData() };
    }
  }

  #refuse(message: string): CallOutcome<never> {
    this.#log("request-refused", message);
    return { ok: false, error: refused(message).toData() };
  }
}
