import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { schemaFaults } from "../support/schemas.ts";

const root = path.join(import.meta.dirname, "../..");
const examples = path.join(root, "examples");
const read = (...names: string[]): string => readFileSync(path.join(...names), "utf8");
const readme = read(examples, "README.md");

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly network_mode?: string;
}
interface Route {
  readonly from: string;
  readonly to: string;
}
interface Pomerium {
  readonly authenticate_service_url: string;
  readonly idp_provider_url: string;
  readonly idp_client_id: string;
  readonly idp_client_secret: string;
  readonly shared_secret: string;
  readonly cookie_secret: string;
  readonly certificates: readonly { readonly cert: string; readonly key: string }[];
  readonly routes: readonly Route[];
}
interface Dex {
  readonly issuer: string;
  readonly web: { readonly http: string };
  readonly staticClients: readonly { id: string; secret: string; redirectURIs: string[] }[];
  readonly staticPasswords: readonly { email: string; hash: string }[];
}

const compose = parse(read(examples, "docker-compose.yml")) as { readonly services: Readonly<Record<string, Service>> };
const pomerium = parse(read(examples, "pomerium.yaml")) as Pomerium;
const dex = parse(read(examples, "dex.yaml")) as Dex;
const services = Object.entries(compose.services);

describe("docker-compose.yml", () => {
  test("fits the Compose Specification, and what does not is found", () => {
    expect(schemaFaults("compose-spec", compose)).toEqual([]);
    const { redis, ...others } = compose.services;
    const wrong = { ...compose, services: { ...others, redis: { ...redis, imag: "redis" } } };
    expect(schemaFaults("compose-spec", wrong)).not.toEqual([]);
  });

  test.each(services)(
    "%s is of a version that stays, from files that are there",
    (_name, { image, build, volumes = [] }) => {
      const from = build === undefined ? image : /^FROM (\S+)$/m.exec(read(examples, build, "Dockerfile"))?.[1];
      expect(from).toMatch(/^[\w./-]+:v?\d+\.\d+(\.\d+)?[\w.-]*$/);
      for (const volume of volumes) {
        const [source = "", target = "", mode = ""] = volume.split(":");
        expect(existsSync(path.join(examples, source)), source).toBe(true);
        expect(target).toMatch(/^\//);
        // Only what makes the files may write.
        expect(mode).toBe(build === "./setup" ? "" : "ro");
      }
    },
  );

  test("opens ports on loopback alone", () => {
    const ports = services.flatMap(([, { ports: own = [] }]) => own);
    expect(ports).toEqual(["127.0.0.1:443:443", "127.0.0.1:5556:5556"]);
    for (const port of ports) expect(readme).toContain(port.split(":")[1]);
  });
});

describe("pomerium.yaml", () => {
  test("has settings that Pomerium documents, and no others", () => {
    expect(Object.keys(pomerium).sort()).toEqual([
      "authenticate_service_url",
      "certificates",
      "cookie_secret",
      "idp_client_id",
      "idp_client_secret",
      "idp_provider",
      "idp_provider_url",
      "routes",
      "shared_secret",
    ]);
    for (const route of pomerium.routes)
      expect(Object.keys(route).sort()).toEqual(["allow_any_authenticated_user", "from", "to"]);
  });

  test("has secrets of the right length that say that they are none", () => {
    for (const text of [pomerium.shared_secret, pomerium.cookie_secret]) {
      const bytes = Buffer.from(text, "base64");
      expect([bytes.length, bytes.toString()]).toEqual([32, expect.stringContaining("not a secret")]);
    }
  });

  test("is the client that Dex knows, at the address that both the browser and Pomerium reach it at", () => {
    const [client] = dex.staticClients;
    expect(client).toMatchObject({ id: pomerium.idp_client_id, secret: pomerium.idp_client_secret });
    expect(client?.redirectURIs).toEqual([`${pomerium.authenticate_service_url}/oauth2/callback`]);
    expect(pomerium.idp_provider_url).toBe(dex.issuer);
    const { port, hostname } = new URL(dex.issuer);
    expect([hostname, dex.web.http]).toEqual(["localhost", `0.0.0.0:${port}`]);
    expect(compose.services["dex"]?.network_mode).toBe("service:pomerium");
    expect(compose.services["pomerium"]?.ports).toContain(`127.0.0.1:${port}:${port}`);
  });

  test("finds its files where setup.sh puts them", () => {
    const script = read(examples, "setup/setup.sh");
    for (const file of pomerium.certificates.flatMap(({ cert, key }) => [cert, key])) {
      expect(path.dirname(file)).toBe("/local");
      expect(script).toContain(path.basename(file));
    }
  });

  test("has a service behind every route, and routes of the guides, which the page uses", () => {
    const guides = readdirSync(path.join(root, "docs/guides"))
      .map((name) => read(root, "docs/guides", name))
      .join("\n");
    for (const { from, to } of pomerium.routes) {
      const [, scheme, host = "", port] = /^(tcp|udp)\+https:\/\/([\w.-]+):(\d+)$/.exec(from) ?? [];
      const [, upstream, service = ""] = /^(tcp|udp):\/\/([\w-]+):\d+$/.exec(to) ?? [];
      expect(upstream, from).toBe(scheme);
      expect(compose.services, from).toHaveProperty(service);
      for (const page of [guides, readme])
        // ssh gives host and port to the ProxyCommand by itself.
        expect(page, from).toMatch(new RegExp(port === "22" ? `@${host} ` : `${host}:${port}`));
    }
    const used = new Set(readme.match(/[\w-]+\.corp\.example\.com:\d+/g));
    const routed = new Set(pomerium.routes.map(({ from }) => from.replace(/^\w+\+https:\/\//, "")));
    expect([...used].filter((destination) => !routed.has(destination))).toEqual([]);
  });
});

describe("README.md", () => {
  test("names the user and the password that Dex takes", () => {
    const [user] = dex.staticPasswords;
    expect(readme).toContain(`The user is \`${user?.email}\`, the password \`culvert\``);
    expect(user?.hash).toMatch(/^\$2a\$10\$[./\w]{53}$/);
  });

  test("names files that are there", () => {
    const named = [...readme.matchAll(/`((?:[\w-]+\/)*[\w-]+\.(?:yml|yaml|sh|sql|conf|ts))`/g)].map(
      ([, name = ""]) => name,
    );
    expect(named.length).toBeGreaterThan(6);
    for (const name of named)
      expect(
        [examples, root].some((at) => existsSync(path.join(at, name))),
        name,
      ).toBe(true);
  });

  test("says what was not checked", () => {
    expect(readme).toMatch(/Nothing here was ever started in Docker/);
  });
});

test("what Docker makes is kept out of the repository", () => {
  expect(read(examples, "local/.gitignore")).toMatch(/^\*\n!\.gitignore$/m);
});
