import { createPrivateKey } from "node:crypto";
import dgram from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { portsToTry, withPort } from "../../../../src/main/calls/next-port.ts";
import type { OpenedInput } from "../../../../src/main/calls/opened-input.ts";
import { connectionOf, secretsOf } from "../../../../src/main/calls/save-connection.ts";
import { limits } from "../../../../src/shared/limits.ts";
import { ChosenFiles, startPoint } from "../../../../src/main/calls/start-point.ts";
import type { ConnectionInput } from "../../../../src/shared/model/connection.ts";
import { createPki, type Pki } from "../../../support/access-proxy/pki.ts";
import { connection, connectionInput } from "../connections.ts";
import { rig } from "./rig.ts";

const plain = { turnOn: false, restart: false, secretsFrom: null } as const;
const listening = { timeout: 5_000 };

test("a new connection is saved, told, and turned on where that is wished", async () => {
  const { calls, connections, tunnels, state, changes } = await rig();
  const input = connectionInput();
  state.snapshot();
  expect(await calls["save-connection"](input, { ...plain, turnOn: true })).toEqual({ outcome: "saved" });
  expect(connections.get(input.id)).toMatchObject({ name: "Orders Postgres", pinned: false });
  await vi.waitFor(() => expect(tunnels.status(input.id).kind).toBe("listening"), listening);
  await vi.waitFor(() => {
    expect(changes()).toContainEqual({ type: "connection", connection: connections.get(input.id) });
    expect(changes()).toContainEqual({ type: "status", id: input.id, status: tunnels.status(input.id) });
  }, listening);
  expect(connections.get(input.id)?.lastUsedAt).not.toBeNull();
});

test("an input with problems changes nothing", async () => {
  const { calls, connections } = await rig();
  const result = await calls["save-connection"](connectionInput({ destination: "pg.example.com" }), plain);
  expect(result).toMatchObject({ outcome: "problems", problems: [{ field: "destination", level: "error" }] });
  expect(connections.all()).toEqual([]);
});

test("name, tags and start setting apply to a running tunnel as it is; another port starts it anew", async () => {
  const { calls, tunnels } = await rig();
  const input = connectionInput();
  await calls["save-connection"](input, { ...plain, turnOn: true });
  await vi.waitFor(() => expect(tunnels.status(input.id).kind).toBe("listening"), listening);
  const before = tunnels.status(input.id);
  await calls["save-connection"]({ ...input, name: "Other", tags: ["prod"], startAtLaunch: true }, plain);
  expect(tunnels.status(input.id)).toEqual(before);
  await calls["save-connection"]({ ...input, listen: "[::1]:0" }, plain);
  await vi.waitFor(
    () => expect(tunnels.status(input.id)).toMatchObject({ address: expect.stringContaining("[::1]") as unknown }),
    listening,
  );
});

test("a change that would cut clients off asks first, and again only when it is agreed", async () => {
  const { calls, connections, tunnels } = await rig();
  const input = connectionInput();
  await calls["save-connection"](input, plain);
  vi.spyOn(tunnels, "status").mockReturnValue({
    kind: "connected",
    address: "127.0.0.1:1",
    since: 0,
    clients: 2,
    openedInMs: 1,
  });
  const restarted = vi.spyOn(tunnels, "restart").mockResolvedValue();
  const changed = { ...input, destination: "pg.example.com:5433" };
  expect(await calls["save-connection"](changed, plain)).toEqual({ outcome: "asks-restart", clients: 2 });
  expect(connections.get(input.id)?.destination).toBe("pg.example.com:5432");
  expect(restarted).not.toHaveBeenCalled();
  expect(await calls["save-connection"](changed, { ...plain, restart: true })).toEqual({ outcome: "saved" });
  expect(connections.get(input.id)?.destination).toBe("pg.example.com:5433");
  expect(restarted).toHaveBeenCalledWith(input.id);
});

const token = "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2lnbmF0dXJl";
const withToken = (value: ConnectionInput["auth"]): ConnectionInput => connectionInput({ auth: value });

