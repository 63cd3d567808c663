// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test } from "vitest";
import { filledFromFile } from "../../../../src/renderer/editor/certificate-field.tsx";
import { EditorPage } from "../../../../src/renderer/editor/editor-page.tsx";
import { draftFromInput, isFollowed } from "../../../../src/renderer/editor/form.ts";
import { HostProvider } from "../../../../src/renderer/store/host.tsx";
import { createMirror, type Mirror } from "../../../../src/renderer/store/mirror.ts";
import { goTo, initialView, useView } from "../../../../src/renderer/store/view.ts";
import type { CertificateFacts } from "../../../../src/shared/model/certificate.ts";
import {
  connectionLimits,
  emptyConnectionInput,
  type ConnectionInput,
} from "../../../../src/shared/model/connection.ts";
import { FakeMain, snapshotOf } from "../store/fake-main.ts";

const facts: CertificateFacts = {
  name: "ada",
  subject: "CN=ada, O=Halden",
  issuerName: "Halden Device CA",
  issuer: "CN=Halden Device CA",
  serial: "0A",
  names: [],
  validFrom: new Date(2025, 0, 2).getTime(),
  validTo: new Date(2031, 2, 4).getTime(),
  uses: ["client authentication"],
  fingerprint: "22:CF:B0",
};
const certificate = "-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----";
const key = "-----BEGIN PRIVATE KEY-----\nKEYTEXT\n-----END PRIVATE KEY-----";
const der = Uint8Array.from([0x30, 0x82, 0x01, 0x02, 0xff, 0x00]);
const base64 = "MIIBAv8A";

let main: FakeMain;
let mirror: Mirror;

beforeEach(async () => {
  useView.setState(initialView());
  main = new FakeMain(snapshotOf([]));
  main.answers["check-connection"] = () => [];
  main.answers["save-connection"] = () => ({ outcome: "saved" });
  main.answers["describe-certificate"] = () => facts;
  main.answers["read-dropped"] = (_kind, dropped) => ({ text: "", base64: dropped });
  mirror = createMirror(main);
  await waitFor(() => expect(mirror.store.getState().snapshot).not.toBeNull());
  const page = {
    name: "editor",
    id: null,
    draft: {
      destination: "a.example:1",
      clientCertificate: {
        kind: "pem",
        certificate: "",
        label: "",
        key: { kind: "set", value: "" },
        passphrase: { kind: "set", value: "" },
      },
    },
  } as const;
  goTo(page);
  render(
    <HostProvider host={{ bridge: main, mirror }}>
      <EditorPage page={page} />
    </HostProvider>,
  );
});
afterEach(() => {
  cleanup();
  mirror.close();
});

const button = (name: string): HTMLElement => screen.getByRole("button", { name });
async function saved(): Promise<ConnectionInput["clientCertificate"]> {
  fireEvent.click(button("Save"));
  await waitFor(() => expect(main.named("save-connection")).toHaveLength(1));
  return (main.named("save-connection")[0]?.[0] as ConnectionInput).clientCertificate;
}

