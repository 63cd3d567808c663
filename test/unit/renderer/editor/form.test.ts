import { expect, test } from "vitest";
import {
  advancedSummary,
  draftFromInput,
  firstField,
  inputFromConnection,
  inputFromDraft,
  isDirty,
  startOf,
} from "../../../../src/renderer/editor/form.ts";
import { filterOptions } from "../../../../src/renderer/editor/filter.ts";
import { emptyConnectionInput } from "../../../../src/shared/model/connection.ts";
import { connectionOf, idOf } from "../store/fake-main.ts";

const saved = connectionOf(1, {
  name: "Orders",
  tags: ["prod"],
  trust: { kind: "ca", pem: "CA", label: "ca.pem" },
  clientCertificate: { kind: "pem", certificate: "CERT", label: "ada.pem" },
  auth: { kind: "token" },
  pinned: true,
  lastUsedAt: 5,
});

test("a saved connection goes through the form unchanged, its secrets kept", () => {
  const input = inputFromDraft(draftFromInput(inputFromConnection(saved)));
  expect(input).toEqual(inputFromConnection(saved));
  expect(input.clientCertificate).toMatchObject({ key: { kind: "keep" }, passphrase: { kind: "keep" } });
  expect(input.auth).toEqual({ kind: "token", token: { kind: "keep" } });
  expect(input).not.toHaveProperty("pinned");
});

test("a new connection has secrets of its own, which start empty", () => {
  const { draft, secretsFrom } = startOf(null, null, idOf(9));
  expect(secretsFrom).toBeNull();
  expect(inputFromDraft(draft)).toEqual(emptyConnectionInput(idOf(9)));
  expect(inputFromDraft({ ...draft, auth: "token" }).auth).toEqual({
    kind: "token",
    token: { kind: "set", value: "" },
  });
});

test("a copy has another id and name, no local address, and the secrets of the original", () => {
  const { draft, secretsFrom } = startOf(null, { ...saved, listen: "5432" }, idOf(9));
  expect(draft).toMatchObject({ id: idOf(9), name: "Orders copy", listen: "", tags: ["prod"] });
  expect(secretsFrom).toBe(saved.id);
  expect(startOf(null, connectionOf(2), idOf(9)).draft.name).toBe("host-2.example copy");
});

test("what is given beforehand is filled in, and an existing connection keeps its id", () => {
  expect(startOf(saved, null, idOf(9), { listen: "5433" }).draft).toMatchObject({ id: saved.id, listen: "5433" });
  expect(startOf(null, null, idOf(9), { destination: "a:1" }).draft).toMatchObject({ id: idOf(9), destination: "a:1" });
});

test("only a change that would be saved makes the form dirty", () => {
  const { draft } = startOf(saved, null, "");
  expect(isDirty(draft, { ...draft, name: " Orders " })).toBe(false);
  expect(isDirty(draft, { ...draft, trust: "system" })).toBe(true);
  expect(isDirty(draft, { ...draft, token: { kind: "new", value: "t", label: "" } })).toBe(true);
  // It belongs to a choice that is not chosen.
  expect(isDirty(draft, { ...draft, tokenPath: "/ci.jwt" })).toBe(false);
});

test("the line of the closed part sums up what differs", () => {
  const { draft } = startOf(null, null, idOf(9));
  expect(advancedSummary(draft)).toBe("");
  expect(advancedSummary({ ...draft, pomeriumUrl: "https://a.example", trust: "unverified", auth: "token-file" })).toBe(
    "Pomerium URL, TLS not verified, token file",
  );
});

test("the time after which clients are forgotten is written in seconds, and is of UDP only", () => {
  const { draft } = startOf(null, null, idOf(9));
  expect(draft).toMatchObject({ protocol: "tcp", idle: "120" });
  const udp = { ...draft, protocol: "udp" } as const;
  expect(inputFromDraft({ ...udp, idle: " 30 " })).toMatchObject({ protocol: "udp", idleSeconds: 30 });
  for (const idle of ["", "2m", "1.5", "-3", "1e3"]) {
    expect(inputFromDraft({ ...udp, idle }).idleSeconds).toBeNaN();
    // What is not on screen cannot be wrong.
    expect(inputFromDraft({ ...draft, idle }).idleSeconds).toBe(120);
  }
  expect(isDirty(udp, { ...udp, idle: "0120" })).toBe(false);
  expect(isDirty(udp, { ...udp, idle: "" })).toBe(true);
  const long = connectionOf(3, { protocol: "udp", idleSeconds: 3_600 });
  expect(inputFromDraft(draftFromInput(inputFromConnection(long)))).toEqual(inputFromConnection(long));

  expect(advancedSummary(udp)).toBe("");
  expect(advancedSummary({ ...udp, idle: "30", pomeriumUrl: "https://a.example" })).toBe(
    "Pomerium URL, clients forgotten after 30 s",
  );
  expect(advancedSummary({ ...udp, idle: "soon" })).toBe("");
  expect(advancedSummary({ ...draft, idle: "30" })).toBe("");
});

test("filters of the certificate store go through the form, and come back when it is chosen again", () => {
  const searching = (issuer: string, subject: string) =>
    connectionOf(4, { clientCertificate: { kind: "search", issuer, subject } });
  const connection = searching("CN=Corp = CA", "");
  const { draft } = startOf(connection, null, "");
  expect(draft).toMatchObject({ clientCertificate: "search", issuer: { attribute: "CN", value: "Corp = CA" } });
  expect(inputFromDraft(draft)).toEqual(inputFromConnection(connection));
  expect(advancedSummary(draft)).toBe("Pomerium URL, store certificate");
  // No filter and back again.
  const without = { ...draft, issuer: { ...draft.issuer, attribute: "" } };
  expect(inputFromDraft(without).clientCertificate).toEqual({ kind: "search", issuer: "", subject: "" });
  expect(inputFromDraft({ ...draft, clientCertificate: "none" }).clientCertificate).toEqual({ kind: "none" });
  expect(draftFromInput(inputFromDraft({ ...draft, subject: { attribute: "O", value: "" } })).subject).toEqual({
    attribute: "O",
    value: "",
  });
  // By another name of it, and one that is none, which is not lost.
  const other = startOf(searching("organizationname=Corp", "DC=corp"), null, "").draft;
  expect(other.issuer).toEqual({ attribute: "O", value: "Corp" });
  expect(inputFromDraft(other).clientCertificate).toMatchObject({ issuer: "O=Corp", subject: "DC=corp" });
  expect(filterOptions("DC").at(-1)).toEqual({ value: "DC", label: "DC" });
  expect(filterOptions("CN")).toHaveLength(10);
});

test("the first field is the one that stands first on the page", () => {
  expect(firstField(["token", "listen", "ca"])).toBe("listen");
  expect(firstField(["ca", "idle"])).toBe("idle");
  expect(firstField([])).toBeUndefined();
});
