import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import type net from "node:net";
import path from "node:path";
import tls from "node:tls";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ProgramStore } from "../../src/engine/certstore/program-store.ts";
import { dial } from "../../src/engine/connect/dial.ts";
import { createTlsIdentity, type TlsIdentity } from "../../src/engine/tls/identity.ts";
import { AppError } from "../../src/shared/errors.ts";
import { limits } from "../../src/shared/limits.ts";
import { Authority, CertificateFolder, derOf, type Issued } from "../support/certificates.ts";
import { keyProgram } from "../support/key-program.ts";
import { NssDatabase, nssTools } from "../support/nss-database.ts";
import { lacks } from "../support/services/programs.ts";

const run = promisify(execFile);

/** Every name is this computer. */
const lookup: net.LookupFunction = (_host, { all }, done) =>
  all === true ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4);
const lacking = lacks(nssTools, keyProgram) || process.platform !== "linux";

const ca = "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash";
const leaf = ({
  usage = "serverAuth",
  keyUsage = "digitalSignature",
  names = "DNS:localhost,IP:127.0.0.1",
} = {}): string =>
  [
    "basicConstraints=CA:false",
    `keyUsage=${keyUsage}`,
    `extendedKeyUsage=${usage}`,
    ...(names === "" ? [] : [`subjectAltName=${names}`]),
  ].join("\n");

interface Request {
  readonly issuer?: Issued;
  readonly extensions: string;
  readonly rsa?: number;
  readonly digest?: string;
  readonly name?: string;
}

let folder: CertificateFolder;
let count = 0;

/** A certificate of OpenSSL, which makes those as well that nobody should. */
async function issue({ issuer, extensions, rsa, digest = "sha256", name }: Request): Promise<Issued> {
  const id = `c${(count += 1)}`;
  const at = (ending: string): string => path.join(folder.path, `${id}.${ending}`);
  const kind = rsa === undefined ? ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] : [`rsa:${rsa}`];
  writeFileSync(at("cnf"), `[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=x\n[ext]\n${extensions}\n`);
  const subject = ["-subj", `/CN=${name ?? id}`, "-config", at("cnf")];
  await run("openssl", [
    "req",
    "-new",
    "-newkey",
    ...kind,
    "-nodes",
    "-keyout",
    at("key"),
    ...subject,
    "-out",
    at("csr"),
  ]);
  const signer = issuer
    ? ["-CA", folder.write(`${id}.ca`, issuer.cert), "-CAkey", folder.write(`${id}.cakey`, issuer.key)]
    : ["-signkey", at("key")];
  const what = ["-in", at("csr"), `-${digest}`, "-days", "30", "-set_serial", String(1_000 + count)];
  const ext = ["-extfile", at("cnf"), "-extensions", "ext"];
  await run("openssl", ["x509", "-req", ...what, ...ext, ...signer, "-out", at("crt")]);
  return { cert: readFileSync(at("crt"), "utf8"), key: readFileSync(at("key"), "utf8") };
}

let nss: NssDatabase;
let root: Issued;
/** Identities that trust these CAs: TLS in this process, and in the program. */
let identities: (ca: readonly string[]) => readonly [TlsIdentity, TlsIdentity];

/** "ok", or the code of what is wrong with a server, as it is in the error. */
async function met(chain: readonly Issued[], identity: TlsIdentity, host: string): Promise<string> {
  const [own] = chain;
  const cert = chain.map((one) => one.cert).join("");
  const server = tls.createServer({ cert, key: own?.key, ciphers: "DEFAULT:@SECLEVEL=0" }, (socket) =>
    socket.on("error", () => undefined),
  );
  server.on("tlsClientError", () => undefined).listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy = { host, port: (server.address() as net.AddressInfo).port, tls: true };
  try {
    const dialed = await dial({ proxy, identity, alpn: ["http/1.1"], limits, lookup }, new AbortController().signal);
    dialed.reset();
    return "ok";
  } catch (thrown) {
    return thrown instanceof AppError ? String((thrown.cause as { code?: string } | undefined)?.code) : "?";
  } finally {
    server.close();
  }
}

interface Meeting {
  readonly chain: readonly Issued[];
  readonly trusted?: readonly Issued[];
  readonly host?: string;
}

