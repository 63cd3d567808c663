import { expect, test } from "vitest";
import { sessionToShow, sessionWords, summaryOf } from "../../../../src/renderer/shell/status-summary.ts";
import { themeOf } from "../../../../src/renderer/shell/use-page-attributes.ts";
import type { SessionInfo, SignInInfo } from "../../../../src/shared/model/activity.ts";
import type { ConnectionStatus } from "../../../../src/shared/model/status.ts";

const error = { code: "refused", message: "no", retryable: false } as const;
const bound = { address: "127.0.0.1:1", since: 0, clients: 0 } as const;
const broken: ConnectionStatus = { kind: "error", ...bound, error };
const signingIn: ConnectionStatus = { kind: "signing-in", ...bound, waiting: 1, proxy: "https://a.example" };
const noNetwork: ConnectionStatus = {
  kind: "retrying",
  ...bound,
  attempt: 1,
  nextAt: 0,
  error: { ...error, code: "network-unreachable" },
};

test("at most one thing wants attention: errors before sign-ins before the network", () => {
  expect(summaryOf({}, [])).toEqual({ on: 0, attention: null });
  expect(summaryOf({ a: { kind: "off" }, b: { kind: "starting" } }, [])).toEqual({ on: 1, attention: null });
  expect(summaryOf({ a: noNetwork, b: noNetwork }, [])).toEqual({
    on: 2,
    attention: { kind: "retrying", text: "No network" },
  });
  expect(summaryOf({ a: noNetwork, b: signingIn }, []).attention).toEqual({
    kind: "signing-in",
    text: "Sign-in waiting in your browser",
    id: "b",
  });
  expect(summaryOf({ a: signingIn, b: broken, c: broken }, []).attention).toEqual({
    kind: "error",
    text: "2 errors",
    id: "b",
  });
  expect(summaryOf({ b: broken }, []).attention?.text).toBe("1 error");
});

test("a sign-in whose page did not come up does not wait in the browser", () => {
  const signIn: SignInInfo = { proxy: "https://a.example", startedAt: 0, openedAt: 1, connections: ["b"] };
  const words = (...signIns: SignInInfo[]): string | undefined => summaryOf({ b: signingIn }, signIns).attention?.text;
  expect(words(signIn)).toBe("Sign-in waiting in your browser");
  expect(words({ ...signIn, openedAt: null })).toBe("Sign-in waiting");
  expect(words({ ...signIn, openedAt: null, browserError: error })).toBe("Browser did not open");
  expect(words({ ...signIn, proxy: "https://b.example", browserError: error })).toBe("Sign-in waiting in your browser");
});

const session = (more: Partial<SessionInfo>): SessionInfo => ({
  proxy: "https://a.example",
  createdAt: 0,
  user: null,
  expiresAt: null,
  inUseBy: 1,
  ...more,
});

test("the session to show is the one in use with the least time left", () => {
  const long = session({ expiresAt: 9_000_000 });
  const short = session({ expiresAt: 5_000_000 });
  const unused = session({ expiresAt: 1, inUseBy: 0 });
  const unknown = session({});
  expect(sessionToShow([])).toBeNull();
  expect(sessionToShow([unknown, long, unused, short])).toBe(short);
  expect(sessionToShow([unused])).toBe(unused);
  expect(sessionToShow([unknown])).toBe(unknown);
});

test("of a session without a known end no time is said", () => {
  expect(sessionWords(session({ expiresAt: 3_600_000 }), 0)).toEqual({
    host: "a.example",
    text: "signed in, 1 h left",
    left: "1 h left",
  });
  expect(sessionWords(session({}), 0).text).toBe("signed in");
  expect(sessionWords(session({ expiresAt: 5 }), 5).text).toBe("not signed in");
});

test("the theme follows the system only where it is told to", () => {
  expect(themeOf("system", true)).toBe("dark");
  expect(themeOf("system", false)).toBe("light");
  expect(themeOf("light", true)).toBe("light");
});
