import { once } from "node:events";
import { readFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { Authority } from "../support/certificates.ts";
import { closedAfterEach } from "../support/closers.ts";
import { fronts } from "../support/fronts.ts";
import { scriptedProgram } from "../support/key-program.ts";
import { lacks } from "../support/services/programs.ts";
import { connectTo, endOf, receiveAll, sendRandom } from "../support/streams.ts";
import { endAll, eventually, liveClient, refusedClient } from "./connector-clients.ts";
import { cardOf, listeners, openSearching, programsNow, remoteKeyTools, startRig, storeOf } from "./remote-key-rig.ts";

// Whatever happened, nothing of it is left.
const closers = closedAfterEach(() => eventually(() => programsNow().length === 0 && listeners() === 0));
const corp = await Authority.root("CN=Corp CA");

const lacking = lacks(...remoteKeyTools);

describe.skipIf(lacking).each(fronts())("a key on a token, and what can go wrong, %s front", (front) => {
  describe.each(["TLSv1.2", "TLSv1.3"] as const)("%s", (tlsVersion) => {
    it("a certificate that the proxy does not take after all is told as such", async () => {
      // The CA that the proxy accepts has the name of the one that signed, and another key.
      const namesake = await Authority.root("CN=Corp CA");
      const { rig } = await startRig(namesake, storeOf(await cardOf(corp, closers)), closers, { front, tlsVersion });
      const { error } = await refusedClient(rig, await openSearching(rig));
      // Node's server and Envoy with TLS 1.2 do not always say why they end a connection.
      expect(["client-certificate-refused", "connection-lost"]).toContain(error.code);
      expect(error.message).toMatch(/did not accept the client certificate|asks for a client certificate/);
    });

    it.each([
      ["expired", "certificate-expired", /^The certificate of localhost ended on /],
      ["not-yet-valid", "certificate-not-yet-valid", /^The certificate of localhost is not valid before /],
      ["wrong-name", "certificate-wrong-name", /^localhost shows a certificate for /],
    ] as const)("a proxy whose certificate is %s", async (certificate, code, message) => {
      const { rig } = await startRig(corp, storeOf(await cardOf(corp, closers)), closers, {
        front,
        tlsVersion,
        certificate,
      });
      const tunnel = await openSearching(rig);
      const { error } = await refusedClient(rig, tunnel);
      expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
      await tunnel.close({ graceMs: 0 });
      const unverified = await openSearching(rig, { verify: false });
      await endAll(rig, [await liveClient(unverified)]);
    });

    it("a proxy whose CA is not known", async () => {
      const { rig } = await startRig(corp, storeOf(await cardOf(corp, closers)), closers, { front, tlsVersion });
      const { error } = await refusedClient(rig, await openSearching(rig, { ca: [corp.pem] }));
      expect(error).toMatchObject({ code: "certificate-not-trusted" });
      expect(error.message).toMatch(
        /^This computer does not trust localhost\. Its certificate is signed by ".+", which is neither in .+ the CA that was given \("Corp CA"\)\.$/,
      );
    });
  });
});

describe.skipIf(lacking)("a key on a token, and what can go wrong", () => {
  it("a proxy whose CA the NSS database trusts, and this connection does not", async () => {
    const card = await cardOf(corp, closers);
    const { rig } = await startRig(corp, storeOf(card), closers);
    await card.nss.addCertificate(rig.proxy.caPem, "CT,C,C");
    const { error } = await refusedClient(rig, await openSearching(rig, { ca: [corp.pem] }));
    expect(error).toMatchObject({ code: "certificate-not-trusted" });
  });

  it("a wrong PIN is told, and never tried again", async () => {
    const card = await cardOf(corp, closers);
    const log = path.join(card.nss.home, "runs");
    const helper = scriptedProgram(card.nss.home, `echo "$1" >> '${log}'; exec "$PROGRAM" "$@"`);
    const connects = (): number =>
      readFileSync(log, "utf8")
        .split("\n")
        .filter((line) => line === "connect").length;
    const { rig } = await startRig(corp, storeOf(card, { password: "9999", helper }), closers);
    const tunnel = await openSearching(rig);
    for (let client = 1; client <= 3; client += 1) {
      const { error } = await refusedClient(rig, tunnel);
      expect(error).toMatchObject({
        code: "storage-failed",
        message: "The password or PIN does not open Ada's card.",
        userAction: expect.stringMatching(/^Give the PIN\. It is not tried again/) as string,
      });
    }
    expect(connects()).toBe(1);
    expect(readFileSync(log, "utf8")).not.toContain("9999");
  });

  it("a PIN that is missing is asked for", async () => {
    const store = storeOf(await cardOf(corp, closers), { password: null });
    expect(await store.lock?.()).toBe("password-missing");
    const { rig } = await startRig(corp, store, closers);
    const { error } = await refusedClient(rig, await openSearching(rig));
    expect(error).toMatchObject({ message: "Ada's card needs its password or PIN.", userAction: "Give the PIN." });
  });

  it("a card that is pulled out is told, and one that is put in again is used", async () => {
    const card = await cardOf(corp, closers);
    const { rig } = await startRig(corp, storeOf(card), closers, { alpn: ["http/1.1"] });
    const tunnel = await openSearching(rig);
    await endAll(rig, [await liveClient(tunnel)]);
    card.token.pullOut();
    const { error } = await refusedClient(rig, tunnel);
    expect(error).toMatchObject({
      code: "no-certificate-matches",
      message: "The client certificate is not in Ada's card any more.",
    });
    const again = await refusedClient(rig, tunnel);
    expect(again.error.message).toMatch(
      /asks for a client certificate, and ~\/\.pki\/nssdb holds none with its key\.$/,
    );
  });

  it("a proxy that is cut off in the middle resets the client, behind what had come", async () => {
    const { rig, upstream } = await startRig(corp, storeOf(await cardOf(corp, closers)), closers);
    for (const cut of ["dropped", "reset"] as const) {
      const tunnel = await openSearching(rig);
      const accepted = upstream.next();
      const client = await connectTo(tunnel.address);
      const server = await accepted;
      client.write("x");
      await once(server, "data");
      server.write("y");
      await once(client, "data");
      const end = endOf(client);
      const { faults } = rig.proxy;
      expect(cut === "dropped" ? faults.dropConnections() : faults.resetConnections()).toBeGreaterThan(0);
      expect(await end).toBe("ECONNRESET");
      await tunnel.close({ graceMs: 0 });
      // The next one is a new program on a new connection.
      const next = await openSearching(rig);
      await endAll(rig, [await liveClient(next)]);
      await next.close({ graceMs: 0 });
    }
  });

  it("a program that dies in the middle resets the client", async () => {
    const { rig } = await startRig(corp, storeOf(await cardOf(corp, closers)), closers);
    const tunnel = await openSearching(rig);
    const client = await liveClient(tunnel);
    const end = endOf(client);
    const [pid, ...others] = programsNow();
    expect(others).toEqual([]);
    process.kill(pid ?? 0, "SIGKILL");
    expect(await end).toBe("ECONNRESET");
    await endAll(rig, [await liveClient(tunnel)]);
  });

  it("a client that leaves during the handshake, and an engine that closes then, leave nothing behind", async () => {
    const { rig } = await startRig(corp, storeOf(await cardOf(corp, closers)), closers, { alpn: ["http/1.1"] });
    const tunnel = await openSearching(rig);
    // The search has its own handshake, so that the silence comes when the key is used.
    await endAll(rig, [await liveClient(tunnel)]);
    await tunnel.close({ graceMs: 0 });
    rig.proxy.faults.set({ tls: "silent" });
    const before = rig.proxy.counters.accepted();
    const silent = await openSearching(rig);
    const client = net.connect({ ...silent.address });
    client.on("error", () => undefined);
    await eventually(() => programsNow().length > 0 && rig.proxy.counters.accepted() > before);
    client.resetAndDestroy();
    await rig.engine.close({ graceMs: 0 });
    await eventually(() => programsNow().length === 0);
  });

  it("a proxy that is silent in the handshake is given up", async () => {
    const { rig } = await startRig(corp, storeOf(await cardOf(corp, closers)), closers, {
      alpn: ["http/1.1"],
      limits: { tlsMs: 2_000 },
    });
    const tunnel = await openSearching(rig);
    await endAll(rig, [await liveClient(tunnel)]);
    rig.proxy.faults.set({ tls: "silent" });
    const { error } = await refusedClient(rig, tunnel);
    expect(error.message).toBe(`localhost did not finish the TLS handshake on port ${rig.proxy.port} within 2 s.`);
  });

  it("an engine that closes while bytes flow takes the programs with it", async () => {
    const { rig, upstream } = await startRig(corp, storeOf(await cardOf(corp, closers)), closers);
    const tunnel = await openSearching(rig);
    const accepted = upstream.next();
    const client = await connectTo(tunnel.address);
    const server = await accepted;
    const sending = sendRandom(server, 50_000_000, 4).catch(() => "cut off");
    server.once("close", () => server.destroy());
    const got = receiveAll(client).catch((error: unknown) => error);
    await once(client, "data");
    expect(programsNow()).toHaveLength(1);
    await rig.engine.close({ graceMs: 0 });
    expect(await got).toBeInstanceOf(Error);
    server.destroy();
    await Promise.race([sending, once(server, "close")]);
  });
});
