import { createPrivateKey } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { Connection, ConnectionInput } from "../../../../src/shared/model/connection.ts";
import { createPki, type Identity, type Pki } from "../../../support/access-proxy/pki.ts";
import { connection, connectionInput } from "../connections.ts";
import { rig } from "./rig.ts";

const plain = { turnOn: false, restart: false, secretsFrom: null } as const;

let pki: Pki;
beforeAll(async () => {
  pki = await createPki({ names: ["access.example.com"] });
});
afterAll(() => pki.remove());

/** Where the user keeps certificate and key. */
let files: { readonly certificate: string; readonly key: string };
beforeEach(() => {
  const folder = mkdtempSync(path.join(tmpdir(), "culvert-followed-"));
  files = { certificate: path.join(folder, "ada.crt"), key: path.join(folder, "ada.key") };
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

const write = ({ certPem, keyPem }: Pick<Identity, "certPem" | "keyPem">): void => {
  writeFileSync(files.certificate, certPem);
  writeFileSync(files.key, keyPem);
};

const withFiles = ({ certPem, keyPem }: Identity, about: Partial<ConnectionInput> = {}): ConnectionInput =>
  connectionInput({
    ...about,
    clientCertificate: {
      kind: "pem",
      certificate: certPem,
      label: "ada.crt",
      key: { kind: "set", value: keyPem },
      passphrase: { kind: "set", value: "" },
      files,
    },
  });

/** What an editor sends that was opened on this connection, with nothing of its secrets changed. */
function unchanged(saved: Connection): ConnectionInput {
  const { pinned: _pinned, lastUsedAt: _lastUsedAt, ...rest } = saved;
  if (saved.clientCertificate.kind !== "pem") throw new Error("it has no certificate");
  const keeps = { key: { kind: "keep" }, passphrase: { kind: "keep" } } as const;
  return { ...rest, auth: { kind: "browser" }, clientCertificate: { ...saved.clientCertificate, ...keeps } };
}

/** A main process with one connection whose certificate was chosen in these files. */
async function following(identity: Identity = pki.client) {
  const one = await rig();
  write(identity);
  for (const [purpose, file] of [
    ["certificate", files.certificate],
    ["key", files.key],
  ] as const) {
    one.desktop.file = file;
    await one.calls["pick-file"](purpose);
  }
  const input = withFiles(identity);
  expect(await one.calls["save-connection"](input, plain)).toEqual({ outcome: "saved" });
  const saved = (): Connection => {
    const found = one.connections.get(input.id);
    if (!found) throw new Error("it is not saved");
    return found;
  };
  const certificate = (): string => {
    const { clientCertificate } = saved();
    return clientCertificate.kind === "pem" ? clientCertificate.certificate : "";
  };
  const log = () => one.tunnels.activity(input.id).log.map(({ level, message }) => `${level} ${message}`);
  return { ...one, id: input.id, saved, certificate, key: () => one.secrets.get(input.id).key?.trimEnd(), log };
}

test("a page cannot have a file read as a client certificate that nobody chose for one", async () => {
  const { calls, desktop } = await rig();
  write(pki.client);
  const refused = [{ field: "certificate", level: "error", message: "Choose the certificate and its key again" }];
  expect(await calls["check-connection"](withFiles(pki.client))).toEqual(refused);
  desktop.file = files.certificate;
  await calls["pick-file"]("certificate");
  desktop.file = files.key;
  await calls["pick-file"]("token");
  expect(await calls["check-connection"](withFiles(pki.client))).toEqual(refused);
  await calls["pick-file"]("key");
  expect(await calls["check-connection"](withFiles(pki.client))).toEqual([]);
});

test("renewed files are taken over, a half of them is not, and without them the copy stays", async () => {
  const { followed, id, certificate, key, saved, log, secrets } = await following();
  await secrets.set(id, { ...secrets.get(id), token: "another secret" });
  writeFileSync(files.certificate, pki.secondClient.certPem);
  await followed.refresh(id);
  expect([certificate(), key()]).toEqual([pki.client.certPem, pki.client.keyPem.trimEnd()]);
  expect(log()).toEqual([]);
  writeFileSync(files.key, pki.secondClient.keyPem);
  await followed.refresh(id);
  expect([certificate(), key()]).toEqual([pki.secondClient.certPem, pki.secondClient.keyPem.trimEnd()]);
  expect(secrets.get(id).token).toBe("another secret");
  expect(JSON.stringify(saved())).not.toContain("PRIVATE KEY");
  expect(log()).toEqual(["info The client certificate was renewed; new clients use the new one"]);

  write(pki.expiredClient);
  await followed.refresh(id);
  for (const file of Object.values(files)) rmSync(file);
  await followed.refresh(id);
  expect(certificate()).toBe(pki.secondClient.certPem);
  expect(followed.tlsOf(saved()).clientCertificate).toEqual({ cert: certificate(), key: key() });
});

test("one file that holds both is followed too, and only the certificate goes into the list", async () => {
  const { certPem, keyPem } = pki.secondClient;
  const { followed, certificate, key, saved, connections } = await following();
  const both = { certificate: files.certificate, key: files.certificate };
  const { clientCertificate } = saved();
  if (clientCertificate.kind !== "pem") throw new Error("it has no certificate");
  connections.put({ ...saved(), clientCertificate: { ...clientCertificate, files: both } });
  writeFileSync(files.certificate, `Bag Attributes\n${keyPem}\n${certPem}`);
  await followed.refresh(saved().id);
  expect([certificate(), key()]).toEqual([certPem, keyPem.trimEnd()]);
});

test("a tunnel asks before each connection to its proxy, and hears of what changed alone", async () => {
  const { followed, saved, certificate, calls, id, log, tunnels } = await following();
  await calls["set-on"]([id], true);
  await vi.waitFor(() => expect(tunnels.status(id).kind).toBe("listening"));
  const source = followed.tlsOf(saved()).clientCertificateSource;
  expect(await source?.changed()).toBeNull();
  write(pki.secondClient);
  expect(await source?.changed()).toEqual({ cert: pki.secondClient.certPem, key: pki.secondClient.keyPem.trimEnd() });
  expect(certificate()).toBe(pki.secondClient.certPem);
  expect(await source?.changed()).toBeNull();

  writeFileSync(files.key, pki.client.keyPem);
  await expect(source?.changed()).rejects.toThrow("This key does not belong to this certificate.");
  rmSync(files.key);
  await expect(source?.changed()).rejects.toThrow("Culvert cannot read ada.key: there is no such file.");
  const stays = "The client certificate stays as it was, since its files cannot be used";
  expect(log().filter((line) => line.includes("certificate"))).toEqual([
    "info The client certificate was renewed; new clients use the new one",
    `warning ${stays}: This key does not belong to this certificate.`,
    `info ${stays}: Culvert cannot read ada.key: there is no such file.`,
  ]);
});

test("an expired copy does not keep a connection from starting whose files were renewed", async () => {
  const { calls, id, saved, connections, secrets, tunnels, certificate } = await following();
  const { clientCertificate } = saved();
  if (clientCertificate.kind !== "pem") throw new Error("it has no certificate");
  connections.put({ ...saved(), clientCertificate: { ...clientCertificate, certificate: pki.expiredClient.certPem } });
  await secrets.set(id, { key: pki.expiredClient.keyPem });
  await calls["set-on"]([id], true);
  await vi.waitFor(() => expect(tunnels.status(id).kind).toBe("listening"));
  expect(certificate()).toBe(pki.client.certPem);
});

test("an editor that was open during a renewal saves the renewed certificate, and cuts nobody off", async () => {
  const { calls, id, saved, certificate, key, tunnels } = await following();
  const opened = unchanged(saved());
  await calls["set-on"]([id], true);
  await vi.waitFor(() => expect(tunnels.status(id).kind).toBe("listening"));
  const { since } = tunnels.status(id) as { since?: number };
  write(pki.secondClient);
  const edited = { ...opened, name: "Other" };
  expect(await calls["check-connection"](edited)).toEqual([]);
  expect(await calls["save-connection"](edited, plain)).toEqual({ outcome: "saved" });
  expect([saved().name, certificate(), key()]).toEqual([
    "Other",
    pki.secondClient.certPem,
    pki.secondClient.keyPem.trimEnd(),
  ]);
  expect(tunnels.status(id)).toMatchObject({ kind: "listening", since });
});

test("what follows the same files is renewed with it, where the same passphrase opens its key", async () => {
  const { followed, id, saved, connections, secrets } = await following();
  const { clientCertificate } = saved();
  const [same, other, elsewhere] = ["Same", "Other passphrase", "Elsewhere"].map((name) =>
    connection({ name, clientCertificate }),
  ) as [Connection, Connection, Connection];
  if (clientCertificate.kind !== "pem") throw new Error("it has no certificate");
  const key = pki.client.keyPem;
  connections.put(same, other, {
    ...elsewhere,
    clientCertificate: { ...clientCertificate, files: { ...files, key: "/elsewhere.key" } },
  });
  await secrets.set(same.id, { key });
  await secrets.set(other.id, { key, passphrase: "of its own" });
  await secrets.set(elsewhere.id, { key });
  write(pki.secondClient);
  await followed.refresh(id);
  const renewed = connections
    .all()
    .filter((one) => one.clientCertificate.kind === "pem" && one.clientCertificate.certificate !== pki.client.certPem);
  expect(renewed.map((one) => one.id)).toEqual([id, same.id]);
  expect(secrets.get(same.id).key).toBe(pki.secondClient.keyPem.trimEnd());
  expect(secrets.get(other.id)).toEqual({ key, passphrase: "of its own" });
});

test("an encrypted key is renewed with the passphrase that is kept", async () => {
  const { followed, id, certificate, secrets } = await following();
  const encrypted = (passphrase: string): string =>
    createPrivateKey(pki.secondClient.keyPem)
      .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase })
      .toString();
  await secrets.set(id, { ...secrets.get(id), passphrase: "kept" });
  write({ certPem: pki.secondClient.certPem, keyPem: encrypted("new") });
  await followed.refresh(id);
  expect(certificate()).toBe(pki.client.certPem);
  write({ certPem: pki.secondClient.certPem, keyPem: encrypted("kept") });
  await followed.refresh(id);
  expect(certificate()).toBe(pki.secondClient.certPem);
});