test("a token is kept apart from the list, stays where the editor keeps it, and goes where it has no use", async () => {
  const { calls, connections, secrets, state } = await rig();
  const input = withToken({ kind: "token", token: { kind: "set", value: token } });
  await calls["save-connection"](input, plain);
  expect(secrets.get(input.id)).toMatchObject({ token });
  expect(JSON.stringify([connections.all(), state.snapshot()])).not.toContain(token);
  const kept = { ...input, auth: { kind: "token", token: { kind: "keep" } } } as const;
  await calls["save-connection"]({ ...kept, name: "Renamed" }, plain);
  expect(secrets.get(input.id)).toMatchObject({ token });
  await calls["save-connection"]({ ...input, auth: { kind: "browser" } }, plain);
  expect(secrets.get(input.id)).toEqual({});
});

test("a duplicate takes the secrets that are kept from the connection it was made of", async () => {
  const { calls, secrets } = await rig();
  const input = withToken({ kind: "token", token: { kind: "set", value: token } });
  await calls["save-connection"](input, plain);
  const copy = { ...connectionInput(), auth: { kind: "token", token: { kind: "keep" } } } as const;
  expect(await calls["save-connection"](copy, plain)).toMatchObject({
    problems: expect.arrayContaining([{ field: "token", level: "error", message: "Enter the token" }]) as unknown,
  });
  expect(await calls["save-connection"](copy, { ...plain, secretsFrom: input.id })).toEqual({ outcome: "saved" });
  expect(secrets.get(copy.id)).toMatchObject({ token });
});

test("a token that is none, and a token file that cannot be read, are told beside their fields", async () => {
  const { calls } = await rig();
  const bad = withToken({ kind: "token", token: { kind: "set", value: "not a token" } });
  expect(await calls["check-connection"](bad)).toMatchObject([{ field: "token", level: "error" }]);
  const missing = withToken({ kind: "token-file", path: "/nowhere/token" });
  expect(await calls["check-connection"](missing)).toMatchObject([{ field: "tokenFile", level: "error" }]);
});

test("a token that is kept stays with its proxy, also by a duplicate or an undo", async () => {
  const { calls, connections, secrets } = await rig();
  const input = withToken({ kind: "token", token: { kind: "set", value: token } });
  await calls["save-connection"](input, plain);
  const kept = { ...input, auth: { kind: "token", token: { kind: "keep" } } } as const;
  const moved = { ...kept, pomeriumUrl: "https://evil.example" };
  const again = "Enter the token again: it was given for another proxy";
  const problem = { outcome: "problems", problems: [{ field: "token", level: "error", message: again }] };
  expect(await calls["save-connection"](moved, plain)).toEqual(problem);
  const copy = { ...moved, id: connectionInput().id, listen: "1" };
  expect(await calls["save-connection"](copy, { ...plain, secretsFrom: input.id })).toMatchObject({
    problems: expect.arrayContaining(problem.problems) as unknown,
  });
  expect(connections.all()).toHaveLength(1);

  await calls["delete-connections"]([input.id]);
  await calls["save-connection"]({ ...moved, auth: { kind: "browser" } }, plain);
  await calls["undo-delete"]();
  expect(connections.get(input.id)?.pomeriumUrl).toBe("https://evil.example");
  expect(secrets.get(input.id)).toEqual({});
});

test("a token that a crash between two writes has left beside another proxy is not for that one", async () => {
  const { calls, connections, tunnels } = await rig();
  const input = withToken({ kind: "token", token: { kind: "set", value: token } });
  await calls["save-connection"](input, plain);
  const saved = connections.get(input.id);
  if (saved) connections.put({ ...saved, pomeriumUrl: "https://evil.example" });
  await calls["set-on"]([input.id], true);
  await vi.waitFor(
    () => expect(tunnels.status(input.id)).toMatchObject({ kind: "error", error: { code: "setting-invalid" } }),
    listening,
  );
  const kept = { ...input, auth: { kind: "token", token: { kind: "keep" } } } as const;
  expect(await calls["save-connection"]({ ...kept, pomeriumUrl: "https://evil.example" }, plain)).toMatchObject({
    problems: [{ field: "token", level: "error" }],
  });
  // Given again, though it is the same text, it is for the other one.
  const given = { ...input, pomeriumUrl: "https://evil.example" };
  expect(await calls["save-connection"](given, plain)).toEqual({ outcome: "saved" });
  await vi.waitFor(() => expect(tunnels.status(input.id).kind).toBe("listening"), listening);
});

