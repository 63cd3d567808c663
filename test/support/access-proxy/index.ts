import { createControlCore } from "./control-core.ts";
import { startControlServer } from "./control-server.ts";
import type { Counters } from "./counters.ts";
import { startEnvoyFront } from "./envoy-front.ts";
import { noFaultSwitch, type FaultSwitch } from "./faults.ts";
import { startNodeFront } from "./node-front.ts";
import { createPki } from "./pki.ts";
import type { AccessProxy, AccessProxyOptions } from "./types.ts";

export { alice } from "./control-core.ts";
export type { Counters } from "./counters.ts";
export { envoyBinary } from "./envoy-front.ts";
export type { Faults, FaultSwitch, OddAnswer } from "./faults.ts";
export { createHeadlessBrowser, headlessSignIn } from "./headless-browser.ts";
export type { HeadlessBrowser, HeadlessSignInOptions, PageResult } from "./headless-browser.ts";
export { createPki } from "./pki.ts";
export type { Identity, Pki, PkiOptions, ServerCertificate } from "./pki.ts";
export { capsuleReader, datagramCapsule } from "./udp-relay.ts";
export type * from "./types.ts";

interface Front {
  readonly port: number;
  readonly faults?: FaultSwitch;
  readonly counters?: Counters;
  close(): Promise<void>;
}

/** Starts a stand-in for a Pomerium: our control plane behind Envoy or behind the Node front. */
export async function startAccessProxy(options: AccessProxyOptions): Promise<AccessProxy> {
  const domain = options.domain ?? "corp.test";
  const domains = [domain, ...(options.otherDomains ?? [])];
  const pki = await createPki({
    names: ["localhost", ...domains.flatMap((name) => [name, `*.${name}`])],
    ...(options.certificate === undefined ? {} : { certificate: options.certificate }),
  });
  const core = createControlCore(options);
  const control = await startControlServer(core);
  const kind = options.front ?? "node";
  let front: Front;
  try {
    front =
      kind === "envoy" ? await startEnvoyFront(options, pki, control.port) : await startNodeFront(options, core, pki);
  } catch (error) {
    await control.close();
    pki.remove();
    throw error;
  }
  core.place.frontPort = front.port;
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await front.close();
    await control.close();
    pki.remove();
  };
  return {
    front: kind,
    port: front.port,
    origin: `${core.scheme}://localhost:${front.port}`,
    domain,
    caPem: pki.caPem,
    caFile: pki.caFile,
    pki,
    control: core.plane,
    get faults() {
      return front.faults ?? noFaultSwitch();
    },
    get counters() {
      if (front.counters === undefined) throw new Error("The Envoy front has no counters: use the Node front");
      return front.counters;
    },
    close: () => (closed ??= close()),
  };
}
