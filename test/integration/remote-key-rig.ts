import { readFileSync } from "node:fs";
import {
  systemCertificateStore,
  type CertificateStore,
  type TlsSettings,
  type Tunnel,
} from "../../src/engine/index.ts";
import type { Authority } from "../support/certificates.ts";
import type { Closers } from "../support/closers.ts";
import { keyProgram } from "../support/key-program.ts";
import { NssDatabase, nssTools } from "../support/nss-database.ts";
import { Pkcs11Token, tokenTools } from "../support/pkcs11-token.ts";
import { Rig, type RigOptions } from "../support/rig.ts";
import type { Service } from "../support/services/programs.ts";
import { Upstream } from "../support/streams.ts";

/** What tests of keys that stay in a token need. */
export const remoteKeyTools: readonly Service[] = [nssTools, tokenTools, keyProgram];

export interface Card {
  readonly token: Pkcs11Token;
  readonly nss: NssDatabase;
}

/** A card, named in an NSS database that is empty otherwise. */
export async function emptyCard(closers: Closers): Promise<Card> {
  const token = await Pkcs11Token.create();
  closers.push(() => token.remove());
  const nss = await NssDatabase.create();
  closers.push(() => nss.remove());
  await token.addTo(nss.folder);
  return { token, nss };
}

/** A card with one certificate. */
export async function cardOf(authority: Authority, closers: Closers): Promise<Card> {
  const card = await emptyCard(closers);
  await card.token.add(await authority.issue({ subject: "CN=ada" }));
  return card;
}

/** @param password the PIN; null for none. */
export const storeOf = (
  { nss, token }: Card,
  { password = token.pin, helper = keyProgram.path }: { password?: string | null; helper?: string } = {},
): CertificateStore =>
  systemCertificateStore({
    platform: "linux",
    home: nss.home,
    password: () => password ?? undefined,
    passwordHint: "Give the PIN.",
    helper,
  });

/** A proxy that lets nobody in without a certificate of this CA. */
export async function startRig(
  authority: Authority,
  store: CertificateStore,
  closers: Closers,
  options: Partial<RigOptions> = {},
): Promise<{ rig: Rig; upstream: Upstream }> {
  const upstream = await Upstream.start();
  closers.push(() => upstream.close());
  const rig = await Rig.start({
    routes: [{ host: "echo.corp.test", port: 7000, upstream: upstream.address, policy: "public" }],
    clientCertificates: "reject-connection",
    clientCas: authority.pem,
    certificates: store,
    ...options,
  });
  closers.push(() => rig.close());
  return { rig, upstream };
}

/** A tunnel whose certificate is searched for. */
export const openSearching = (
  rig: Rig,
  tls: Partial<TlsSettings> = {},
  options: { pomeriumUrl?: string } = {},
): Promise<Tunnel> =>
  rig.open("echo.corp.test:7000", { tls: { ...rig.tls, clientCertificateSearch: {}, ...tls }, ...options });

/** The programs that use keys now, started by this process; Linux only. */
export function programsNow(): number[] {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").trim();
  return children
    .split(" ")
    .filter((pid) => pid !== "" && commandOf(pid).includes("culvert-tls"))
    .map(Number);
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    // It has ended meanwhile.
    return "";
  }
}

/** Ports that this process listens on, as many as there are. */
export const listeners = (): number =>
  process.getActiveResourcesInfo().filter((resource) => resource === "TCPServerWrap").length;
