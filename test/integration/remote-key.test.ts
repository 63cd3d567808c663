import { describe, expect, it } from "vitest";
import { Authority } from "../support/certificates.ts";
import { closedAfterEach } from "../support/closers.ts";
import { fronts } from "../support/fronts.ts";
import { lacks } from "../support/services/programs.ts";
import { connectTo, receiveAll, sendRandom, Upstream } from "../support/streams.ts";
import { UdpClient, UdpUpstream } from "../support/udp.ts";
import { endAll, eventually, liveClient, refusedClient } from "./connector-clients.ts";
import { cardOf, emptyCard, openSearching, programsNow, remoteKeyTools, startRig, storeOf } from "./remote-key-rig.ts";

const MB = 1_000_000;

const closers = closedAfterEach();
const corp = await Authority.root("CN=Corp CA");

const lacking = lacks(...remoteKeyTools);

describe.skipIf(lacking).each(fronts())("a key on a PKCS#11 token, %s front", (front) => {
  describe.each(["TLSv1.2", "TLSv1.3"] as const)("%s", (tlsVersion) => {
    describe.each(["h2", "http/1.1"] as const)("%s", (via) => {
      const options = {
        front,
        tlsVersion,
        alpn: via === "h2" ? (["h2", "http/1.1"] as const) : (["http/1.1"] as const),
      };

      it("proves who the user is, and the log says where it stays", async () => {
        const { rig } = await startRig(corp, storeOf(await cardOf(corp, closers)), closers, options);
        const tunnel = await openSearching(rig);
        await endAll(rig, [await liveClient(tunnel), await liveClient(tunnel)]);
        expect(rig.seen("peer-connected").at(-1)).toMatchObject({ via });
        expect(rig.seen("client-certificate-searched")).toMatchObject([
          { asked: true, chosen: { subject: "ada", issuer: "Corp CA", keyStaysIn: "Ada's card" }, passedOver: [] },
        ]);
      });

      it("carries 20 MB each way at once, whole, and each end alone", async () => {
        const { rig, upstream } = await startRig(corp, storeOf(await cardOf(corp, closers)), closers, options);
        const tunnel = await openSearching(rig);
        const accepted = upstream.next();
        const client = await connectTo(tunnel.address);
        const server = await accepted;
        const [atServer, atClient] = [receiveAll(server), receiveAll(client)];
        const size = 20 * MB;
        let arrived = 0;
        const allAtServer = new Promise<void>((resolve) =>
          server.on("data", (bytes: Buffer) => {
            arrived += bytes.length;
            if (arrived >= size) resolve();
          }),
        );
        const clientSide = async (): Promise<string> => {
          const sum = await sendRandom(client, size, 1);
          // HTTP/1.1 carries no one-way end from the client (protocol.md).
          if (via === "http/1.1") await atClient;
          client.end();
          return sum;
        };
        const serverSide = async (): Promise<string> => {
          const sum = await sendRandom(server, size, 2);
          // Envoy closes an upstream that ends first altogether, whatever is still to come for it (decisions/002).
          await (via === "h2" ? atServer : allAtServer);
          server.end();
          return sum;
        };
        const [up, down, gotUp, gotDown] = await Promise.all([clientSide(), serverSide(), atServer, atClient]);
        expect(gotUp).toEqual({ bytes: size, sha256: up });
        expect(gotDown).toEqual({ bytes: size, sha256: down });
      });
    });
  });
});

