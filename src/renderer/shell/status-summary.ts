import type { SessionInfo, SignInInfo } from "../../shared/model/activity.ts";
import { isOn, type ConnectionStatus } from "../../shared/model/status.ts";
import { hostOfOrigin } from "../../shared/words/connection.ts";
import { count, wholeDuration } from "../../shared/words/format.ts";

export type Attention =
  | { readonly kind: "error"; readonly text: string; readonly id: string }
  | { readonly kind: "signing-in"; readonly text: string; readonly id: string }
  | { readonly kind: "retrying"; readonly text: string };

/** What a sign-in waits for: the person, unless the page never came up. */
function signInText(signIn: SignInInfo | undefined): string {
  if (signIn?.browserError !== undefined) return "Browser did not open";
  return signIn?.openedAt === null ? "Sign-in waiting" : "Sign-in waiting in your browser";
}

/** How many are on, and the one thing that wants attention most. */
export function summaryOf(
  statuses: Readonly<Record<string, ConnectionStatus>>,
  signIns: readonly SignInInfo[],
): {
  readonly on: number;
  readonly attention: Attention | null;
} {
  let on = 0;
  let errors = 0;
  let firstError: string | null = null;
  let signingIn: { readonly id: string; readonly proxy: string } | null = null;
  let noNetwork = false;
  for (const [id, status] of Object.entries(statuses)) {
    if (isOn(status)) on += 1;
    if (status.kind === "error") {
      errors += 1;
      firstError ??= id;
    } else if (status.kind === "signing-in") signingIn ??= { id, proxy: status.proxy };
    else if (status.kind === "retrying" && status.error.code === "network-unreachable") noNetwork = true;
  }
  if (firstError !== null) return { on, attention: { kind: "error", text: count(errors, "error"), id: firstError } };
  if (signingIn !== null) {
    const { id, proxy } = signingIn;
    const text = signInText(signIns.find((signIn) => signIn.proxy === proxy));
    return { on, attention: { kind: "signing-in", text, id } };
  }
  return { on, attention: noNetwork ? { kind: "retrying", text: "No network" } : null };
}

/** The session in use with the least time left; one in use without a known end; else any. */
export function sessionToShow(sessions: readonly SessionInfo[]): SessionInfo | null {
  const used = sessions.filter(({ inUseBy }) => inUseBy > 0);
  const from = used.length > 0 ? used : sessions;
  return from.reduce<SessionInfo | null>(
    (best, session) => ((session.expiresAt ?? Infinity) < (best?.expiresAt ?? Infinity) ? session : (best ?? session)),
    null,
  );
}

/** "signed in, 5 h 48 min left": without a time where only the server knows it. */
export function sessionWords(
  session: SessionInfo,
  now: number,
): { readonly host: string; readonly text: string; readonly left: string } {
  const host = hostOfOrigin(session.proxy);
  if (session.expiresAt === null) return { host, text: "signed in", left: "signed in" };
  if (session.expiresAt <= now) return { host, text: "not signed in", left: "not signed in" };
  const left = `${wholeDuration(session.expiresAt - now)} left`;
  return { host, text: `signed in, ${left}`, left };
}
