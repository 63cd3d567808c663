import { AppError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import { cancelled } from "../aborts.ts";
import { notHttp } from "./answers.ts";
import type { Dialed } from "./dial.ts";
import { parseHead, type ResponseHead } from "./head.ts";
import { noAnswer } from "./network-errors.ts";
import type { ConnectRequest } from "./path.ts";

/** What a connection answered: its head, and for a refusal a bounded piece of its body. */
export interface HeadAnswer {
  readonly head: ResponseHead;
  readonly body: string;
}

/** Reads one answer: its head, and for a refusal a bounded piece of its body. */
export class HeadReader {
  readonly #dialed: Dialed;
  readonly #request: ConnectRequest;
  readonly #limits: Limits;
  #received: Buffer = Buffer.alloc(0);
  #interimBytes = 0;
  #refusal: ResponseHead | null = null;

  constructor(dialed: Dialed, request: ConnectRequest, limits: Limits) {
    this.#dialed = dialed;
    this.#request = request;
    this.#limits = limits;
  }

  /**
   * Leaves the socket paused, with what came behind the head in `rest`.
   * @param answerMs how long the head may take.
   * @throws AppError `no-answer`, `not-pomerium`, `connection-lost`, `cancelled`.
   */
  read(signal: AbortSignal, answerMs = this.#limits.connectAnswerMs): Promise<HeadAnswer> {
    const { socket, explain } = this.#dialed;
    const { proxy } = this.#request.target;
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        clearTimeout(bodyTimer);
        signal.removeEventListener("abort", onAbort);
        socket.pause();
        socket.off("data", onData).off("end", onEnd).off("error", onError).off("close", onClose);
        settle();
      };
      const onAbort = (): void => finish(() => reject(cancelled(signal)));
      const onError = (error: unknown): void => finish(() => reject(explain(error)));
      const onClose = (): void => finish(() => reject(explain({ code: "" })));
      const answered = (ended: boolean): void => {
        const result = this.#parse(ended);
        if (result instanceof AppError) finish(() => reject(result));
        else if (result) finish(() => resolve(result));
        else if (this.#refusal) bodyTimer ??= setTimeout(() => answered(true), this.#limits.refusalBodyMs);
      };
      let bodyTimer: NodeJS.Timeout | undefined;
      const onData = (chunk: Buffer): void => {
        this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
        answered(false);
      };
      const onEnd = (): void => answered(true);
      const timer = setTimeout(() => finish(() => reject(noAnswer(proxy, answerMs))), answerMs);
      if (signal.aborted) return onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
      socket.on("data", onData).on("end", onEnd).on("error", onError).on("close", onClose);
      socket.resume();
    });
  }

  /** Null while more is needed. */
  #parse(ended: boolean): HeadAnswer | AppError | null {
    const head = this.#finalHead(ended);
    if (head === null || head instanceof AppError) return head;
    if (head.status < 300) return { head, body: "" };
    this.#refusal = head;
    const announced = head.headers["content-length"] ?? "";
    const wanted = Math.min(/^\d+$/.test(announced) ? Number(announced) : Infinity, this.#limits.refusalBodyBytes);
    if (!ended && head.rest.length < wanted) return null;
    return { head, body: head.rest.subarray(0, wanted).toString("utf8") };
  }

  /** Skips interim answers, which come before the real one (RFC 9110 §15.2), within the bound of one head. */
  #finalHead(ended: boolean): ResponseHead | AppError | null {
    const { target } = this.#request;
    const { headBytes } = this.#limits;
    for (;;) {
      const result = parseHead(this.#received, headBytes);
      if (result.kind === "not-http") return notHttp(target, result.why);
      if (result.kind === "more") {
        if (!ended) return null;
        return this.#received.length > 0
          ? notHttp(target, "the connection ended in the middle of the answer")
          : this.#dialed.explain({ code: "" });
      }
      const { head } = result;
      if (head.status >= 200 || head.status === 101) return head;
      this.#interimBytes += this.#received.length - head.rest.length;
      if (this.#interimBytes > headBytes) return notHttp(target, "its interim answers do not end");
      this.#received = head.rest;
    }
  }
}