test("a token file is one that a person chose, and is read for its proxy alone", async () => {
  const { calls, desktop, folder } = await rig();
  const file = path.join(folder, "token");
  writeFileSync(file, token);
  const input = withToken({ kind: "token-file", path: file });
  const refused = [{ field: "tokenFile", level: "error", message: "Choose the token file again" }];
  expect(await calls["check-connection"](input)).toEqual(refused);
  expect(await calls["save-connection"](input, plain)).toEqual({ outcome: "problems", problems: refused });
  desktop.file = file;
  await calls["pick-file"]("ca");
  expect(await calls["check-connection"](input)).toEqual(refused);
  await calls["pick-file"]("token");
  expect(await calls["save-connection"](input, plain)).toEqual({ outcome: "saved" });
});

test("after a restart a saved token file stays with its proxy", () => {
  const from = connection({ auth: { kind: "token-file", path: "/run/token" } });
  const start = (pomeriumUrl: string) =>
    startPoint(connectionInput({ pomeriumUrl }), from, {}, new ChosenFiles()).mayRead("/run/token");
  expect([start(from.pomeriumUrl), start("https://evil.example")]).toEqual([true, false]);
  expect(startPoint(connectionInput(), from, {}, new ChosenFiles()).mayRead("/run/other")).toBe(false);
});

test("of chosen files only the newest are remembered", () => {
  const chosen = new ChosenFiles();
  for (let n = 0; n < 200; n++) chosen.add("token", `/run/${n}`);
  expect([0, 135, 136, 199].map((n) => chosen.has("token", `/run/${n}`))).toEqual([false, false, true, true]);
  expect(chosen.has("client-certificate", "/run/199")).toBe(false);
});

let pki: Pki;
beforeAll(async () => {
  pki = await createPki({ names: ["access.example.com"] });
});
afterAll(() => pki.remove());

const certificate = (cert: string, key: string, passphrase = ""): OpenedInput => ({
  ...connectionInput(),
  clientCertificate: {
    kind: "pem",
    certificate: cert,
    label: "",
    key: { kind: "set", value: key },
    passphrase: { kind: "set", value: passphrase },
  },
});

test("certificates and keys that are no good are told beside the field that can mend it", async () => {
  const { calls } = await rig();
  const { client, secondClient, expiredClient, caPem } = pki;
  const check = async (input: ConnectionInput) =>
    (await calls["check-connection"](input)).filter(({ level }) => level === "error").map(({ field }) => field);
  const broken = client.certPem.replace(/\n[A-Za-z0-9+/]{40}/, "\n");
  expect(await check(certificate(client.certPem, client.keyPem))).toEqual([]);
  expect(await check(certificate(client.certPem, secondClient.keyPem))).toEqual(["key"]);
  expect(await check(certificate(broken, client.keyPem))).toEqual(["certificate"]);
  expect(await check(certificate(expiredClient.certPem, expiredClient.keyPem))).toEqual(["certificate"]);
  const encrypted = createPrivateKey(client.keyPem)
    .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "right" })
    .toString();
  expect(await check(certificate(client.certPem, encrypted, "right"))).toEqual([]);
  expect(await check(certificate(client.certPem, encrypted, "wrong"))).toEqual(["passphrase"]);
  expect(await check(certificate(client.certPem, encrypted))).toEqual(["passphrase"]);
  expect(await check(connectionInput({ trust: { kind: "ca", pem: caPem, label: "" } }))).toEqual([]);
  const badCa = caPem.replace(/\n[A-Za-z0-9+/]{40}/, "\n");
  expect(await check(connectionInput({ trust: { kind: "ca", pem: badCa, label: "" } }))).toEqual(["ca"]);
});

test("a private key that is to be kept where there is none is asked for", async () => {
  const { calls } = await rig();
  const { client } = pki;
  const input = certificate(client.certPem, client.keyPem);
  const kept = {
    ...input,
    clientCertificate: { ...input.clientCertificate, key: { kind: "keep" }, passphrase: { kind: "keep" } },
  } as ConnectionInput;
  expect(await calls["check-connection"](kept)).toEqual([
    { field: "key", level: "error", message: "Add the private key" },
  ]);
});

