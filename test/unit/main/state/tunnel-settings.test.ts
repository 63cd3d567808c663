import { expect, test } from "vitest";
import { checkTlsSettings } from "../../../../src/engine/index.ts";
import { tlsSettingsOf } from "../../../../src/main/state/tunnel-settings.ts";
import { connection } from "../connections.ts";

test.each([
  ["", "", {}],
  ["CN=Corp CA", "", { issuer: "CN=Corp CA" }],
  ["", "O=Corp", { subject: "O=Corp" }],
  ["CN=Corp CA", "O=Corp", { issuer: "CN=Corp CA", subject: "O=Corp" }],
])("a search with issuer %j and subject %j is one for the engine, and needs no secret", (issuer, subject, wanted) => {
  const settings = tlsSettingsOf(connection({ clientCertificate: { kind: "search", issuer, subject } }), {});
  expect(settings).toEqual({ verify: true, ca: [], clientCertificateSearch: wanted });
  expect(() => checkTlsSettings(settings)).not.toThrow();
});
