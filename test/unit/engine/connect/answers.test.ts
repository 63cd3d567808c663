import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  errorFromAnswer,
  notHttp,
  requestIdOf,
  wantsSignIn,
  type Answer,
} from "../../../../src/engine/connect/answers.ts";
import { parseTarget } from "../../../../src/shared/address.ts";
import type { AppError, ErrorCode } from "../../../../src/shared/errors.ts";

interface Exchange {
  readonly name: string;
  readonly request: readonly string[];
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
interface Recorded {
  readonly "client certificate required, policy": { readonly status: number; readonly body: string };
  readonly exchanges: readonly Exchange[];
}
const recorded = JSON.parse(
  readFileSync(new URL("../../../fixtures/pomerium-answers.json", import.meta.url), "utf8"),
) as Recorded;

const requestId = "5a7c2f50-2d4f-4f05-9d0a-0b8a5f4c1e7d";
/** The recording left its ids out. */
const filled = (text: string): string => text.replaceAll("<uuid>", requestId);
const answerOf = (exchange: Pick<Exchange, "status" | "body"> & { headers?: Exchange["headers"] }): Answer => ({
  status: exchange.status,
  headers: Object.fromEntries(Object.entries(exchange.headers ?? {}).map(([name, value]) => [name, filled(value)])),
  body: filled(exchange.body),
});
const errorOf = (answer: Answer, destination = "echo.corp.test:7000", user?: string): AppError =>
  errorFromAnswer(answer, { target: parseTarget(destination, "https://proxy.corp.test:8443"), user });
const plain = (status: number, body = "", headers: Record<string, string> = {}): Answer => ({ status, headers, body });
const envoySays = (status: number, statusText: string): Answer =>
  plain(status, JSON.stringify({ requestId, status: String(status), statusText }), {
    server: "envoy",
    "x-request-id": requestId,
  });

describe("what a real Pomerium was seen to answer to CONNECT", () => {
  const connects = recorded.exchanges.filter(({ request }) => request[0]?.startsWith("CONNECT "));
  const signIn = { code: "sign-in-needed", retryable: false, message: /^proxy\.corp\.test wants you to sign in\.$/ };
  const expected: Record<string, { code: ErrorCode; retryable: boolean; message: RegExp; action?: RegExp } | null> = {
    "connect signed out, no Accept": { ...signIn, code: "sign-in-needed" },
    "connect signed out, JSON asked for": { ...signIn, code: "sign-in-needed" },
    "connect with a JWT the proxy does not know": { ...signIn, code: "sign-in-needed" },
    "connect signed in": null,
    "connect signed in, bearer form": null,
    "connect denied by policy, no Accept": {
      code: "access-denied",
      retryable: false,
      message: /denied\.corp\.test:7000.*as Alice/,
      action: /owner of the route/,
    },
    "connect denied by policy, JSON asked for": {
      code: "access-denied",
      retryable: false,
      message: /denied\.corp\.test:7000.*as Alice/,
      action: /owner of the route/,
    },
    "connect to a host without a route": {
      code: "no-such-route",
      retryable: false,
      message: /no route for nope\.corp\.test:7000/,
      action: /port in the route's address/,
    },
    "connect to the right host with a wrong port": {
      code: "no-such-route",
      retryable: false,
      message: /no route for echo\.corp\.test:7777/,
      action: /port in the route's address/,
    },
    "connect, upstream refuses": {
      code: "upstream-unavailable",
      retryable: true,
      message: /^Pomerium could not reach pg\.corp\.test:5432: it refused the connection\.$/,
    },
    "connect to a UDP route": { code: "access-denied", retryable: false, message: /dns\.corp\.test:7001/ },
  };

  it("is all covered here", () => {
    expect(connects.map(({ name }) => name).sort()).toEqual(Object.keys(expected).sort());
  });

  it.each(connects.filter(({ status }) => status >= 300).map((exchange) => [exchange.name, exchange] as const))(
    "%s",
    (name, exchange) => {
      const wanted = expected[name];
      if (!wanted) throw new Error("no expectation");
      const answer = answerOf(exchange);
      const destination = exchange.request[0]?.split(" ")[1];
      const error = errorOf(answer, destination, "Alice");
      expect(error).toMatchObject({
        code: wanted.code,
        retryable: wanted.retryable,
        status: exchange.status,
        requestId,
      });
      expect(error.message).toMatch(wanted.message);
      if (wanted.action) expect(error.userAction).toMatch(wanted.action);
      expect(wantsSignIn(answer)).toBe(wanted.code === "sign-in-needed");
    },
  );

  it("client certificate required by policy", () => {
    const { status, body } = recorded["client certificate required, policy"];
    expect(errorOf(answerOf({ status, body }))).toMatchObject({
      code: "client-certificate-needed",
      status: 495,
      requestId,
      userAction: expect.stringContaining("--client-cert") as string,
    });
  });
});

describe("other answers", () => {
  it.each([
    [421, "wrong-proxy", false],
    [429, "rate-limited", true],
    [450, "device-not-enrolled", false],
    [495, "client-certificate-needed", false],
    [500, "proxy-error", true],
    [502, "proxy-error", true],
    [503, "proxy-error", true],
    [504, "proxy-error", true],
    [599, "proxy-error", true],
    [400, "not-pomerium", false],
    [404, "not-pomerium", false],
    [405, "not-pomerium", false],
    [407, "not-pomerium", false],
    [418, "not-pomerium", false],
    [300, "not-pomerium", false],
    [304, "not-pomerium", false],
  ] as const)("%i without any sign of Pomerium is %s", (status, code, retryable) => {
    const answer = plain(status, "<html><title>nginx</title></html>", { server: "nginx" });
    expect(errorOf(answer)).toMatchObject({ code, retryable, status });
    expect(wantsSignIn(answer)).toBe(false);
  });

  it.each([301, 302, 303, 307, 308, 401])("%i asks for a sign-in, wherever it points", (status) => {
    const answer = plain(status, "", { location: "https://elsewhere.test/" });
    expect(wantsSignIn(answer)).toBe(true);
    expect(errorOf(answer)).toMatchObject({
      code: "sign-in-needed",
      userAction: "Run culvert login https://proxy.corp.test:8443.",
    });
  });

  it("a strange status of a Pomerium is not blamed on the URL", () => {
    expect(errorOf(envoySays(418, "teapot"))).toMatchObject({ code: "unexpected-answer", requestId });
    expect(errorOf(plain(400, "", { "x-pomerium-intercepted-response": "true" }))).toMatchObject({
      code: "unexpected-answer",
    });
  });

  it("404 of a Pomerium is about the route, 404 of a foreign web server about the URL", () => {
    expect(errorOf(envoySays(404, "route_not_found")).code).toBe("no-such-route");
    expect(errorOf(plain(404, "<h1>404 Not Found</h1>", { server: "nginx/1.24.0" }))).toMatchObject({
      code: "not-pomerium",
      message: "proxy.corp.test answered 404, but not as Pomerium does.",
      userAction: "Check the Pomerium URL.",
    });
  });

  it("450 names the page where the device is enrolled", () => {
    const error = errorOf(plain(450, JSON.stringify({ error: "Device Not Authorized", request_id: requestId })));
    expect(error).toMatchObject({ code: "device-not-enrolled", requestId });
    expect(error.userAction).toContain("https://proxy.corp.test:8443/.pomerium/");
  });

  it.each([
    ["remote_connection_failure|delayed_connect_error:_Connection_refused", "it refused the connection"],
    ["remote_connection_failure|connection_timeout", "it did not answer in time"],
    ["connection_timeout", "it did not answer in time"],
    ["remote_connection_failure|immediate_connect_error:_Network_is_unreachable", "there is no network route to it"],
    ["remote_connection_failure|delayed_connect_error:_No_route_to_host", "there is no network route to it"],
    ["remote_connection_failure|delayed_connect_error:_Connection_timed_out", "it did not answer in time"],
    ["connection_termination|remote_reset", "it reset the connection"],
    ["remote_connection_failure|delayed_connect_error:_Connection_reset_by_peer", "it reset the connection"],
    [
      "remote_connection_failure|TLS_error:_|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED",
      "TLS with it failed",
    ],
    ["overflow", "it has too many connections"],
  ])("503 because of %s says so in plain words", (detail, reason) => {
    const error = errorOf(envoySays(503, `upstream_reset_before_response_started{${detail}}`));
    expect(error).toMatchObject({ code: "upstream-unavailable", retryable: true, requestId });
    expect(error.message).toBe(`Pomerium could not reach echo.corp.test:7000: ${reason}.`);
  });

  it.each([
    ["no_healthy_upstream", "no healthy server is behind the route"],
    ["cluster_not_found", "no healthy server is behind the route"],
    ["dns_resolution_failure", "its name has no address there"],
    ["upstream_response_timeout", "it did not answer in time"],
  ])("503 %s says so in plain words", (statusText, reason) => {
    expect(errorOf(envoySays(503, statusText)).message).toBe(
      `Pomerium could not reach echo.corp.test:7000: ${reason}.`,
    );
  });

  it("503 for a reason that is not known says no more than that", () => {
    expect(errorOf(envoySays(503, "something_new")).message).toBe("Pomerium could not reach echo.corp.test:7000.");
  });

  it("403 without a known user still names the route", () => {
    expect(errorOf(plain(403)).message).toBe(
      "You may not use echo.corp.test:7000. proxy.corp.test knows you and its policy says no.",
    );
  });
});

describe("the proxy's id of the request", () => {
  it("comes from the header, else from either shape of the body", () => {
    expect(requestIdOf(plain(403, JSON.stringify({ request_id: "b" }), { "x-request-id": "a" }))).toBe("a");
    expect(requestIdOf(plain(403, JSON.stringify({ error: "Forbidden", request_id: "b" })))).toBe("b");
    expect(requestIdOf(plain(404, JSON.stringify({ requestId: "c" })))).toBe("c");
    expect(requestIdOf(plain(403))).toBeUndefined();
  });

  it.each(["", "a b", "a\u001b[2J", "a\r\nb", "<script>", "x".repeat(81), 7, null, { a: 1 }])(
    "is left out when it is %o",
    (id) => {
      expect(requestIdOf(plain(403, JSON.stringify({ request_id: id })))).toBeUndefined();
      if (typeof id === "string") expect(requestIdOf(plain(403, "", { "x-request-id": id }))).toBeUndefined();
    },
  );

  it("falls back to the body when the header is not fit to be shown", () => {
    expect(requestIdOf(plain(403, '{"request_id":"good"}', { "x-request-id": "bad one" }))).toBe("good");
  });
});

describe("hostile bodies", () => {
  const evil = "\u001b[2J<script>alert(1)</script>\r\n\0";
  const bodies: [string, string][] = [
    ["nothing", ""],
    ["HTML", `<html>${evil}</html>`],
    [
      "control characters in JSON",
      JSON.stringify({ error: evil, statusText: evil, requestId: evil, request_id: evil }),
    ],
    ["deep JSON", `${"[".repeat(8000)}${"]".repeat(8000)}`],
    ["long JSON", JSON.stringify({ statusText: "x".repeat(16_000) })],
    ["cut JSON", JSON.stringify({ statusText: "x".repeat(16_000) }).slice(0, 9_000)],
    ["prototype keys", '{"__proto__":{"statusText":"overflow","requestId":"p"},"constructor":{"prototype":{}}}'],
    ["an array", '["error"]'],
    ["null", "null"],
    ["a number", "503"],
    ["a string", '"error"'],
    ["not UTF-8", "\ufffd\ufffd\ufffd"],
  ];

  it.each(bodies)("%s: every status gives an error without a piece of it", (_name, body) => {
    for (let status = 300; status < 600; status += 1) {
      const error = errorOf(plain(status, body));
      const text = JSON.stringify(error.toData());
      expect(text).not.toMatch(/script|\\u00|xxxx/);
      expect(error.requestId).toBeUndefined();
      expect(error.message.length).toBeLessThan(300);
    }
  });

  it("never let a body's prototype keys speak for it", () => {
    const error = errorOf(plain(503, '{"__proto__":{"statusText":"overflow","requestId":"p"}}'));
    expect(error.code).toBe("proxy-error");
    expect(Object.prototype).not.toHaveProperty("statusText");
  });

  it("bounds the name of a user", () => {
    const error = errorOf(plain(403), "echo.corp.test:7000", `${evil}${"x".repeat(500)}`);
    expect(error.message.length).toBeLessThan(300);
    expect(error.message).not.toContain("\u001b");
  });

  it("says what is wrong with bytes that are no HTTP", () => {
    const error = notHttp(parseTarget("echo.corp.test:7000"), "the answer does not begin with HTTP/");
    expect(error).toMatchObject({ code: "not-pomerium", retryable: false, userAction: "Check the Pomerium URL." });
    expect(error.message).toContain("does not begin with HTTP/");
  });
});
