import { X509Certificate } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { RouteSpec } from "../support/access-proxy/index.ts";
import { openssl } from "../support/pkcs12.ts";
import {
  dnsmasq,
  guideNames,
  GuideRun,
  lacks,
  postgresql,
  program,
  redis,
  run,
  sshd,
  TunnelRig,
  type Service,
} from "../support/services/index.ts";

const examples = path.join(import.meta.dirname, "../../examples");
const read = (name: string): string => readFileSync(path.join(examples, name), "utf8");
const sbin = ["/usr/sbin", "/usr/local/sbin", "/sbin"];

/** setup.sh is for the shell and the coreutils of a Linux container. */
const linux: Service = { available: () => (process.platform === "linux" ? null : "Linux") };

describe.skipIf(lacks(linux, openssl, sshd))("setup.sh", () => {
  const local = mkdtempSync(path.join(tmpdir(), "culvert-example-"));
  const setUp = (): ReturnType<typeof run> => run("sh", [path.join(examples, "setup/setup.sh"), local]);
  const made = (name: string): string => readFileSync(path.join(local, name), "utf8");

  beforeAll(async () => expect(await setUp()).toMatchObject({ code: 0, stderr: "" }));
  afterAll(() => rmSync(local, { recursive: true, force: true }));

  test("makes a certificate that is good for every name of the example, and no key of the CA", () => {
    const [ca, certificate] = [new X509Certificate(made("ca.pem")), new X509Certificate(made("pomerium.pem"))];
    expect([ca.ca, ca.verify(ca.publicKey), certificate.verify(ca.publicKey)]).toEqual([true, true, true]);
    const { authenticate_service_url: authenticate } = parse(read("pomerium.yaml")) as Record<string, string>;
    for (const host of [new URL(authenticate ?? "").hostname, "pomerium.localhost.pomerium.io", "ssh.corp.example.com"])
      expect(certificate.checkHost(host)).toBeDefined();
    const keys = ["pomerium-key.pem", "id_ed25519", "ssh_host_ed25519_key"];
    expect(keys.map((name) => statSync(path.join(local, name)).mode & 0o777)).toEqual([0o644, 0o600, 0o600]);
    expect(made("known_hosts")).toBe(
      `ssh.corp.example.com ${made("ssh_host_ed25519_key.pub").split(" ").slice(0, 2).join(" ")}\n`,
    );
  });

  test("keeps what is good, and replaces what is not", async () => {
    const before = ["ca.pem", "pomerium.pem", "id_ed25519"].map(made);
    expect((await setUp()).code).toBe(0);
    expect(["ca.pem", "pomerium.pem", "id_ed25519"].map(made)).toEqual(before);
    writeFileSync(path.join(local, "pomerium.pem"), "cut off");
    expect((await setUp()).code).toBe(0);
    expect(new X509Certificate(made("pomerium.pem")).verify(new X509Certificate(made("ca.pem")).publicKey)).toBe(true);
    expect(made("id_ed25519")).toBe(before[2]);
  });

  test("makes keys that the example's sshd takes", async () => {
    const config = path.join(local, "sshd_config");
    writeFileSync(config, read("ssh/sshd_config").replaceAll("/local/", `${local}/`));
    if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
    expect(await run(program("sshd", sbin), ["-t", "-f", config])).toMatchObject({ code: 0, stderr: "" });
  });
});

test.skipIf(lacks(dnsmasq))("dnsmasq takes the example's settings", async () => {
  const args = ["--test", `--conf-file=${path.join(examples, "dns/dnsmasq.conf")}`];
  expect(await run(program("dnsmasq", sbin), args)).toMatchObject({ code: 0 });
});

describe.skipIf(lacks(linux, redis, postgresql, sshd, dnsmasq, guideNames))("README.md", () => {
  const closers: (() => Promise<unknown>)[] = [];
  let rig: TunnelRig;
  let guide: GuideRun;

  beforeAll(async () => {
    const keep = <T extends { close(): Promise<void> }>(server: T): T => {
      closers.unshift(() => server.close());
      return server;
    };
    const [cache, orders, shell, names] = await Promise.all([
      redis.start(),
      postgresql.start({ user: "alice", database: "orders" }),
      sshd.start(),
      dnsmasq.start(),
    ]);
    const servers: Readonly<Record<string, { readonly host: string; readonly port: number }>> = {
      redis: keep(cache),
      pg: keep(orders),
      ssh: keep(shell),
      dns: keep(names),
    };
    const address = ["-h", orders.host, "-p", String(orders.port), "-U", "alice", "-d", "orders"];
    const filled = await run(program("psql"), ["-Xq", ...address, "-f", path.join(examples, "orders.sql")]);
    expect(filled).toMatchObject({ code: 0, stderr: "" });
    rig = await TunnelRig.ofGuides({ otherDomains: ["localhost.pomerium.io"], routes: routesOf(servers) });
    closers.unshift(() => rig.close());
    guide = new GuideRun(rig, shell);
    const local = path.join(guide.folder, "local");
    mkdirSync(local);
    copyFileSync(rig.proxy.caFile, path.join(local, "ca.pem"));
    copyFileSync(shell.keyFile, path.join(local, "id_ed25519"));
    writeFileSync(path.join(local, "known_hosts"), `ssh.corp.example.com ${shell.hostKey}\n`);
    // Docker's part is done.
    const docker = path.join(rig.folder, "bin", "docker");
    writeFileSync(docker, '#!/bin/sh\necho "$@" >> "$HOME/docker-was-told"\n');
    chmodSync(docker, 0o755);
  });
  afterAll(async () => {
    await guide?.end();
    for (const close of closers) await close();
  });

  /** The routes of pomerium.yaml, with the servers of this computer behind them. */
  function routesOf(servers: Readonly<Record<string, { readonly host: string; readonly port: number }>>): RouteSpec[] {
    const { routes } = parse(read("pomerium.yaml")) as { routes: { from: string; to: string }[] };
    return routes.map(({ from, to }) => {
      const [, type = "", host = "", port = ""] = /^(tcp|udp)\+https:\/\/(.+):(\d+)$/.exec(from) ?? [];
      const upstream = servers[/^(?:tcp|udp):\/\/(.+):\d+$/.exec(to)?.[1] ?? ""];
      if (upstream === undefined) throw new Error(`there is no service behind ${from}`);
      return { host, port: Number(port), type: type === "udp" ? "udp" : "tcp", upstream };
    });
  }

  test("every command works, and prints what the page shows, with one sign-in", async () => {
    expect(await guide.follow(read("README.md"))).toBe(8);
    expect(rig.proxy.control.browserVisits()).toBe(1);
    expect(readFileSync(path.join(rig.folder, "docker-was-told"), "utf8")).toBe(
      "compose up --build --detach\ncompose down --volumes\n",
    );
  });
});
