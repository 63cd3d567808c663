import { expect, test } from "vitest";
import { isLink, readLink } from "../../../../src/renderer/editor/link.ts";
import { isEncryptedKey, pemParts } from "../../../../src/shared/pem.ts";
import { plannedCommand, plannedRoute } from "../../../../src/renderer/editor/route.ts";
import { filledFromFile } from "../../../../src/renderer/editor/certificate-field.tsx";
import { startOf } from "../../../../src/renderer/editor/form.ts";
import { idOf } from "../store/fake-main.ts";

test("a link fills destination and Pomerium URL, with the spaces and line breaks of where it was copied from", () => {
  expect(readLink(" tcp+https://access.example:8443/\n pg.example:5432 \n")).toEqual({
    protocol: "tcp",
    destination: "pg.example:5432",
    pomeriumUrl: "https://access.example:8443",
  });
  expect(readLink("TCP+HTTPS://pg.example:5432")).toMatchObject({ destination: "pg.example:5432", pomeriumUrl: "" });
  expect(readLink("tcp+https://access.example/[2001:db8::1]:22")?.destination).toBe("[2001:db8::1]:22");
});

test("a link for UDP fills in the protocol as well", () => {
  expect(isLink("udp+https://access.example/dns.example:53")).toBe(true);
  expect(readLink("udp+https://access.example/dns.example:53")).toEqual({
    protocol: "udp",
    destination: "dns.example:53",
    pomeriumUrl: "https://access.example",
  });
  expect(readLink("UDP+https://dns.example:53")).toEqual({
    protocol: "udp",
    destination: "dns.example:53",
    pomeriumUrl: "",
  });
});

test("other text and broken links fill nothing", () => {
  expect(isLink("pg.example:5432")).toBe(false);
  expect(readLink("pg.example:5432")).toBeNull();
  expect(readLink("udp+https://access.example/dns.example")).toBeNull();
  expect(readLink("tcp+https://access.example/path/pg.example:5432")).toBeNull();
});

const certificate = "-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----";
const key = "-----BEGIN PRIVATE KEY-----\nBBB\n-----END PRIVATE KEY-----";

test("a PEM file is taken apart", () => {
  expect(pemParts(`x\n${key}\n${certificate}\n${certificate}`)).toEqual({
    certificates: `${certificate}\n${certificate}\n`,
    key,
  });
  expect(pemParts("nothing")).toEqual({ certificates: "", key: "" });
  expect(isEncryptedKey(key)).toBe(false);
  expect(isEncryptedKey("-----BEGIN ENCRYPTED PRIVATE KEY-----")).toBe(true);
  expect(isEncryptedKey("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n")).toBe(true);
});

test("a file with both parts fills both, but one for the key does not replace a certificate", () => {
  const { draft } = startOf(null, null, idOf(1));
  const both = { name: "ada.pem", path: "", text: `${certificate}\n${key}` };
  expect(filledFromFile(draft, both, "certificate")).toMatchObject({
    certificate: { label: "ada.pem" },
    key: { kind: "new", value: key },
    passphrase: { kind: "new", value: "" },
  });
  const withOne = { ...draft, certificate: { pem: certificate, label: "first.pem" } };
  expect(filledFromFile(withOne, both, "key")).not.toHaveProperty("certificate");
  expect(filledFromFile(withOne, { ...both, text: "no" }, "key")).toMatchObject({ key: { value: "no" } });
  // A key that was chosen as the certificate never lands in a field that is saved in the clear.
  expect(filledFromFile(draft, { ...both, text: key }, "certificate")).not.toHaveProperty("certificate");
});

test("the route tells what is known and what is missing", () => {
  const route = (destination: string, listen = "", pomeriumUrl = "") =>
    plannedRoute({ protocol: "tcp", destination, listen, pomeriumUrl });
  expect(route("pg.example:5432", "5433", "https://access.example")).toEqual({
    local: { host: "127.0.0.1", port: ":5433", state: "ok" },
    proxy: { host: "access.example", port: "", state: "ok" },
    destination: { host: "pg.example", port: ":5432", state: "ok" },
  });
  expect(route("pg.example").destination).toEqual({ host: "pg.example", port: ":port?", state: "bad" });
  expect(route("").destination.state).toBe("missing");
  expect(route("pg.example:5432", "x:y").local.state).toBe("bad");
  expect(route("pg.example:5432").proxy.host).toBe("pg.example");
  const udp = { protocol: "udp", destination: "dns.example:53", listen: "5353", pomeriumUrl: "" } as const;
  expect(plannedRoute(udp)).toMatchObject({
    local: { port: ":5353" },
    proxy: { host: "dns.example", state: "ok" },
    destination: { host: "dns.example", port: ":53", state: "ok" },
  });
});

test("the command needs a port that is known", () => {
  const command = (destination: string, listen: string, protocol: "tcp" | "udp" = "tcp"): string | null =>
    plannedCommand({ protocol, destination, listen }, "linux");
  expect(command("pg.example:5432", "5433")).toBe("psql -h 127.0.0.1 -p 5433");
  expect(command("pg.example:5432", "")).toBeNull();
  expect(command("pg.example:1", "5433")).toBeNull();
  expect(command("pg.example", "5433")).toBeNull();
  expect(command("dns.example:53", "5353", "udp")).toBe("dig @127.0.0.1 -p 5353 example.com");
  expect(command("dns.example:53", "5353")).toBeNull();
  expect(command("pg.example:5432", "5433", "udp")).toBeNull();
});
