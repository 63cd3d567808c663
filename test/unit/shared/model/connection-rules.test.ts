import { describe, expect, test } from "vitest";
import { problemsOf, sameTunnel } from "../../../../src/shared/model/connection-rules.ts";
import {
  emptyConnectionInput,
  type Connection,
  type ConnectionInput,
} from "../../../../src/shared/model/connection.ts";

const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const input = (change: Partial<ConnectionInput> = {}): ConnectionInput => ({
  ...emptyConnectionInput(id(1)),
  destination: "pg.corp.test:5432",
  ...change,
});
const saved = (change: Partial<Connection> = {}): Connection => ({
  ...emptyConnectionInput(id(2)),
  destination: "other.corp.test:5432",
  clientCertificate: { kind: "none" },
  auth: { kind: "browser" },
  pinned: false,
  lastUsedAt: null,
  ...change,
});
const pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
const messages = (change: Partial<ConnectionInput>, others: Connection[] = []): string[] =>
  problemsOf(input(change), others).map(({ field, level, message }) => `${level} ${field}: ${message}`);

describe("errors, in the words of ui.md", () => {
  const cases: readonly (readonly [Partial<ConnectionInput>, string])[] = [
    [{ destination: " " }, "error destination: Enter a destination, for example pg.example.com:5432"],
    [{ destination: "pg.corp.test" }, "error destination: Add a port, for example pg.corp.test:5432"],
    [{ destination: "pg:99999" }, "error destination: The port must be from 1 to 65535"],
    [{ destination: "2001:db8::1:5432" }, "error destination: Put IPv6 in brackets, for example [2001:db8::1]:5432"],
    [
      { destination: "udp+https://dns.corp.test:53" },
      "error destination: This link is for UDP: choose that, or leave out udp+https://",
    ],
    [
      { protocol: "udp", destination: "tcp+https://pg.corp.test:5432" },
      "error destination: This link is for TCP: choose that, or leave out tcp+https://",
    ],
    [{ protocol: "udp", destination: "" }, "error destination: Enter a destination, for example dns.example.com:53"],
    [{ protocol: "udp", destination: "dns.corp.test" }, "error destination: Add a port, for example dns.corp.test:53"],
    ...[0, -1, 1.5, Number.NaN, 86_401].map(
      (idleSeconds) => [{ protocol: "udp", idleSeconds }, "error idle: Enter whole seconds, from 1 to 86400"] as const,
    ),
    [{ listen: "127.0.0.1:x" }, "error listen: The port must be from 0 to 65535"],
    [
      { pomeriumUrl: "access.corp.test" },
      "error pomeriumUrl: Start with https://, for example https://pomerium.example.com",
    ],
    [{ pomeriumUrl: "https://access.corp.test/x" }, "error pomeriumUrl: Leave out the path after the host"],
    [{ trust: { kind: "ca", pem: "junk", label: "" } }, "error ca: This is not a certificate in PEM form"],
    [
      {
        clientCertificate: {
          kind: "pem",
          certificate: "",
          label: "",
          key: { kind: "set", value: key },
          passphrase: { kind: "keep" },
        },
      },
      "error certificate: Add the certificate",
    ],
    [
      {
        clientCertificate: {
          kind: "pem",
          certificate: pem,
          label: "",
          key: { kind: "set", value: "" },
          passphrase: { kind: "keep" },
        },
      },
      "error key: Add the private key",
    ],
    [
      { clientCertificate: { kind: "search", issuer: "CN=", subject: "" } },
      "error issuer: Enter a value, or choose No filter",
    ],
    [
      { clientCertificate: { kind: "search", issuer: "", subject: "O= " } },
      "error subject: Enter a value, or choose No filter",
    ],
    ...["DC=x", "Corp CA", "=x"].map(
      (issuer) =>
        [
          { clientCertificate: { kind: "search", issuer, subject: "CN=ada" } },
          "error issuer: Choose what of the name to filter by",
        ] as const,
    ),
    [{ auth: { kind: "token", token: { kind: "set", value: " " } } }, "error token: Enter the token"],
    [{ auth: { kind: "token-file", path: "" } }, "error tokenFile: Choose the token file"],
  ];
  test.each(cases)("%o", (change, message) => {
    expect(messages(change)).toEqual([message]);
  });

  test("a search needs no filter, and takes what the engine takes", () => {
    for (const issuer of ["", "CN=Corp CA", "organizationname= a=b ", "postalCode=1"])
      expect(messages({ clientCertificate: { kind: "search", issuer, subject: issuer } })).toEqual([]);
  });

  test("every time up to a day is right, and over TCP it has no say", () => {
    for (const idleSeconds of [1, 120, 86_400]) expect(messages({ protocol: "udp", idleSeconds })).toEqual([]);
    expect(messages({ idleSeconds: Number.NaN })).toEqual([]);
  });

  test("a pasted link is a destination", () => {
    expect(messages({ protocol: "udp", destination: "udp+https://dns.corp.test:53" })).toEqual([]);
    expect(messages({ destination: "tcp+https://access.corp.test/pg.corp.test:5432" })).toEqual([]);
  });
});

