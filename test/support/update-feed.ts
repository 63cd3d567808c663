import { createHash, generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { stringify } from "yaml";
import { publicTextOf, signatureOf } from "../../src/main/updates/signature.ts";
import { Authority } from "./certificates.ts";

/** A new key that signs feeds. */
export const newSigningKey = (): { readonly pem: string; readonly publicKey: string } => {
  const pem = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  return { pem, publicKey: publicTextOf(pem) };
};

export const sha512Of = (content: Buffer): string => createHash("sha512").update(content).digest("base64");

/** A web server with a feed of updates, real TLS included. */
export class UpdateServer {
  readonly key = newSigningKey();
  /** What it answers with, by name. A function answers by itself. */
  readonly files = new Map<string, Buffer | ((response: ServerResponse) => void)>();
  /** Paths that were asked for. */
  readonly asked: string[] = [];
  /** Headers of the last request. */
  headers: Readonly<Record<string, unknown>> = {};
  readonly caPem: string;
  readonly #server: https.Server;

  private constructor(caPem: string, server: https.Server) {
    this.caPem = caPem;
    this.#server = server;
  }

  static async start(): Promise<UpdateServer> {
    const authority = await Authority.root("CN=Updates test CA");
    const { cert, key } = await authority.issue({ subject: "CN=updates", usage: "server", names: ["localhost"] });
    const server = https.createServer({ cert, key }, (request, response) => {
      feed.asked.push(request.url ?? "");
      feed.headers = request.headers;
      const name = decodeURIComponent((request.url ?? "").replace(/^\/stable\//, ""));
      const file = feed.files.get(name);
      if (typeof file === "function") file(response);
      else response.writeHead(file ? 200 : 404).end(file);
    });
    const feed = new UpdateServer(authority.pem, server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return feed;
  }

  get url(): string {
    return `https://localhost:${(this.#server.address() as AddressInfo).port}/stable/`;
  }

  /** Puts a release there, signed. @param metadata in the place of what belongs there. */
  publish(
    version: string,
    files: Readonly<Record<string, Buffer>>,
    { name = "latest-linux.yml", metadata = {} } = {},
  ): void {
    const listed = Object.entries(files).map(([url, content]) => {
      this.files.set(url, content);
      return { url, sha512: sha512Of(content), size: content.length };
    });
    this.putSigned(name, stringify({ version, files: listed, ...metadata }));
  }

  putSigned(name: string, text: string): void {
    const content = Buffer.from(text);
    this.files.set(name, content);
    this.files.set(`${name}.sig`, Buffer.from(`${signatureOf(name, content, this.key.pem)}\n`));
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}