describe.skipIf(lacking)("the program for NSS judges a server as Node does", () => {
  beforeAll(async () => {
    folder = new CertificateFolder();
    nss = await NssDatabase.create();
    const ada = await (await Authority.root("CN=Corp CA")).issue({ subject: "CN=ada" });
    await nss.add(ada);
    const store = new ProgramStore({
      name: "the database",
      path: keyProgram.path,
      passwordHint: "",
      roots: () => [],
      database: () => Promise.resolve(`sql:${nss.folder}`),
    });
    const key = await (await store.certificates()).find(({ hasKey }) => hasKey)?.key();
    if (key?.kind !== "stays") throw new Error("the key does not stay");
    const remote = { key: key.remote, chain: [derOf(ada.cert)] };
    identities = (trusted) => {
      const here = createTlsIdentity({ verify: true, ca: trusted });
      const context = (): never => expect.unreachable("TLS is not done here");
      const there = { key: "", verify: true, renewals: 0, hasClientCertificate: true, context };
      return [here, { ...there, remote: { ...remote, ca: trusted } }];
    };
    root = await issue({ extensions: ca });
  });
  afterAll(() => {
    nss.remove();
    folder.remove();
  });

  const below = async (request: Request): Promise<Meeting> => ({ chain: [await issue({ issuer: root, ...request })] });
  const alone = async (request: Request): Promise<Meeting> => {
    const { chain } = await below(request);
    return { chain, trusted: chain };
  };
  const through = async (between: Partial<Request>, rest: Partial<Request> = {}): Promise<Meeting> => {
    const issuer = await issue({ issuer: root, extensions: ca, ...between });
    return { chain: [await issue({ issuer, extensions: leaf(), ...rest }), issuer] };
  };
  const expired = async (): Promise<Meeting> => {
    const authority = await Authority.root("CN=Old");
    const between = await authority.intermediate("CN=Expired", { fromDays: -100, toDays: -1 });
    const own = await between.issue({ subject: "CN=localhost", usage: "server", names: ["localhost"], fromDays: -50 });
    return { chain: [own, { cert: between.pem, key: "" }], trusted: [{ cert: authority.pem, key: "" }] };
  };
  const expiredRoot = async (): Promise<Meeting> => {
    const { chain } = await expired();
    const [, between] = chain;
    return { chain: chain.slice(0, 1), trusted: between ? [between] : [] };
  };

  test.each<[string, string, () => Promise<Meeting>]>([
    ["in order", "ok", () => below({ extensions: leaf() })],
    ["with an RSA key that only signs", "ok", () => below({ extensions: leaf(), rsa: 2048 })],
    ["below an intermediate CA", "ok", () => through({})],
    [
      "below a root that SHA-1 signed",
      "ok",
      async () => {
        const old = await issue({ extensions: ca, digest: "sha1" });
        return { chain: [await issue({ issuer: old, extensions: leaf() })], trusted: [old] };
      },
    ],
    [
      "below a trusted intermediate CA",
      "ok",
      async () => {
        const { chain } = await through({});
        return { chain: chain.slice(0, 1), trusted: chain.slice(1) };
      },
    ],
    ["trusted itself", "ok", () => alone({ extensions: leaf() })],
    ["trusted itself, for clients", "INVALID_PURPOSE", () => alone({ extensions: leaf({ usage: "clientAuth" }) })],
    [
      "trusted itself, to sign others",
      "INVALID_PURPOSE",
      () => alone({ extensions: leaf({ keyUsage: "keyCertSign" }) }),
    ],
    ["for clients", "INVALID_PURPOSE", () => below({ extensions: leaf({ usage: "clientAuth" }) })],
    ["below a CA for clients", "INVALID_PURPOSE", () => through({ extensions: `${ca}\nextendedKeyUsage=clientAuth` })],
    ["that SHA-1 signed", "UNSPECIFIED", () => below({ extensions: leaf(), digest: "sha1" })],
    ["below a CA that SHA-1 signed", "UNSPECIFIED", () => through({ digest: "sha1" })],
    ["with a short key", "UNSPECIFIED", () => below({ extensions: leaf(), rsa: 1024 })],
    ["below a CA with a short key", "UNSPECIFIED", () => through({ rsa: 1024 })],
    [
      "below a root with a short key",
      "UNSPECIFIED",
      async () => {
        const weak = await issue({ extensions: ca, rsa: 1024 });
        return { chain: [await issue({ issuer: weak, extensions: leaf() })], trusted: [weak] };
      },
    ],
    [
      "with an address for a common name",
      "ERR_TLS_CERT_ALTNAME_INVALID",
      async () => ({
        ...(await below({ extensions: leaf({ names: "" }), name: "127.0.0.1" })),
        host: "127.0.0.1",
      }),
    ],
    [
      "below a CA that may have no other below it",
      "PATH_LENGTH_EXCEEDED",
      async () => {
        const short = await issue({ issuer: root, extensions: `${ca}`.replace("CA:true", "CA:true,pathlen:0") });
        const another = await issue({ issuer: short, extensions: ca });
        return { chain: [await issue({ issuer: another, extensions: leaf() }), another, short] };
      },
    ],
    ["below one without constraints", "INVALID_CA", () => through({ extensions: "keyUsage=keyCertSign" })],
    ["signed by itself", "DEPTH_ZERO_SELF_SIGNED_CERT", async () => ({ chain: [await issue({ extensions: leaf() })] })],
    ["below an expired intermediate CA", "CERT_HAS_EXPIRED", expired],
    ["below an expired trusted CA", "CERT_HAS_EXPIRED", expiredRoot],
    [
      "reached with a dot behind its name",
      "ok",
      async () => ({
        ...(await below({ extensions: leaf() })),
        host: "localhost.",
      }),
    ],
  ])("%s: %s", async (_what, code, make) => {
    const { chain, trusted = [root], host = "localhost" } = await make();
    for (const identity of identities(trusted.map(({ cert }) => cert)))
      expect(await met(chain, identity, host)).toBe(code);
  });

  test("a CA whose time is over is named, though the server did not send it", async () => {
    const { chain, trusted = [] } = await expiredRoot();
    const [, there] = identities(trusted.map(({ cert }) => cert));
    const server = tls.createServer({ ...chain[0] }).on("tlsClientError", () => undefined);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const proxy = { host: "localhost", port: (server.address() as net.AddressInfo).port, tls: true };
    const dialling = dial({ proxy, identity: there, alpn: ["http/1.1"], limits }, new AbortController().signal);
    await expect(dialling).rejects.toMatchObject({
      code: "certificate-expired",
      message: expect.stringMatching(
        /^The certificate of the CA "Expired", on which that of localhost rests/,
      ) as string,
    });
    server.close();
  });
});
