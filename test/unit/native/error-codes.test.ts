import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { storeError } from "../../../src/engine/certstore/program-errors.ts";
import { networkError } from "../../../src/engine/connect/network-errors.ts";
import { programEvent } from "../../../src/engine/tls/remote-key/messages.ts";
import { RemoteTlsError } from "../../../src/engine/tls/remote-key/remote-key.ts";

const native = path.join(import.meta.dirname, "../../../native");
const endings: Readonly<Record<string, readonly string[]>> = {
  linux: [".c", ".h"],
  macos: [".swift"],
  windows: [".cs"],
};

/** Alerts of TLS (RFC 8446 §6, RFC 5246 §7.2), as OpenSSL writes them. */
const alerts = new Set(
  `UNEXPECTED_MESSAGE BAD_RECORD_MAC DECRYPTION_FAILED RECORD_OVERFLOW DECOMPRESSION_FAILURE HANDSHAKE_FAILURE NO_CERTIFICATE
  BAD_CERTIFICATE UNSUPPORTED_CERTIFICATE CERTIFICATE_REVOKED CERTIFICATE_EXPIRED CERTIFICATE_UNKNOWN ILLEGAL_PARAMETER UNKNOWN_CA
  ACCESS_DENIED DECODE_ERROR DECRYPT_ERROR EXPORT_RESTRICTION PROTOCOL_VERSION INSUFFICIENT_SECURITY INTERNAL_ERROR
  INAPPROPRIATE_FALLBACK USER_CANCELLED NO_RENEGOTIATION MISSING_EXTENSION UNKNOWN_PSK_IDENTITY CERTIFICATE_REQUIRED
  NO_APPLICATION_PROTOCOL`.split(/\s+/),
);

/** Every string of the sources that has the form of a code. */
function codesOf(system: string): string[] {
  const folder = path.join(native, system);
  const files = readdirSync(folder).filter((file) => endings[system]?.includes(path.extname(file)));
  const texts = files.map((file) => readFileSync(path.join(folder, file), "utf8"));
  const found = texts.flatMap((text) => [...text.matchAll(/"([A-Z][A-Z0-9]*_[A-Z0-9_]+|E[A-Z]{4,})"/g)]);
  return [...new Set(found.map(([, code = ""]) => code))].sort();
}

const context = { store: "the store", where: "the store", hasPassword: true, passwordHint: "Give it." };
const proxy = { tls: true, host: "proxy.example.com", port: 443 };

describe.each(Object.keys(endings))("the program for %s", (system) => {
  const codes = codesOf(system);

  test("has codes for what goes wrong with TLS, with keys and with the connection", () => {
    expect(codes).toEqual(
      expect.arrayContaining([
        ...["CERT_HAS_EXPIRED", "CERT_REVOKED", "ERR_TLS_CERT_ALTNAME_INVALID", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"],
        ...["ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE", "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"],
        ...["CULVERT_KEY_REFUSED", "CULVERT_NO_SUCH_CERTIFICATE", "CULVERT_STORE", "CULVERT_TLS", "ECONNRESET"],
      ]),
    );
  });

  test.each(codes)("says %s, which the engine knows", (code) => {
    const event = programEvent(JSON.stringify({ event: "error", code, message: "" }));
    expect(event).toMatchObject({ error: { code } });
    const [, alert] = /_ALERT_(\w+)$/.exec(code) ?? [];
    if (alert !== undefined) expect(alerts).toContain(alert);
    if (code.startsWith("CULVERT_")) {
      // What is left is told with the program's own words.
      if (code !== "CULVERT_TLS") expect(storeError(new RemoteTlsError(code, ""), context)).not.toBeNull();
      return;
    }
    const told = networkError(new RemoteTlsError(code, ""), { proxy, hasClientCertificate: true }).code;
    if (code === "ECONNRESET") expect(told).toBe("connection-lost");
    else expect(told).toMatch(/^(certificate-.*|client-certificate-refused|tls-failed)$/);
    if (!code.startsWith("ERR_SSL_")) expect(told).toMatch(code === "ECONNRESET" ? /lost/ : /^certificate-/);
  });
});
