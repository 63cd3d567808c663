import { createPrivateKey, KeyObject, webcrypto } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { FollowedCertificates } from "../../../../src/main/state/followed-certificates.ts";
import type { Connection, ConnectionInput } from "../../../../src/shared/model/connection.ts";
import "../../../support/access-proxy/metadata-polyfill.ts";
import * as x509 from "@peculiar/x509";
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

/** A certificate whose key is too short for what TLS asks for today. */
async function weak(): Promise<Pick<Identity, "certPem" | "keyPem">> {
  const algorithm = {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength: 1024,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const about = { name: "CN=weak", notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 600_000) };
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    { ...about, keys, signingAlgorithm: algorithm },
    webcrypto,
  );
  const key = KeyObject.from(keys.privateKey).export({ type: "pkcs8", format: "pem" });
  return { certPem: certificate.toString("pem"), keyPem: key.toString() };
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

  const wrongKey = 'This key does not belong to the certificate of "bob", signed by "Culvert test client CA".';
  writeFileSync(files.key, pki.client.keyPem);
  await expect(source?.changed()).rejects.toThrow(wrongKey);
  rmSync(files.key);
  await expect(source?.changed()).rejects.toThrow("Culvert cannot read ada.key: there is no such file.");
  const stays = "The client certificate stays as it was, since its files cannot be used";
  expect(log().filter((line) => line.includes("certificate"))).toEqual([
    "info The client certificate was renewed; new clients use the new one",
    `warning ${stays}: ${wrongKey}`,
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

/** Turned on, and its tunnel stands. */
async function turnedOn({ calls, tunnels, id }: Awaited<ReturnType<typeof following>>): Promise<void> {
  await calls["set-on"]([id], true);
  await vi.waitFor(() => expect(tunnels.status(id).kind).toBe("listening"));
}

test("what is wrong with the files is told once, however many look at them, and again when they have been good", async () => {
  const one = await following();
  const { followed, saved, log } = one;
  await turnedOn(one);
  const sources = [followed.tlsOf(saved()), followed.tlsOf(saved())].map((tls) => tls.clientCertificateSource);
  const look = () => Promise.allSettled(sources.map(async (source) => source?.changed()));
  const kept = () => log().filter((line) => line.includes("stays as it was")).length;
  await look();
  writeFileSync(files.key, pki.secondClient.keyPem);
  await look();
  expect(kept()).toBe(1);
  write(pki.client);
  await look();
  expect(kept()).toBe(1);
  writeFileSync(files.key, pki.secondClient.keyPem);
  await look();
  expect(kept()).toBe(2);
});

test("with another passphrase it is another source, whose id does not tell the passphrase", async () => {
  const { followed, id, saved, secrets } = await following();
  const idWith = async (passphrase: string): Promise<string | undefined> => {
    await secrets.set(id, { ...secrets.get(id), passphrase });
    return followed.tlsOf(saved()).clientCertificateSource?.id;
  };
  const [a, again, b] = [await idWith("first one"), await idWith("first one"), await idWith("second one")];
  expect([a === again, a === b]).toEqual([true, false]);
  expect(a).not.toContain("first one");
});

test("a renewed certificate that TLS does not take does not replace one that it takes", async () => {
  const { followed, id, certificate, key, saved } = await following();
  const source = followed.tlsOf(saved()).clientCertificateSource;
  write(await weak());
  await followed.refresh(id);
  await expect(source?.changed()).rejects.toThrow("TLS does not take these settings");
  expect([certificate(), key()]).toEqual([pki.client.certPem, pki.client.keyPem.trimEnd()]);
});

test("a renewal while an edit is being checked is not undone by it", async () => {
  const { calls, id, saved, certificate, key, connections, secrets, outside } = await following();
  const edited = { ...unchanged(saved()), name: "Other" };
  const { policy } = outside;
  const { clientCertificate } = saved();
  if (clientCertificate.kind !== "pem") throw new Error("it has no certificate");
  const { certPem, keyPem } = pki.secondClient;
  // The rules are asked for after certificate and key have been taken from the list.
  const asked = vi.spyOn(outside, "policy", "get").mockImplementation(() => {
    connections.put({ ...saved(), clientCertificate: { ...clientCertificate, certificate: certPem } });
    void secrets.set(id, { ...secrets.get(id), key: keyPem });
    return policy;
  });
  expect(await calls["save-connection"](edited, plain)).toEqual({ outcome: "saved" });
  expect(asked).toHaveBeenCalled();
  expect([saved().name, certificate(), key()]).toEqual(["Other", certPem, keyPem.trimEnd()]);
});

test("files that hang hold few threads, and a start only once", async () => {
  const { connections, secrets, saved } = await following();
  const { clientCertificate } = saved();
  if (clientCertificate.kind !== "pem") throw new Error("it has no certificate");
  const ids = ["a", "b", "c", "d", "e"].map((name) => {
    const of = { certificate: `/gone/${name}.crt`, key: `/gone/${name}.key` };
    const one = connection({ name, clientCertificate: { ...clientCertificate, files: of } });
    connections.put(one);
    return one.id;
  });
  const read = vi.fn(() => new Promise<never>(() => undefined));
  const told = vi.fn();
  const followed = new FollowedCertificates({
    ...{ connections, secrets, read },
    ...{ renewed: told, kept: told, notSaved: told },
  });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const starts = Promise.all([...ids, ...ids].map((id) => followed.refresh(id)));
  await vi.advanceTimersByTimeAsync(2_000);
  await starts;
  // No clock runs here: one that waits would wait for ever.
  await Promise.all(ids.map((id) => followed.refresh(id)));
  expect(read).toHaveBeenCalledTimes(2);
  expect(told).not.toHaveBeenCalled();
});
