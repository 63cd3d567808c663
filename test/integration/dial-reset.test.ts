import { once } from "node:events";
import type net from "node:net";
import tls from "node:tls";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { dial, type DialOptions } from "../../src/engine/connect/dial.ts";
import { createTlsIdentity } from "../../src/engine/tls/identity.ts";
import { limits } from "../../src/shared/limits.ts";
import { Authority, type Issued } from "../support/certificates.ts";

let authority: Authority;
let server: Issued;
beforeAll(async () => {
  authority = await Authority.root("CN=Test CA");
  server = await authority.issue({ subject: "CN=localhost", usage: "server", names: ["localhost"] });
});
const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function optionsFor(tlsVersion: "TLSv1.2" | "TLSv1.3"): Promise<DialOptions> {
  const listening = tls.createServer({ ...server, maxVersion: tlsVersion }, (socket) =>
    socket.on("error", () => undefined).end("hello"),
  );
  listening.on("tlsClientError", () => undefined).listen(0, "127.0.0.1");
  await once(listening, "listening");
  closers.push(() => listening.close());
  const { port } = listening.address() as net.AddressInfo;
  const identity = createTlsIdentity({ verify: true, ca: [authority.pem] });
  return { proxy: { host: "localhost", port, tls: true }, identity, alpn: ["http/1.1"], limits };
}

describe.each(["TLSv1.2", "TLSv1.3"] as const)(
  "a connection that is given up right after its handshake, %s",
  (version) => {
    it("is reset, and nothing else ends", async () => {
      const options = await optionsFor(version);
      for (let round = 0; round < 20; round += 1) {
        const dialed = await dial(options, new AbortController().signal);
        const closed = once(dialed.socket, "close");
        // Within OpenSSL's read this would free the connection beneath it, and end the process with SIGSEGV.
        dialed.reset();
        await closed;
      }
    });

    it("loses nothing that came with the handshake", async () => {
      const { socket } = await dial(await optionsFor(version), new AbortController().signal);
      let got = "";
      socket.on("data", (bytes: Buffer) => (got += bytes.toString()));
      await once(socket, "end");
      expect(got).toBe("hello");
      socket.destroy();
    });
  },
);