test("a PKCS#12 file wants its passphrase in the place of a key, shows its certificate, and is sent as it is", async () => {
  const user = userEvent.setup();
  main.answers["describe-certificate"] = (asked) =>
    (asked as { passphrase?: string }).passphrase === "open sesame" ? facts : null;
  main.answers["pick-file"] = () => ({ name: "ada.p12", path: "/ada.p12", text: "", base64 });
  await user.click(button("Choose certificate…"));
  expect(await screen.findByText("ada.p12 (PKCS#12)")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Choose private key…" })).toBeNull();
  await user.type(screen.getByLabelText("Passphrase"), "open sesame");
  const shown = within(await screen.findByLabelText("Certificate"));
  for (const text of ["CN=ada, O=Halden", "CN=Halden Device CA", "22:CF:B0"])
    expect(shown.getByText(text)).toBeTruthy();
  expect(shown.getByText(/^2 January 2025 to 4 March 2031$/)).toBeTruthy();
  expect(document.body.outerHTML).not.toMatch(/sesame|MIIBAv8A/);
  expect(await saved()).toEqual({ kind: "pkcs12", file: base64, label: "ada.p12", passphrase: "open sesame" });
});

test("a PKCS#12 file that is dropped arrives byte for byte, and a PEM file takes its place again", async () => {
  const zone = screen.getAllByText("or drop the file here")[0]!.parentElement!;
  fireEvent.drop(zone, { dataTransfer: { files: [new File([der], "ada.pfx")] } });
  expect(await screen.findByText("ada.pfx (PKCS#12)")).toBeTruthy();
  main.answers["pick-file"] = () => ({ name: "ada.pem", path: "/ada.pem", text: `${certificate}\n${key}` });
  fireEvent.click(button("Replace certificate…"));
  await screen.findAllByText("ada.pem");
  expect(screen.queryByLabelText("Passphrase")).toBeNull();
  expect(await saved()).toMatchObject({ kind: "pem", label: "ada.pem", key: { kind: "set", value: key } });
});

test.each(["chosen", "dropped"])("a file whose name is longer than what is kept of it can be %s", async (way) => {
  const name = `${"a".repeat(230)}.p12`;
  main.answers["pick-file"] = () => ({ name, path: `/${name}`, text: "", base64 });
  if (way === "chosen") fireEvent.click(button("Choose certificate…"));
  else
    fireEvent.drop(screen.getAllByText("or drop the file here")[0]!.parentElement!, {
      dataTransfer: { files: [new File([der], name)] },
    });
  await screen.findByText(/^a+… \(PKCS#12\)$/);
  const sent = await saved();
  expect("label" in sent && sent.label).toHaveLength(connectionLimits.nameLength);
});

test("what is too large in base64 is not taken", async () => {
  const zone = screen.getAllByText("or drop the file here")[0]!.parentElement!;
  fireEvent.drop(zone, { dataTransfer: { files: [new File([new Uint8Array(200 * 1024)], "big.p12")] } });
  expect(await screen.findByText("big.p12 is too large for a certificate")).toBeTruthy();
});

test("certificate and key can be pasted, and the key stays off the page", async () => {
  const area = screen.getByLabelText<HTMLTextAreaElement>("Certificate and key in PEM form");
  fireEvent.change(area, { target: { value: "-----BEGIN CERT" } });
  expect(area.value).toBe("-----BEGIN CERT");
  fireEvent.change(area, { target: { value: `${certificate}\n${key}` } });
  expect(await screen.findByText("Certificate in PEM form")).toBeTruthy();
  expect(screen.getByText("Private key in PEM form")).toBeTruthy();
  expect(screen.queryByLabelText("Certificate and key in PEM form")).toBeNull();
  expect(document.body.outerHTML).not.toContain("KEYTEXT");
  expect(await saved()).toMatchObject({ kind: "pem", certificate: `${certificate}\n`, key: { value: key } });
});

test("removing a PKCS#12 file leaves nothing of it", async () => {
  main.answers["pick-file"] = () => ({ name: "ada.p12", path: "/ada.p12", text: "", base64 });
  fireEvent.click(button("Choose certificate…"));
  await screen.findByLabelText("Certificate");
  fireEvent.click(button("Remove certificate"));
  await waitFor(() => expect(screen.queryByLabelText("Certificate")).toBeNull());
  expect(button("Choose private key…")).toBeTruthy();
  fireEvent.click(button("Save"));
  expect((await screen.findAllByText("Add the certificate")).length).toBeGreaterThan(0);
  expect(main.named("save-connection")).toEqual([]);
});

test("certificate and key that were chosen as files are followed there; what was pasted is kept as it is", async () => {
  const user = userEvent.setup();
  main.answers["pick-file"] = (purpose) =>
    purpose === "certificate"
      ? { name: "ada.crt", path: "/home/ada/ada.crt", text: certificate }
      : { name: "ada.key", path: "/home/ada/ada.key", text: key };
  await user.click(button("Choose certificate…"));
  await screen.findByText("ada.crt");
  expect(screen.queryByText(/renewed/)).toBeNull();
  await user.click(button("Choose private key…"));
  expect(await screen.findByText("When this file is renewed, Culvert uses the new one.")).toBeTruthy();
  const files = { certificate: "/home/ada/ada.crt", key: "/home/ada/ada.key" };
  expect(await saved()).toMatchObject({ kind: "pem", label: "ada.crt", files });
});

test("a file that holds both is followed as both, until one part is pasted", () => {
  const empty = draftFromInput(emptyConnectionInput("00000000-0000-4000-8000-000000000000"));
  const file = { name: "ada.pem", path: "/ada.pem", text: `${certificate}\n${key}\n` };
  const whole = { ...empty, ...filledFromFile(empty, file, "certificate") };
  expect(whole.files).toEqual({ certificate: "/ada.pem", key: "/ada.pem" });
  expect(isFollowed(whole)).toBe(true);
  const pasted = { ...whole, ...filledFromFile(whole, { name: "", path: "", text: key }, "key") };
  expect(pasted.files).toEqual({ certificate: "/ada.pem", key: "" });
  expect(isFollowed(pasted)).toBe(false);
  const packed = { ...whole, ...filledFromFile(whole, { name: "ada.p12", path: "/ada.p12", text: "", base64 }, "key") };
  expect(isFollowed(packed)).toBe(false);
});