test("what is saved in the list has no secrets, and the secrets are those that there is a use for", () => {
  const input = certificate("CERT", "KEY", "");
  expect(JSON.stringify(connectionOf(input, undefined))).not.toContain("KEY");
  expect(secretsOf(input, { token: "left over", passphrase: "old" })).toEqual({ key: "KEY" });
  const existing = connection({ pinned: true, lastUsedAt: 7 });
  expect(connectionOf(input, existing)).toMatchObject({ pinned: true, lastUsedAt: 7 });
});

test("deleting takes the secrets along, and undoing brings all back to its place and on again", async () => {
  const { calls, connections, secrets, tunnels, state, changes } = await rig();
  const inputs = ["A", "B", "C"].map((name) => connectionInput({ name }));
  for (const input of inputs) await calls["save-connection"](input, plain);
  const [a, b, c] = inputs.map(({ id }) => id) as [string, string, string];
  await secrets.set(b, { token });
  await calls["set-on"]([b], true);
  await vi.waitFor(() => expect(tunnels.status(b).kind).toBe("listening"), listening);
  state.snapshot();
  await calls["delete-connections"]([b]);
  expect(connections.all().map(({ id }) => id)).toEqual([a, c]);
  expect(secrets.get(b)).toEqual({});
  expect(state.snapshot().statuses).toEqual({});
  await vi.waitFor(() => expect(tunnels.status(b).kind).toBe("off"), listening);
  expect(await calls["undo-delete"]()).toBe(true);
  expect(connections.all().map(({ id }) => id)).toEqual([a, b, c]);
  expect(secrets.get(b)).toEqual({ token });
  await vi.waitFor(() => expect(tunnels.status(b).kind).toBe("listening"), listening);
  await vi.waitFor(() => expect(changes()).toContainEqual(expect.objectContaining({ type: "connections" })), listening);
  expect(await calls["undo-delete"]()).toBe(false);
  await expect(calls["delete-connections"]([connectionInput().id])).rejects.toMatchObject({ code: "not-found" });
});

test("the next port skips what other connections want and what another program has", async () => {
  const { calls, connections, tunnels } = await rig();
  const [first, second] = [net.createServer(), net.createServer()];
  first.listen(0, "127.0.0.1");
  await once(first, "listening");
  const { port } = first.address() as net.AddressInfo;
  second.listen(port + 2, "127.0.0.1").on("error", () => undefined);
  const input = connectionInput({ listen: String(port) });
  await calls["save-connection"](input, plain);
  await calls["save-connection"](connectionInput({ name: "Other", listen: String(port + 1) }), plain);
  const used = await calls["use-next-port"](input.id);
  expect(used).toBeGreaterThan(port + 2);
  expect(connections.get(input.id)?.listen).toBe(String(used));
  await vi.waitFor(
    () => expect(tunnels.status(input.id)).toMatchObject({ kind: "listening", address: `127.0.0.1:${used}` }),
    listening,
  );
  first.close();
  second.close();
});

/** A UDP port that is held, with the next one free for UDP and held for TCP. */
async function heldPorts() {
  for (;;) {
    const [socket, next, server] = [dgram.createSocket("udp4"), dgram.createSocket("udp4"), net.createServer()];
    await once(socket.bind(0, "127.0.0.1"), "listening");
    const { port } = socket.address();
    const isHeld = await Promise.all([
      once(next.bind(port + 1, "127.0.0.1"), "listening"),
      once(server.listen(port + 1, "127.0.0.1"), "listening"),
    ]).catch(() => null);
    next.close();
    if (isHeld !== null) return { port, socket, server };
    socket.close();
    server.close();
  }
}

