import { originOf, type Target } from "../../shared/address.ts";
import { AppError, asAppError } from "../../shared/errors.ts";
import { throwIfAborted, waitFor } from "../aborts.ts";
import { errorFromAnswer, requestIdOf, wantsSignIn, type Answer } from "../connect/answers.ts";
import type { ConnectRequest, Outcome } from "../connect/path.ts";
import type { Session } from "../ports.ts";
import { parseServiceAccount } from "../session/service-account.ts";
import type { SessionContext, Sessions } from "../session/sessions.ts";
import type { TlsIdentity } from "../tls/identity.ts";

/** Who a tunnel is opened as. */
export type AuthSettings =
  | { readonly kind: "browser" }
  /** Read again at every connect, so that a rotated file needs no restart. */
  | { readonly kind: "service-account"; readonly read: () => Promise<string> };

export interface OpenRequest {
  readonly target: Target;
  readonly identity: TlsIdentity;
  readonly auth: AuthSettings;
}

/** Told while a path is being opened. */
export interface OpenProgress {
  signingIn(): void;
  signedIn(): void;
}

/** Refusals for want of a session until the attempt is given up: another's session, a stale one, a fresh one. */
const refusalsAtMost = 4;

/** How long a service account token may take to be read; milliseconds. */
const tokenMs = 10_000;
const tokenLate = (): AppError =>
  new AppError("file-unreadable", "The service account token could not be read within 10 s.", {
    userAction: "Check the file that it comes from.",
  });

/** Answers that come only after the proxy has taken the session for good. */
const policyAnswers = new Set([403, 450, 503]);

/** How a path of one kind is opened and thrown away. */
export interface Way<P> {
  readonly open: (request: ConnectRequest, identity: TlsIdentity, signal: AbortSignal) => Promise<Outcome<P>>;
  readonly discard: (path: P) => void;
}

/** Opens paths of one kind: the one place where connections and sessions meet. */
export class Opener<P> {
  readonly #way: Way<P>;
  readonly #sessions: Sessions;

  constructor(way: Way<P>, sessions: Sessions) {
    this.#way = way;
    this.#sessions = sessions;
  }

  /**
   * Opens a path to the destination, with a sign-in on the way when the proxy wants one.
   * @throws AppError with what the user is told.
   */
  open(request: OpenRequest, progress: OpenProgress, signal: AbortSignal): Promise<P> {
    return request.auth.kind === "browser"
      ? this.#openSignedIn(request, progress, signal)
      : this.#openAs(request, request.auth.read, signal);
  }

  /**
   * Tests the way as far as it goes without a person: opens a path with the session there is and closes it at once. A
   * proxy that wants a sign-in counts as reached. Never opens a browser, sends nothing to the destination.
   * @throws AppError that a client would meet.
   */
  async probe(request: OpenRequest, signal: AbortSignal): Promise<void> {
    const { target, identity, auth } = request;
    if (auth.kind !== "browser") return this.#way.discard(await this.#openAs(request, auth.read, signal));
    const context: SessionContext = { proxy: target.proxy, tls: identity };
    const session = await this.#sessions.current(context, signal);
    const outcome = await this.#way.open({ target, jwt: session?.jwt ?? null }, identity, signal);
    if (outcome.kind === "open") {
      if (session) this.#sessions.accepted(context, session);
      this.#way.discard(outcome.path);
    } else if (!wantsSignIn(outcome.answer)) {
      throw await this.#refusal(request, session, outcome.answer, signal);
    }
  }

  async #openSignedIn(request: OpenRequest, progress: OpenProgress, signal: AbortSignal): Promise<P> {
    const { target, identity } = request;
    const context: SessionContext = { proxy: target.proxy, tls: identity };
    let session: Session | null = await this.#sessions.current(context, signal);
    for (let refusals = 0; ;) {
      throwIfAborted(signal);
      const outcome = await this.#way.open({ target, jwt: session?.jwt ?? null }, identity, signal);
      if (outcome.kind === "open") {
        if (session) this.#sessions.accepted(context, session);
        return outcome.path;
      }
      if (!wantsSignIn(outcome.answer)) throw await this.#refusal(request, session, outcome.answer, signal);
      if (session && this.#sessions.isFresh(session)) throw this.#sessions.refusedFresh(context, session);
      refusals += 1;
      if (refusals > refusalsAtMost) throw errorFromAnswer(outcome.answer, { target });
      progress.signingIn();
      session = await this.#sessions.signIn(context, session, signal);
      progress.signedIn();
    }
  }

  /** The error of an answer that no sign-in changes; names the user where the policy said no. */
  async #refusal(
    { target, identity }: OpenRequest,
    session: Session | null,
    answer: Answer,
    signal: AbortSignal,
  ): Promise<AppError> {
    if (!session || !policyAnswers.has(answer.status)) return errorFromAnswer(answer, { target });
    const context: SessionContext = { proxy: target.proxy, tls: identity };
    this.#sessions.accepted(context, session);
    const user = answer.status === 403 ? await this.#sessions.userOf(context, session, signal) : undefined;
    return errorFromAnswer(answer, { target, user });
  }

  async #openAs({ target, identity }: OpenRequest, read: () => Promise<string>, signal: AbortSignal): Promise<P> {
    const jwt = parseServiceAccount(
      await waitFor(read(), signal, { ms: tokenMs, error: tokenLate }).catch((error: unknown) => {
        throw asAppError(error);
      }),
    );
    const outcome = await this.#way.open({ target, jwt }, identity, signal);
    if (outcome.kind === "open") return outcome.path;
    if (!wantsSignIn(outcome.answer)) throw errorFromAnswer(outcome.answer, { target });
    const requestId = requestIdOf(outcome.answer);
    throw new AppError(
      "service-account-refused",
      `${target.proxy.host} did not accept the service account token. It may have expired.`,
      {
        status: outcome.answer.status,
        userAction: `Ask for a new one that is valid at ${originOf(target.proxy)}.`,
        ...(requestId === undefined ? {} : { requestId }),
      },
    );
  }
}
