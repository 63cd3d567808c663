import { describe, expect, it } from "vitest";
import { codeOf, networkError, noAnswer, type NetworkContext } from "../../../../src/engine/connect/network-errors.ts";
import { AppError, type ErrorCode } from "../../../../src/shared/errors.ts";

const proxy = { tls: true, host: "proxy.corp.test", port: 8443 };
const without: NetworkContext = { proxy, hasClientCertificate: false };
const withCertificate: NetworkContext = { proxy, hasClientCertificate: true };
const peer = {
  subject: { CN: "elsewhere.test" },
  issuer: { CN: "Corp CA", O: "Corp" },
  subjectaltname: "DNS:elsewhere.test, DNS:*.elsewhere.test, IP Address:192.0.2.1",
  valid_from: "Jan 1 00:00:00 2090 GMT",
  valid_to: "Jan 1 00:00:00 2020 GMT",
} as unknown as NonNullable<NetworkContext["peer"]>;
const failure = (code: string): Error => Object.assign(new Error(`secret text of ${code}`), { code });

describe("errors of sockets and TLS", () => {
  it.each([
    ["ENOTFOUND", "host-not-found", true],
    ["EAI_AGAIN", "host-not-found", true],
    ["ECONNREFUSED", "refused", true],
    ["ENETUNREACH", "network-unreachable", true],
    ["EHOSTUNREACH", "network-unreachable", true],
    ["ENETDOWN", "network-unreachable", true],
    ["EADDRNOTAVAIL", "network-unreachable", true],
    ["ETIMEDOUT", "no-answer", true],
    ["ECONNRESET", "connection-lost", true],
    ["EPIPE", "connection-lost", true],
    ["ERR_HTTP2_SESSION_ERROR", "connection-lost", true],
    ["", "connection-lost", true],
    ["SELF_SIGNED_CERT_IN_CHAIN", "certificate-not-trusted", false],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "certificate-not-trusted", false],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "certificate-not-trusted", false],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "certificate-not-trusted", false],
    ["CERT_SIGNATURE_FAILURE", "certificate-not-trusted", false],
    ["INVALID_PURPOSE", "certificate-not-trusted", false],
    ["UNSPECIFIED", "certificate-not-trusted", false],
    ["CERT_REVOKED", "certificate-revoked", false],
    ["CERT_HAS_EXPIRED", "certificate-expired", false],
    ["CERT_NOT_YET_VALID", "certificate-not-yet-valid", false],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "certificate-wrong-name", false],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "tls-failed", false],
    ["ERR_SSL_PACKET_LENGTH_TOO_LONG", "tls-failed", false],
    ["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", "tls-failed", false],
    ["ERR_SSL_NO_PROTOCOLS_AVAILABLE", "tls-failed", false],
    ["EPROTO", "tls-failed", false],
  ] as const)("%s is %s", (code, expected: ErrorCode, retryable) => {
    const error = networkError(failure(code), without);
    expect(error).toMatchObject({ code: expected, retryable });
    expect(error.message).toContain("proxy.corp.test");
    expect(error.message).not.toContain("secret");
    expect(error.userAction).toMatch(/\.$/);
  });

  it.each([
    ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "client-certificate-needed", "client-certificate-refused"],
    ["ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE", "client-certificate-needed", "client-certificate-refused"],
    ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "tls-failed", "client-certificate-refused"],
    ["ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE", "client-certificate-needed", "client-certificate-refused"],
    ["ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED", "tls-failed", "client-certificate-refused"],
    ["ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_REVOKED", "tls-failed", "client-certificate-refused"],
    ["ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN", "tls-failed", "client-certificate-refused"],
    ["ERR_SSL_TLSV1_ALERT_ACCESS_DENIED", "tls-failed", "client-certificate-refused"],
    ["ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR", "tls-failed", "client-certificate-refused"],
  ] as const)("%s depends on whether a certificate was sent", (code, none: ErrorCode, sent: ErrorCode) => {
    expect(networkError(failure(code), without).code).toBe(none);
    expect(networkError(failure(code), withCertificate).code).toBe(sent);
  });

  it("names what the certificate says", () => {
    const say = (code: string): string => networkError(failure(code), { ...without, peer }).message;
    expect(say("SELF_SIGNED_CERT_IN_CHAIN")).toContain('"Corp CA"');
    expect(say("CERT_HAS_EXPIRED")).toContain("2020");
    expect(say("CERT_REVOKED")).toBe('The certificate of proxy.corp.test was revoked by "Corp CA".');
    expect(say("CERT_NOT_YET_VALID")).toContain("2090");
    expect(say("ERR_TLS_CERT_ALTNAME_INVALID")).toContain("elsewhere.test, *.elsewhere.test, 192.0.2.1");
  });

  it("does without what the certificate does not say", () => {
    const bare = { subject: {}, issuer: {} } as unknown as NonNullable<NetworkContext["peer"]>;
    const several = { subject: { CN: ["a", "b"] }, issuer: { CN: ["c", "d"] } } as unknown as typeof bare;
    const empty = {} as typeof bare;
    const codes = [
      "SELF_SIGNED_CERT_IN_CHAIN",
      "INVALID_CA",
      "CERT_REVOKED",
      "CERT_HAS_EXPIRED",
      "CERT_NOT_YET_VALID",
      "ERR_TLS_CERT_ALTNAME_INVALID",
    ];
    for (const code of codes) {
      for (const given of [bare, several, empty, undefined]) {
        const { message } = networkError(failure(code), { ...without, peer: given });
        expect(message).not.toMatch(/undefined|object/);
      }
    }
    expect(networkError(failure("SELF_SIGNED_CERT_IN_CHAIN"), { ...without, peer: several }).message).toContain("c, d");
    expect(networkError(failure("SELF_SIGNED_CERT_IN_CHAIN"), { ...without, peer: bare }).message).toContain(
      "unnamed CA",
    );
  });

  it("shows names of a certificate in bounds and without control characters", () => {
    const evil = {
      ...peer,
      issuer: { CN: `\u001b[2J${"x".repeat(500)}` },
      subjectaltname: `DNS:\u0007${"y".repeat(500)}`,
    };
    for (const code of ["SELF_SIGNED_CERT_IN_CHAIN", "ERR_TLS_CERT_ALTNAME_INVALID"]) {
      const { message } = networkError(failure(code), { ...without, peer: evil });
      expect(message.length).toBeLessThan(300);
      expect(message).not.toMatch(/\p{Cc}/u);
    }
  });

  it("names the CAs that were given, in bounds and without control characters", () => {
    const names = Array.from({ length: 500 }, () => ({ CN: `\u001b[2J${"x".repeat(500)}` }));
    const givenCas = (): typeof names => names;
    for (const code of ["SELF_SIGNED_CERT_IN_CHAIN", "DEPTH_ZERO_SELF_SIGNED_CERT"]) {
      const { message } = networkError(failure(code), { ...without, peer, givenCas });
      expect(message).toMatch(
        /one of the 500 CAs that were given \("\?\[2Jx+…", "\?\[2Jx+…", "\?\[2Jx+…" and 497 others\)\.$/,
      );
      expect(message.length).toBeLessThan(700);
      expect(message).not.toMatch(/\p{Cc}/u);
    }
  });

  it("names the client certificate that was refused, in bounds and without control characters", () => {
    const own = {
      subject: { CN: `\u001b[2J${"x".repeat(500)}` },
      issuer: { CN: `\u0007${"y".repeat(500)}` },
      valid_to: "tomorrow",
    } as unknown as NonNullable<NetworkContext["own"]>;
    const { message } = networkError(failure("ERR_SSL_TLSV1_ALERT_UNKNOWN_CA"), { ...withCertificate, own });
    expect(message).toMatch(
      /^proxy\.corp\.test did not accept the client certificate "\?\[2Jx+…", signed by "\?y+…": it does not trust the CA that signed it\.$/,
    );
    expect(message.length).toBeLessThan(350);
    expect(message).not.toMatch(/\p{Cc}|tomorrow|undefined|NaN/u);
  });

  it("walks a chain that is linked to itself", () => {
    const root: Record<string, unknown> = { subject: { CN: "Root" }, issuer: { CN: "Root" } };
    root["issuerCertificate"] = root;
    const linked = { ...peer, issuerCertificate: root } as unknown as NonNullable<NetworkContext["peer"]>;
    expect(networkError(failure("SELF_SIGNED_CERT_IN_CHAIN"), { ...without, peer: linked }).message).toContain(
      'signed by "Corp CA", and that by "Root", which is not in the system store.',
    );
  });

  it("leaves an AppError as it is, and takes anything else", () => {
    const error = new AppError("cancelled", "No.");
    expect(networkError(error, without)).toBe(error);
    for (const odd of [undefined, null, "x", 7, {}, { code: 7 }]) {
      expect(networkError(odd, without)).toMatchObject({ code: "connection-lost" });
      expect(codeOf(odd)).toBe("");
    }
  });

  it("names the port that is not TLS, and the step that took too long", () => {
    expect(networkError(failure("ERR_SSL_WRONG_VERSION_NUMBER"), without).message).toContain("port 8443");
    expect(networkError(failure("ECONNREFUSED"), without).message).toContain("port 8443");
    expect(noAnswer(proxy, 10_000).message).toBe("proxy.corp.test did not answer on port 8443 within 10 s.");
    expect(noAnswer(proxy, 50, undefined, "start HTTP/2").message).toBe(
      "proxy.corp.test did not start HTTP/2 on port 8443 within 50 ms.",
    );
    expect(noAnswer(proxy, null)).toMatchObject({ code: "no-answer", retryable: true });
  });
});