describe.skipIf(lacking)("a key on a PKCS#11 token", () => {
  it("carries datagrams, on connections that are opened ahead as well", async () => {
    const upstream = await UdpUpstream.start();
    closers.push(() => upstream.close());
    const { rig } = await startRig(corp, storeOf(await cardOf(corp, closers)), closers, {
      routes: [{ host: "echo.corp.test", port: 7001, upstream: upstream.address, type: "udp", policy: "public" }],
    });
    const tunnel = await rig.open("udp+https://echo.corp.test:7001", {
      tls: { ...rig.tls, clientCertificateSearch: {} },
    });
    for (let round = 1; round <= 2; round += 1) {
      const client = await UdpClient.open(tunnel.address);
      closers.push(() => client.close());
      expect(String(await client.ask("there and back"))).toBe("there and back");
      // One for this client, and one ahead for the next.
      await eventually(() => programsNow().length > round);
    }
  });

  it.each(["h2", "http/1.1"] as const)("waits for a client that reads slowly, over %s", async (via) => {
    const alpn = via === "h2" ? (["h2", "http/1.1"] as const) : (["http/1.1"] as const);
    const { rig, upstream } = await startRig(corp, storeOf(await cardOf(corp, closers)), closers, { alpn });
    const tunnel = await openSearching(rig);
    const accepted = upstream.next();
    const client = await connectTo(tunnel.address);
    const server = await accepted;
    // More than all buffers on the way take.
    const size = 60 * MB;
    const sending = sendRandom(server, size, 3).then((sum) => {
      server.end();
      return sum;
    });
    await eventually(() => server.writableNeedDrain);
    let before = -1;
    // Nothing moves any more: everybody waits for the client.
    while (server.bytesWritten !== before) {
      before = server.bytesWritten;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(before).toBeLessThan(size);
    expect(await receiveAll(client)).toEqual({ bytes: size, sha256: await sending });
    client.end();
  });

  it("is used for the sign-in as well", async () => {
    const upstream = await Upstream.start();
    closers.push(() => upstream.close());
    const { rig } = await startRig(corp, storeOf(await cardOf(corp, closers)), closers, {
      clientCertificates: "policy",
      routes: [{ host: "echo.corp.test", port: 7000, upstream: upstream.address }],
    });
    await endAll(rig, [await liveClient(await openSearching(rig))]);
    expect(rig.browser.pages).toHaveLength(1);
  });

  it("brings the intermediate chain along that the database holds", async () => {
    const issuing = await corp.intermediate("CN=Corp Issuing CA");
    const card = await cardOf(issuing, closers);
    await card.nss.addCertificate(issuing.pem, "c,c,");
    const { rig } = await startRig(corp, storeOf(card), closers);
    await endAll(rig, [await liveClient(await openSearching(rig))]);
  });

  it("may be of RSA, and is not used where the proxy asks for none", async () => {
    const card = await emptyCard(closers);
    await card.token.add(await corp.issue({ subject: "CN=ada", kind: "rsa" }));
    const { rig } = await startRig(corp, storeOf(card), closers);
    await endAll(rig, [await liveClient(await openSearching(rig))]);
    const { rig: open } = await startRig(corp, storeOf(card), closers, { clientCertificates: "off" });
    const before = programsNow().length;
    const client = await liveClient(await openSearching(open));
    expect(open.seen("client-certificate-searched")).toMatchObject([{ asked: false, chosen: null }]);
    expect(programsNow()).toHaveLength(before);
    await endAll(open, [client]);
  });

  it("works without a database, where p11-kit knows the token", async () => {
    const card = await cardOf(corp, closers);
    const { rig } = await startRig(
      corp,
      storeOf({ token: card.token, nss: { ...card.nss, home: "/nowhere" } as never }),
      closers,
    );
    await endAll(rig, [await liveClient(await openSearching(rig))]);
  });

  it("gives way to a certificate of the database that is valid longer, whose key is used in this process", async () => {
    const card = await cardOf(corp, closers);
    await card.nss.add(await corp.issue({ subject: "CN=in the database", toDays: 300 }));
    const { rig } = await startRig(corp, storeOf(card), closers);
    const client = await liveClient(await openSearching(rig));
    expect(programsNow()).toEqual([]);
    const [searched] = rig.seen("client-certificate-searched");
    expect(searched).toMatchObject({ chosen: { subject: "in the database" } });
    expect(searched?.chosen).not.toHaveProperty("keyStaysIn");
    expect(searched?.passedOver).toEqual([expect.stringMatching(/^"ada" signed by "Corp CA": it ends sooner/)]);
    await endAll(rig, [client]);
  });

  it("gives way to any key that can be used while its PIN is not known", async () => {
    const card = await cardOf(corp, closers);
    await card.nss.add(await corp.issue({ subject: "CN=in the database", toDays: 2 }));
    const { rig } = await startRig(corp, storeOf(card, { password: null }), closers);
    const client = await liveClient(await openSearching(rig));
    expect(rig.seen("client-certificate-searched")).toEqual([
      expect.objectContaining({
        chosen: expect.objectContaining({ subject: "in the database" }) as unknown,
        passedOver: ['"ada" signed by "Corp CA": its key waits for a password or PIN.'],
      }),
    ]);
    await endAll(rig, [client]);
  });

  it("is found when the card is put in while a tunnel is open", async () => {
    const card = await emptyCard(closers);
    const { rig } = await startRig(corp, storeOf(card), closers);
    const tunnel = await openSearching(rig);
    const { error } = await refusedClient(rig, tunnel);
    expect(error.code).toBe("no-certificate-matches");
    await card.token.add(await corp.issue({ subject: "CN=ada" }));
    await endAll(rig, [await liveClient(tunnel)]);
  });
});