describe("warnings", () => {
  test("a port that another connection uses, too, however it is written", () => {
    const other = saved({ name: "Orders", listen: "127.0.0.1:5432" });
    expect(messages({ listen: "5432" }, [other])).toEqual([
      "warning listen: Port 5432 is also used by Orders. Only one of them can be on.",
    ]);
    expect(messages({ listen: "" }, [saved({ listen: "" })])).toEqual([]);
  });

  test("the ports of TCP and UDP are different ones, and so are their destinations", () => {
    const dns = saved({ name: "DNS", listen: "5353", destination: "pg.corp.test:5432", protocol: "udp" });
    expect(messages({ listen: "5353" }, [dns])).toEqual([]);
    expect(messages({ listen: "5353", protocol: "udp" }, [dns])).toEqual([
      "warning listen: Port 5353 is also used by DNS. Only one of them can be on.",
      "warning destination: This has the same destination as DNS.",
    ]);
  });

  test("a port that other computers can use", () => {
    expect(messages({ listen: "0.0.0.0:5432" })).toEqual([
      "warning listen: Other computers on your network can use this port.",
    ]);
  });

  test("the same destination, and never itself", () => {
    const twin = saved({ destination: "PG.corp.test:5432", name: "Twin" });
    expect(messages({}, [twin])).toEqual(["warning destination: This has the same destination as Twin."]);
    expect(messages({}, [{ ...twin, id: id(1) }])).toEqual([]);
  });

  test("of a field that is right, while another one is wrong", () => {
    expect(
      messages({ destination: "", listen: "0.0.0.0:5432" }, [saved({ name: "Orders", listen: "0.0.0.0:5432" })]),
    ).toEqual([
      "error destination: Enter a destination, for example pg.example.com:5432",
      "warning listen: Port 5432 is also used by Orders. Only one of them can be on.",
      "warning listen: Other computers on your network can use this port.",
    ]);
    expect(messages({ listen: "x:y", pomeriumUrl: "http://access.corp.test" })).toEqual([
      "error listen: The port must be from 0 to 65535",
      "warning pomeriumUrl: Without https your session and your data go over the network in clear text.",
    ]);
    // Which destination it is follows from the Pomerium URL, too.
    const twin = saved({ destination: "pg.corp.test:5432", name: "Twin" });
    expect(messages({ pomeriumUrl: "access.corp.test" }, [twin])).toHaveLength(1);
  });

  test("a session in clear text", () => {
    expect(messages({ pomeriumUrl: "http://access.corp.test" })).toHaveLength(1);
    expect(messages({ pomeriumUrl: "http://127.0.0.1:8080" })).toEqual([]);
  });
});

describe("what a running tunnel can take over as it is", () => {
  const running = saved({ id: id(1), destination: "pg.corp.test:5432" });

  test("name, tags, start setting, and the same address in other words", () => {
    const change = input({ name: "New", tags: ["a"], startAtLaunch: true, destination: " PG.corp.test:5432" });
    expect(sameTunnel(running, change)).toBe(true);
  });

  test.each<Partial<ConnectionInput>>([
    { destination: "pg.corp.test:5433" },
    { listen: "5433" },
    { pomeriumUrl: "https://access.corp.test" },
    { trust: { kind: "unverified" } },
    { auth: { kind: "token-file", path: "/a" } },
    { auth: { kind: "token", token: { kind: "set", value: "x" } } },
    {
      clientCertificate: {
        kind: "pem",
        certificate: pem,
        label: "",
        key: { kind: "keep" },
        passphrase: { kind: "keep" },
      },
    },
  ])("not %o", (change) => {
    expect(sameTunnel(running, input(change))).toBe(false);
  });

  test("another idle time matters to UDP only, and another protocol always", () => {
    expect(sameTunnel(running, input({ idleSeconds: 30 }))).toBe(true);
    const udp = { ...running, protocol: "udp" } as const;
    expect(sameTunnel(udp, input({ protocol: "udp" }))).toBe(true);
    expect(sameTunnel(udp, input({ protocol: "udp", idleSeconds: 30 }))).toBe(false);
    expect(sameTunnel(udp, input())).toBe(false);
  });

  test("kept secrets are no change, new ones are", () => {
    const with_ = saved({ ...running, clientCertificate: { kind: "pem", certificate: pem, label: "a" } });
    const keep = {
      kind: "pem",
      certificate: pem,
      label: "b",
      key: { kind: "keep" },
      passphrase: { kind: "keep" },
    } as const;
    expect(sameTunnel(with_, input({ clientCertificate: keep }))).toBe(true);
    expect(sameTunnel(with_, input({ clientCertificate: { ...keep, key: { kind: "set", value: key } } }))).toBe(false);
  });
});

test("another filter is another tunnel, the same one is not", () => {
  const search = { kind: "search", issuer: "CN=Corp CA", subject: "" } as const;
  const one = { ...emptyConnectionInput(id(1)), destination: "pg.corp.test:5432" };
  const is = (clientCertificate: ConnectionInput["clientCertificate"]): boolean =>
    sameTunnel(saved({ ...one, clientCertificate: search }), { ...one, clientCertificate });
  expect(is(search)).toBe(true);
  expect(is({ ...search, issuer: "" })).toBe(false);
  expect(is({ ...search, subject: "CN=ada" })).toBe(false);
  expect(is({ ...search, issuer: "", subject: "CN=Corp CA" })).toBe(false);
  expect(is({ kind: "none" })).toBe(false);
});

test("a long text that begins a certificate again and again holds up nobody", () => {
  const pem = "-----BEGIN CERTIFICATE-----".repeat(9_000);
  const started = performance.now();
  const problems = problemsOf({ ...emptyConnectionInput("a"), trust: { kind: "ca", pem, label: "" } }, []);
  expect(problems).toContainEqual(expect.objectContaining({ field: "ca", level: "error" }));
  expect(performance.now() - started).toBeLessThan(500);
});
