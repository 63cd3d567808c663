import { describe, expect, test } from "vitest";
import { networkError } from "../../../../src/engine/connect/network-errors.ts";
import { AppError, errorCodes, type AppErrorData } from "../../../../src/shared/errors.ts";
import type { ConnectionStatus } from "../../../../src/shared/model/status.ts";
import { errorWords } from "../../../../src/shared/words/errors.ts";
import { statusWords } from "../../../../src/shared/words/status.ts";

const now = new Date("2026-05-02T14:40:00").getTime();
const minutes = (n: number): number => now - n * 60_000;
const mysql = { listen: "3306", lastUsedAt: now - 26 * 3_600_000 };
const address = "127.0.0.1:3306";
const denied: AppErrorData = new AppError("access-denied", "You may not use mysql.corp:3306. It knows you.").toData();
const silent = new AppError("no-answer", "access.corp did not answer on port 443 within 10 s.").toData();
const offline = new AppError("network-unreachable", "There is no way to access.corp from this network.").toData();
const taken = new AppError("port-in-use", "node (process 4711) uses port 3306.", {
  userAction: "Choose another port, or close that program.",
}).toData();

describe("the seven states, as ui.md words them", () => {
  const cases: readonly (readonly [ConnectionStatus, string, string, string])[] = [
    [{ kind: "off" }, "", "Off", "last used yesterday"],
    [{ kind: "starting" }, "Starting", "Starting", "opening 127.0.0.1:3306"],
    [{ kind: "listening", address, since: minutes(4) }, "Listening", "Listening", "no clients, on for 4 min"],
    [
      { kind: "signing-in", address, since: minutes(4), waiting: 1, clients: 0, proxy: "https://a.corp" },
      "Signing in",
      "Signing in",
      "port 3306 is open, 1 client is waiting",
    ],
    [
      { kind: "connected", address, since: minutes(72), clients: 12, openedInMs: 38 },
      "12 clients",
      "Connected",
      "12 clients, on for 1 h 12 min",
    ],
    [
      { kind: "retrying", address, since: minutes(1), attempt: 4, nextAt: now + 7_400, error: silent, clients: 0 },
      "Retrying in 8 s",
      "Retrying in 8 s",
      "attempt 4, no answer",
    ],
    [
      { kind: "retrying", address, since: minutes(1), attempt: 4, nextAt: now + 7_400, error: offline, clients: 0 },
      "Waiting for network",
      "Waiting for network",
      "attempt 4",
    ],
    [
      { kind: "error", address, since: new Date("2026-05-02T14:32:10").getTime(), error: denied, clients: 0 },
      "Access denied",
      "Access denied",
      "since 14:32, will not retry by itself",
    ],
    [
      { kind: "error", address: null, since: minutes(0), error: taken, clients: 0 },
      "Port 3306 is in use",
      "Port 3306 is in use",
      "since 14:40, will not retry by itself",
    ],
  ];
  test.each(cases)("%o", (status, row, header, facts) => {
    expect(statusWords(mysql, status, now)).toMatchObject({ row, header, facts });
  });

  test("a free port has no number before it is open", () => {
    expect(statusWords({ listen: "", lastUsedAt: null }, { kind: "starting" }, now).facts).toBe("opening a free port");
  });
});

describe("errors", () => {
  test("the title is the fact, the text the rest and the next step", () => {
    const message =
      'This computer does not trust access.corp. Its certificate is signed by "Corp CA", which is not in the system store.';
    const words = errorWords(
      new AppError("certificate-not-trusted", message, {
        userAction: "Add your organisation's CA certificate (--alternate-ca-path), or ask your administrator for it.",
      }).toData(),
    );
    expect(words.title).toBe("This computer does not trust access.corp");
    expect(words.text).toBe(
      'Its certificate is signed by "Corp CA", which is not in the system store. Add your organisation’s CA certificate, or ask your administrator for it.',
    );
    expect(words.actions[0]).toBe("add-ca");
  });

  test("a certificate that no CA mends is not met with a CA", () => {
    const proxy = { tls: true, host: "access.corp", port: 443 };
    const wordsOf = (code: string) =>
      errorWords(networkError(Object.assign(new Error(), { code }), { proxy, hasClientCertificate: false }).toData());
    for (const code of ["INVALID_PURPOSE", "CERT_CHAIN_TOO_LONG", "UNSPECIFIED"]) {
      const { text, actions } = wordsOf(code);
      expect(text).toMatch(
        /No CA that you add mends that: ask the administrator of the proxy for another certificate\.$/,
      );
      expect(actions).toEqual(["try-again", "copy-report"]);
    }
    for (const code of ["SELF_SIGNED_CERT_IN_CHAIN", "CERT_SIGNATURE_FAILURE"]) {
      const { text, actions } = wordsOf(code);
      expect(text).toMatch(/CA certificate, or|add its new certificate, or ask your administrator for it\.$/);
      expect(text).not.toContain("--");
      expect(actions[0]).toBe("add-ca");
    }
  });

  test("a lost connection keeps the next step that was found for it", () => {
    const step = "Check that it is the right one; otherwise check the network.";
    const lost = new AppError("connection-lost", "The connection to access.corp was lost. It asks.", {
      userAction: step,
    });
    expect(errorWords(lost.toData()).text).toBe(`It asks. ${step}`);
  });

  test("a process number is for the log, not for a title", () => {
    expect(errorWords(taken).title).toBe("node uses port 3306");
    expect(errorWords(taken).text).toBe("Choose another port, or close that program.");
  });

  test("a sentence may begin with a host name", () => {
    const message = "You may not use db.corp:5432. access.corp knows you as ada@corp and its policy says no.";
    const words = errorWords(new AppError("access-denied", message, { userAction: "Ask the owner." }).toData());
    expect(words.title).toBe("You may not use db.corp:5432");
    expect(words.text).toBe("access.corp knows you as ada@corp and its policy says no. Ask the owner.");
  });

  test("dots in host names end no sentence", () => {
    expect(errorWords(silent).title).toBe("access.corp did not answer on port 443 within 10 s");
  });

  test("full stops in the names of a refused client certificate end no sentence", () => {
    const message = 'access.corp did not accept the client certificate "Ada B. Lovelace", signed by "Corp Inc. CA".';
    const words = errorWords(new AppError("client-certificate-refused", message, { userAction: "Ask." }).toData());
    expect([`${words.title}.`, words.text]).toEqual([message, "Ask."]);
  });

  test.each(errorCodes)("%s has short words, and none of the command line", (code) => {
    const words = errorWords(new AppError(code, "It failed.", { userAction: "Do it." }).toData());
    expect(words.row.length).toBeGreaterThan(3);
    expect(words.row.length).toBeLessThan(32);
    expect(`${words.row} ${words.text}`).not.toMatch(/--|culvert login/);
  });
});