test("for UDP the next port skips what UDP has; the same port of TCP is another one", async () => {
  const { calls, connections, tunnels } = await rig();
  const { port, socket, server } = await heldPorts();
  const udp = { protocol: "udp", destination: "dns.example.com:53" } as const;
  const input = connectionInput({ ...udp, listen: String(port) });
  await calls["save-connection"](input, { ...plain, turnOn: true });
  await vi.waitFor(
    () => expect(tunnels.status(input.id)).toMatchObject({ kind: "error", error: { code: "port-in-use" } }),
    listening,
  );
  await calls["save-connection"](connectionInput({ listen: String(port + 1) }), plain);
  expect(await calls["next-port"](input.id)).toBe(port + 1);
  const other = dgram.createSocket("udp4");
  await once(other.bind(port + 1, "127.0.0.1"), "listening");
  await calls["save-connection"](connectionInput({ ...udp, listen: String(port + 2) }), plain);
  const used = await calls["use-next-port"](input.id);
  expect(used).toBeGreaterThan(port + 2);
  expect(connections.get(input.id)?.listen).toBe(String(used));
  await vi.waitFor(
    () => expect(tunnels.status(input.id)).toMatchObject({ kind: "listening", address: `127.0.0.1:${used}` }),
    listening,
  );
  for (const held of [socket, other, server]) held.close();
});

test("ports are proposed from the next one on, or 8000 above one that needs rights, and the host stays", () => {
  expect(portsToTry(5_432, new Set([5_433])).slice(0, 2)).toEqual([5_434, 5_435]);
  expect(portsToTry(443, new Set())[0]).toBe(8_443);
  expect(portsToTry(65_535, new Set())).toEqual([]);
  expect(withPort("5432", 5_433)).toBe("5433");
  expect(withPort("0.0.0.0:5432", 5_433)).toBe("0.0.0.0:5433");
  expect(withPort("[::1]:5432", 5_433)).toBe("[::1]:5433");
  expect(withPort("*:5432", 5_433)).toBe("*:5433");
});

test("pins, tags and the order are saved and told", async () => {
  const { calls, connections, state, changes } = await rig();
  const inputs = ["A", "B", "C"].map((name) =>
    connectionInput({ name, tags: name === "C" ? ["prod", "old"] : ["old"] }),
  );
  for (const input of inputs) await calls["save-connection"](input, plain);
  const [a, b, c] = inputs.map(({ id }) => id) as [string, string, string];
  state.snapshot();
  await calls["set-pinned"](b, true);
  await calls["add-tag"]([a, b], "new");
  await calls["rename-tag"]("old", "prod");
  await calls["order-connections"]([c, a]);
  expect(connections.all().map(({ name, pinned, tags }) => [name, pinned, tags])).toEqual([
    ["C", false, ["prod"]],
    ["B", true, ["prod", "new"]],
    ["A", false, ["prod", "new"]],
  ]);
  await vi.waitFor(
    () => expect(changes().at(-1)).toEqual({ type: "connections", connections: connections.all() }),
    listening,
  );
  await expect(async () => calls["set-pinned"](connectionInput().id, true)).rejects.toMatchObject({
    code: "not-found",
  });
});

test("turning on thousands at once takes one change of the list", async () => {
  const { calls, connections, tunnels } = await rig();
  const on = vi.spyOn(tunnels, "turnOn").mockReturnValue();
  const touch = vi.spyOn(connections, "touch");
  const all = Array.from({ length: 300 }, () => connection());
  connections.put(...all);
  const ids = all.map(({ id }) => id);
  await calls["set-on"]([...ids, ...ids, connectionInput().id], true);
  expect([touch.mock.calls.length, on.mock.calls.length]).toEqual([1, 300]);
  expect(connections.all().every(({ lastUsedAt }) => lastUsedAt !== null)).toBe(true);
});

test("what could not start while the keychain was asking starts when it has answered", async () => {
  let read: () => void = () => undefined;
  const { connections, tunnels } = await rig({ loaded: new Promise<void>((resolve) => (read = resolve)) });
  const one = connection();
  connections.put(one);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    tunnels.turnOn(one.id);
    await vi.advanceTimersByTimeAsync(limits.settingsMs + 1);
    expect(tunnels.status(one.id).kind).toBe("error");
  } finally {
    vi.useRealTimers();
  }
  read();
  await vi.waitFor(() => expect(tunnels.status(one.id).kind).toBe("listening"), listening);
});
