import { expect, test } from "vitest";
import { isLink, readLink } from "../../../../src/renderer/editor/link.ts";
import { isEncryptedKey, pemParts } from "../../../../src/renderer/editor/pem.ts";
import { plannedCommand, plannedRoute } from "../../../../src/renderer/editor/route.ts";
import { filledFromFile } from "../../../../src/renderer/editor/certificate-field.tsx";
import { startOf } from "../../../../src/renderer/editor/form.ts";
import { idOf } from "../store/fake-main.ts";

test("a link fills destination and Pomerium URL, with the spaces and line breaks of where it was copied from", () => {
  expect(readLink(" tcp+https://access.example:8443/\n pg.example:5432 \n")).toEqual({
    destination: "pg.example:5432",
    pomeriumUrl: "https://access.example:8443",
  });
  expect(readLink("TCP+HTTPS://pg.example:5432")).toEqual({ destination: "pg.example:5432", pomeriumUrl: "" });
  expect(readLink("tcp+https://access.example/[2001:db8::1]:22")?.destination).toBe("[2001:db8::1]:22");
});

test("other text, UDP links and broken links fill nothing", () => {
  expect(isLink("pg.example:5432")).toBe(false);
  expect(readLink("pg.example:5432")).toBeNull();
  expect(isLink("udp+https://access.example/dns.example:53")).toBe(true);
  expect(readLink("udp+https://access.example/dns.example:53")).toBeNull();
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
    plannedRoute({ destination, listen, pomeriumUrl });
  expect(route("pg.example:5432", "5433", "https://access.example")).toEqual({
    local: { host: "127.0.0.1", port: ":5433", state: "ok" },
    proxy: { host: "access.example", port: "", state: "ok" },
    destination: { host: "pg.example", port: ":5432", state: "ok" },
  });
  expect(route("pg.example").destination).toEqual({ host: "pg.example", port: ":port?", state: "bad" });
  expect(route("").destination.state).toBe("missing");
  expect(route("pg.example:5432", "x:y").local.state).toBe("bad");
  expect(route("pg.example:5432").proxy.host).toBe("pg.example");
});

test("the command needs a port that is known", () => {
  expect(plannedCommand({ destination: "pg.example:5432", listen: "5433" }, "linux")).toBe("psql -h 127.0.0.1 -p 5433");
  expect(plannedCommand({ destination: "pg.example:5432", listen: "" }, "linux")).toBeNull();
  expect(plannedCommand({ destination: "pg.example:1", listen: "5433" }, "linux")).toBeNull();
  expect(plannedCommand({ destination: "pg.example", listen: "5433" }, "linux")).toBeNull();
});
