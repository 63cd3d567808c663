import { AppError } from "../../shared/errors.ts";
import type { ApiAnswer } from "../ports.ts";

/** A limit as people say it: "15 min", "30 s". */
export function duration(ms: number): string {
  if (ms >= 60_000 && ms % 60_000 === 0) return `${ms / 60_000} min`;
  return ms >= 1_000 ? `${Math.round(ms / 1_000)} s` : `${ms} ms`;
}

export const signInCancelled = (host: string): AppError =>
  new AppError("cancelled", `The sign-in at ${host} was cancelled.`, { userAction: "Sign in again when you want to." });

export const nobodyWaits = (): AppError => new AppError("cancelled", "Nobody waits for this sign-in any more.");

export const closed = (): AppError => new AppError("closed", "Culvert is closing; nobody is signed in any more.");

export const signInTimeout = (host: string, ms: number): AppError =>
  new AppError("sign-in-timeout", `You did not sign in at ${host} within ${duration(ms)}.`, {
    userAction: "Sign in again.",
  });

export const signInRefused = (host: string, pauseMs: number): AppError =>
  new AppError("sign-in-refused", `${host} did not accept the sign-in that it had just given.`, {
    userAction: `Try again in ${duration(pauseMs)}. If it happens again, ask the administrator of ${host}.`,
  });

export const signInFailed = (host: string, why: string): AppError =>
  new AppError("sign-in-failed", `The sign-in at ${host} failed: ${why}`, {
    userAction: `Try again. If it happens again, ask the administrator of ${host}.`,
  });

/** A sign-out that the proxy did not carry out, or (`known` false) did not confirm. */
export const stillSignedIn = (host: string, known: boolean): AppError =>
  new AppError(
    "unexpected-answer",
    known ? `${host} still takes the session after the sign-out.` : `${host} did not confirm the sign-out.`,
    { userAction: "Sign out in your browser as well, or wait until the session ends." },
  );

export const notPomerium = (host: string, status: number): AppError =>
  new AppError("not-pomerium", `${host} answered, but not as Pomerium does.`, {
    userAction: "Check the Pomerium URL.",
    status,
  });

export const noAnswer = (host: string, ms: number): AppError =>
  new AppError("no-answer", `${host} did not answer within ${duration(ms)}.`, {
    userAction: "Check the network, or connect to your VPN.",
    retryable: true,
  });

/** The proxy's id of a request, if it looks like one: the header is the proxy's word and is shown to people. */
function requestIdOf(answer: ApiAnswer): string | undefined {
  const id = answer.headers["x-request-id"];
  return id !== undefined && /^[A-Za-z0-9._-]{1,100}$/.test(id) ? id : undefined;
}

/** What an answer of the login API that is not a sign-in URL means (protocol.md, "What the proxy answers"). */
export function loginRefusal(host: string, answer: ApiAnswer): AppError {
  const { status } = answer;
  const requestId = requestIdOf(answer);
  const details = { status, ...(requestId === undefined ? {} : { requestId }) };
  if (status === 429) {
    return new AppError("rate-limited", `${host} answered 429: too many requests.`, {
      ...details,
      retryable: true,
      userAction: "Wait a minute and try again.",
    });
  }
  if (status === 495) {
    return new AppError("client-certificate-needed", `${host} asks for a client certificate that it accepts.`, {
      ...details,
      userAction: "Choose a client certificate.",
    });
  }
  if (status >= 500) {
    return new AppError("proxy-error", `${host} answered ${status} when asked for its sign-in page.`, {
      ...details,
      retryable: true,
      userAction: "Try again in a moment.",
    });
  }
  if (status === 400) {
    return new AppError("sign-in-failed", `${host} does not let programs sign in this way (status 400).`, {
      ...details,
      userAction: `Ask the administrator of ${host} whether programmatic login is allowed.`,
    });
  }
  // Whatever a Pomerium is, it has this page and does not hide, move or protect it.
  return notPomerium(host, status);
}
