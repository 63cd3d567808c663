import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { tlsSettingsOf } from "../../../../src/main/state/tunnel-settings.ts";
import type { ConnectionInput } from "../../../../src/shared/model/connection.ts";
import { Authority } from "../../../support/certificates.ts";
import { sampleFingerprint, samples } from "../../engine/tls/pkcs12-samples.ts";
import { connectionInput } from "../connections.ts";
import { rig } from "./rig.ts";

const plain = { turnOn: false, restart: false, secretsFrom: null } as const;
const { file, passphrase } = samples.openssl1;

const withPkcs12 = (given: string = passphrase, bytes: string = file): ConnectionInput =>
  connectionInput({ clientCertificate: { kind: "pkcs12", file: bytes, label: "ada.p12", passphrase: given } });

test("a PKCS#12 file is saved as its certificate; its key is a secret, and file and passphrase are kept nowhere", async () => {
  const { calls, connections, secrets, state, changes } = await rig();
  const input = withPkcs12();
  state.snapshot();
  expect(await calls["check-connection"](input)).toEqual([]);
  expect(await calls["save-connection"](input, plain)).toEqual({ outcome: "saved" });
  const saved = connections.get(input.id);
  if (saved?.clientCertificate.kind !== "pem") throw new Error("it has no certificate");
  expect(saved.clientCertificate.label).toBe("ada.p12");
  expect(new X509Certificate(saved.clientCertificate.certificate).fingerprint256).toBe(sampleFingerprint);
  expect(Object.keys(secrets.get(input.id))).toEqual(["key"]);
  expect(tlsSettingsOf(saved, secrets.get(input.id)).clientCertificate?.key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  const told = JSON.stringify([connections.all(), changes(), state.snapshot()]);
  expect(told).not.toMatch(/PRIVATE KEY/);
  for (const secret of [passphrase, file.slice(0, 40), (secrets.get(input.id).key ?? "").slice(30, 70)])
    expect(told).not.toContain(secret);
  expect(JSON.stringify(secrets.get(input.id))).not.toContain(passphrase);

  // Later edits keep the key, as with any other.
  const later = connectionInput({
    id: input.id,
    name: "Other",
    clientCertificate: { ...saved.clientCertificate, key: { kind: "keep" }, passphrase: { kind: "keep" } },
  });
  expect(await calls["save-connection"](later, plain)).toEqual({ outcome: "saved" });
  expect(Object.keys(secrets.get(input.id))).toEqual(["key"]);
});

test.each([
  ["wrong", file, "passphrase", "The passphrase does not open ada.p12"],
  ["", file, "passphrase", "ada.p12 needs its passphrase"],
  [passphrase, Buffer.from("junk").toString("base64"), "certificate", /^ada\.p12 is neither .* nor a PKCS#12 file$/],
  [passphrase, file.slice(0, 400), "certificate", /^ada\.p12 is /],
  [passphrase, samples.rc4.file, "certificate", /^ada\.p12 is protected in a way that Culvert does not know/],
  [passphrase, "", "certificate", "Add the certificate"],
])("the passphrase %j for a file that begins %.8s is told beside its field, and nothing is saved", async (...given) => {
  const [word, bytes, field, message] = given;
  const { calls, connections } = await rig();
  const input = withPkcs12(word, bytes);
  const problems = await calls["check-connection"](input);
  const words = typeof message === "string" ? message : (expect.stringMatching(message) as string);
  expect(problems).toEqual([{ field, level: "error", message: words }]);
  expect(await calls["save-connection"](input, plain)).toEqual({ outcome: "problems", problems });
  expect(connections.all()).toEqual([]);
});

test("what is wrong with a certificate is told in a few words beside it, since the editor shows which one it is", async () => {
  const { calls } = await rig();
  const corp = await Authority.root("CN=Corp CA");
  const [over, server, other] = await Promise.all([
    corp.issue({ subject: "CN=over", fromDays: -30, toDays: -2 }),
    corp.issue({ subject: "CN=server", usage: "server" }),
    corp.issue({ subject: "CN=other" }),
  ]);
  const told = async ({ cert, key }: { readonly cert: string; readonly key: string }): Promise<unknown> => {
    const given = { kind: "pem", certificate: cert, label: "ada.pem" } as const;
    const secret = { key: { kind: "set", value: key }, passphrase: { kind: "set", value: "" } } as const;
    const problems = await calls["check-connection"](connectionInput({ clientCertificate: { ...given, ...secret } }));
    return problems.map(({ field, message }) => `${field}: ${message.replace(/\d+ \w+ \d{4}/, "DATE")}`);
  };
  expect(await told(over)).toEqual(["certificate: This certificate ended on DATE"]);
  expect(await told(server)).toEqual([
    "certificate: This certificate is not for client authentication, but for server authentication",
  ]);
  expect(await told({ cert: other.cert, key: over.key })).toEqual([
    "key: This key does not belong to this certificate",
  ]);
});

test("a certificate is described from PEM and from PKCS#12, and null stands for what cannot be read", async () => {
  const { calls } = await rig();
  const described = await calls["describe-certificate"]({ kind: "pkcs12", file, passphrase });
  expect(described).toMatchObject({ name: "sample", issuerName: "sample", fingerprint: sampleFingerprint });
  expect(described?.subject.split(", ").sort()).toEqual(["CN=sample", "O=Culvert tests"]);
  expect(await calls["describe-certificate"]({ kind: "pkcs12", file, passphrase: "wrong" })).toBeNull();
  expect(await calls["describe-certificate"]({ kind: "pem", certificate: "junk" })).toBeNull();
});

test("a chosen file that is no text comes as base64, a certificate or key in DER as PEM", async () => {
  const { calls, connections, secrets, desktop } = await rig();
  const folder = mkdtempSync(path.join(tmpdir(), "culvert-files-"));
  try {
    desktop.file = path.join(folder, "ada.p12");
    writeFileSync(desktop.file, Buffer.from(file, "base64"));
    expect(await calls["pick-file"]("certificate")).toEqual({
      name: "ada.p12",
      path: desktop.file,
      text: "",
      base64: file,
    });
    const input = withPkcs12();
    await calls["save-connection"](input, plain);
    const saved = connections.get(input.id)?.clientCertificate;
    const pem = saved?.kind === "pem" ? saved.certificate : "";
    desktop.file = path.join(folder, "ca.cer");
    writeFileSync(desktop.file, new X509Certificate(pem).raw);
    expect(await calls["pick-file"]("ca")).toMatchObject({ text: pem });
    // What is dropped is taken alike, though a page does not hear where it is.
    const der = new X509Certificate(pem).raw.toString("base64");
    expect(await calls["read-dropped"]("certificate", der)).toEqual({ text: pem });
    expect(await calls["read-dropped"]("certificate", file)).toEqual({ text: "", base64: file });
    const key = createPrivateKey(secrets.get(input.id).key ?? "");
    desktop.file = path.join(folder, "ada.key");
    writeFileSync(desktop.file, key.export({ type: "pkcs8", format: "der" }));
    const picked = await calls["pick-file"]("key");
    expect(createPrivateKey(picked?.text ?? "").equals(key)).toBe(true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
