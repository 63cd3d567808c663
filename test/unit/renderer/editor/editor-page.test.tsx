// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EditorPage, type EditorPlace } from "../../../../src/renderer/editor/editor-page.tsx";
import { GlobalShortcuts } from "../../../../src/renderer/keyboard/global-shortcuts.tsx";
import { HostProvider } from "../../../../src/renderer/store/host.tsx";
import { createMirror, type Mirror } from "../../../../src/renderer/store/mirror.ts";
import { goTo, initialView, useView } from "../../../../src/renderer/store/view.ts";
import type { ConnectionInput } from "../../../../src/shared/model/connection.ts";
import { connectionOf, failing, FakeMain, idOf, snapshotOf } from "../store/fake-main.ts";

const certificate = "-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----";

let main: FakeMain;
let mirror: Mirror;

beforeEach(() => {
  useView.setState(initialView());
  main = new FakeMain(
    snapshotOf([
      connectionOf(1, { name: "Orders", tags: ["prod"], listen: "5432" }),
      connectionOf(2, {
        name: "Warehouse",
        clientCertificate: { kind: "pem", certificate, label: "ada.pem" },
        auth: { kind: "token" },
      }),
    ]),
  );
  main.answers["check-connection"] = () => [];
  main.answers["save-connection"] = () => ({ outcome: "saved" });
  mirror = createMirror(main);
});
afterEach(() => {
  cleanup();
  mirror.close();
});

async function open(place: Omit<EditorPlace, "name">): Promise<void> {
  await waitFor(() => expect(mirror.store.getState().snapshot).not.toBeNull());
  const page: EditorPlace = { name: "editor", ...place };
  goTo(page);
  render(
    <HostProvider host={{ bridge: main, mirror }}>
      <EditorPage page={page} />
      <GlobalShortcuts />
    </HostProvider>,
  );
}

const savedInput = (): ConnectionInput => main.named("save-connection")[0]?.[0] as ConnectionInput;
const save = (): HTMLElement => screen.getByRole("button", { name: "Save" });
const protocol = (name: "TCP" | "UDP"): HTMLElement => screen.getByRole("radio", { name });
const destination = (): HTMLElement => screen.getByLabelText("Destination");
const invalid = (element: HTMLElement): boolean => element.getAttribute("aria-invalid") === "true";
/** What is read with a field. */
const description = (element: HTMLElement): string =>
  document.getElementById(element.getAttribute("aria-describedby") ?? "")?.textContent ?? "";

test("an error waits until the field is left, clears as it is put right, and is read with the field", async () => {
  const user = userEvent.setup();
  await open({ id: null });
  await user.type(destination(), "pg.example");
  expect(invalid(destination())).toBe(false);
  await user.tab();
  expect(invalid(destination())).toBe(true);
  expect(description(destination())).toContain("Add a port");
  expect(screen.getByText("1 field needs attention")).toBeTruthy();
  await user.type(destination(), ":5432");
  expect(invalid(destination())).toBe(false);
  expect(screen.queryByText("1 field needs attention")).toBeNull();
});

test("Save goes to the first error, opens the part it is in, and sends nothing", async () => {
  const user = userEvent.setup();
  await open({ id: null, draft: { destination: "pg.example:5432" } });
  await user.click(screen.getByRole("button", { name: /^Advanced/ }));
  await user.click(screen.getByRole("radio", { name: "Token file" }));
  await user.click(screen.getByRole("button", { name: /^Advanced/ }));
  await user.click(save());
  expect(main.named("save-connection")).toEqual([]);
  expect(document.activeElement).toBe(screen.getByRole("button", { name: "Choose token file…" }));
});

test("Ctrl+S saves, Ctrl+Enter saves and turns on, and the list shows what was saved", async () => {
  const user = userEvent.setup();
  await open({ id: idOf(1) });
  await user.type(screen.getByLabelText("Name"), " 2{Control>}s{/Control}");
  await waitFor(() => expect(useView.getState().page.name).toBe("connections"));
  expect(main.named("save-connection")[0]).toMatchObject([
    { id: idOf(1), name: "Orders 2" },
    { turnOn: false, restart: false, secretsFrom: null },
  ]);
  expect(useView.getState().selected).toBe(idOf(1));
  cleanup();
  await open({ id: idOf(1) });
  await user.keyboard("{Control>}{Enter}{/Control}");
  await waitFor(() => expect(main.named("save-connection")[1]?.[1]).toMatchObject({ turnOn: true }));
});

test("a pasted link fills both fields and says so; one for UDP chooses that as well", async () => {
  const user = userEvent.setup();
  await open({ id: null });
  await user.click(destination());
  await user.paste("tcp+https://access.example:8443/pg.example:5432\n");
  expect((destination() as HTMLInputElement).value).toBe("pg.example:5432");
  expect(description(destination())).toContain("Filled from the link");
  await user.type(destination(), "1");
  expect(description(destination())).not.toContain("Filled");
  await user.clear(destination());
  await user.paste("udp+https://dns.example:53");
  expect((destination() as HTMLInputElement).value).toBe("dns.example:53");
  expect(protocol("UDP").getAttribute("aria-checked")).toBe("true");
  expect(description(destination())).toContain("Filled from the link");
  await user.click(protocol("TCP"));
  expect(description(destination())).not.toContain("Filled");
  await user.clear(destination());
  await user.paste("udp+https://access.example/dns.example");
  expect((destination() as HTMLInputElement).value).toBe("udp+https://access.example/dns.example");
  expect(description(destination())).toContain("Add a port, for example dns.example:53");
  await user.clear(destination());
  await user.paste("udp+https://access.example/dns.example:53");
  await user.click(save());
  await waitFor(() => expect(main.named("save-connection")).toHaveLength(1));
  expect(savedInput()).toMatchObject({
    protocol: "udp",
    destination: "dns.example:53",
    pomeriumUrl: "https://access.example",
  });
});

test("the protocol is one tab stop that the arrows choose, and what is on screen follows it", async () => {
  const user = userEvent.setup();
  await open({ id: null, draft: { listen: "5432" } });
  const local = (): string => description(screen.getByLabelText("Local address"));
  await user.click(screen.getByLabelText("Name"));
  await user.tab();
  expect(document.activeElement).toBe(protocol("TCP"));
  await user.tab();
  await user.tab();
  expect(description(destination())).toContain("for example pg.example.com:5432");
  expect(local()).toContain("Port 5432 is also used by Orders");
  await user.click(protocol("TCP"));
  await user.keyboard("{ArrowRight}");
  expect(document.activeElement).toBe(protocol("UDP"));
  expect(protocol("UDP").getAttribute("aria-checked")).toBe("true");
  expect(description(destination())).toContain("for example dns.example.com:53");
  // A UDP port is another one.
  expect(local()).not.toContain("Orders");
  await user.keyboard("{ArrowLeft}");
  expect(local()).toContain("Orders");
});

test("UDP has a time after which clients are forgotten, which is judged as every field", async () => {
  const user = userEvent.setup();
  await open({ id: null, draft: { protocol: "udp", destination: "dns.example:53", listen: "5353" } });
  expect(screen.getByText("dig @127.0.0.1 -p 5353 example.com")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: /^Advanced/ }));
  const idle = (): HTMLElement => screen.getByLabelText("Forget clients after");
  expect((idle() as HTMLInputElement).value).toBe("120");
  await user.clear(idle());
  expect(invalid(idle())).toBe(false);
  await user.tab();
  expect(description(idle())).toBe("Enter whole seconds, from 1 to 86400");
  // Looked at all the same, with the usual time.
  await waitFor(() =>
    expect(main.named("check-connection").at(-1)?.[0]).toMatchObject({ protocol: "udp", idleSeconds: 120 }),
  );
  await user.click(protocol("TCP"));
  expect(screen.queryByLabelText("Forget clients after")).toBeNull();
  expect(screen.queryByText("1 field needs attention")).toBeNull();
  await user.click(protocol("UDP"));
  await user.click(screen.getByRole("button", { name: /^Advanced/ }));
  await user.click(save());
  expect(main.named("save-connection")).toEqual([]);
  expect(document.activeElement).toBe(idle());
  await user.keyboard("45");
  expect(invalid(idle())).toBe(false);
  await user.click(save());
  await waitFor(() => expect(main.named("save-connection")).toHaveLength(1));
  expect(savedInput()).toMatchObject({ protocol: "udp", idleSeconds: 45 });
});

test("leaving with changes asks; Escape keeps editing, Leave leaves; without changes nothing is asked", async () => {
  const user = userEvent.setup();
  await open({ id: idOf(1) });
  await user.type(screen.getByLabelText("Name"), "x");
  await user.keyboard("{Escape}");
  const dialog = screen.getByRole("dialog", { name: "Leave without saving?" });
  expect(document.activeElement).toBe(within(dialog).getByRole("button", { name: "Keep editing" }));
  await user.keyboard("{Escape}");
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(document.activeElement).toBe(screen.getByLabelText("Name"));
  fireEvent.keyDown(document.body, { key: ",", ctrlKey: true });
  await user.click(screen.getByRole("button", { name: "Leave" }));
  expect(useView.getState().page.name).toBe("settings");
  cleanup();
  await open({ id: idOf(1) });
  await user.keyboard("{Escape}");
  expect(useView.getState().page.name).toBe("connections");
});

test("a restart that cuts clients off is asked for, and sent again with the answer", async () => {
  const user = userEvent.setup();
  main.answers["save-connection"] = (_input, options) =>
    (options as { restart: boolean }).restart ? { outcome: "saved" } : { outcome: "asks-restart", clients: 2 };
  await open({ id: idOf(1) });
  await user.click(screen.getByRole("button", { name: "Save and turn on" }));
  expect(await screen.findByText("2 clients will be cut off.")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Save and restart" }));
  await waitFor(() => expect(useView.getState().page.name).toBe("connections"));
  expect(main.named("save-connection")[1]?.[1]).toMatchObject({ restart: true, turnOn: true });
});

test("a failure of saving stays in the footer with everything that was written", async () => {
  const user = userEvent.setup();
  main.answers["save-connection"] = failing({ code: "storage-failed", message: "The disk is full." });
  await open({ id: idOf(1) });
  await user.type(screen.getByLabelText("Name"), "x");
  await user.click(save());
  expect(await screen.findByText("The disk is full.")).toBeTruthy();
  expect(screen.getByLabelText<HTMLInputElement>("Name").value).toBe("Ordersx");
  expect(useView.getState().page.name).toBe("editor");
});

test("problems that only main can see are shown at their field", async () => {
  const user = userEvent.setup();
  main.answers["save-connection"] = () => ({
    outcome: "problems",
    problems: [{ field: "listen", level: "error", message: "This is not an address of this computer" }],
  });
  await open({ id: idOf(1) });
  await user.click(save());
  const listen = screen.getByLabelText("Local address");
  await waitFor(() => expect(document.activeElement).toBe(listen));
  expect(description(listen)).toContain("This is not an address of this computer");
  await user.type(listen, "1");
  expect(invalid(listen)).toBe(false);
});

test("kept secrets are never asked for and never on the page; replacing the token sends the new one", async () => {
  const user = userEvent.setup();
  await open({ id: idOf(2) });
  expect(screen.getByText("Key saved in the system keychain")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Replace token…" }));
  await user.type(screen.getByLabelText("Service account token"), "s3cret-token");
  expect(document.body.outerHTML).not.toContain("s3cret-token");
  await user.click(save());
  await waitFor(() => expect(main.named("save-connection")).toHaveLength(1));
  expect(savedInput()).toMatchObject({
    clientCertificate: { key: { kind: "keep" }, passphrase: { kind: "keep" } },
    auth: { kind: "token", token: { kind: "set", value: "s3cret-token" } },
  });
});

test("an encrypted key asks for its passphrase, and neither comes onto the page", async () => {
  const user = userEvent.setup();
  const key = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nKEYTEXT\n-----END ENCRYPTED PRIVATE KEY-----";
  main.answers["pick-file"] = () => ({ name: "ada.key", path: "/ada.key", text: key });
  await open({ id: idOf(2) });
  expect(screen.queryByLabelText("Passphrase")).toBeNull();
  await user.click(screen.getByRole("button", { name: "Replace private key…" }));
  await user.type(await screen.findByLabelText("Passphrase"), "open sesame");
  expect(document.body.outerHTML).not.toMatch(/KEYTEXT|sesame/);
  await user.click(save());
  await waitFor(() => expect(main.named("save-connection")).toHaveLength(1));
  expect(savedInput().clientCertificate).toMatchObject({
    key: { kind: "set", value: key },
    passphrase: { kind: "set", value: "open sesame" },
  });
});

test("a dropped CA file is taken, one that is too large is not", async () => {
  await open({ id: null, draft: { destination: "a.example:1", trust: { kind: "ca", pem: "", label: "" } } });
  const zone = screen.getByText("or drop the file here").parentElement!;
  const big = new File(["x".repeat(300 * 1024)], "big.pem");
  fireEvent.drop(zone, { dataTransfer: { files: [big] } });
  expect(await screen.findByText("big.pem is too large for a CA certificate")).toBeTruthy();
  const file = new File([certificate], "halden.pem");
  fireEvent.drop(zone, { dataTransfer: { files: [file] } });
  expect(await screen.findByText("halden.pem")).toBeTruthy();
  fireEvent.click(save());
  await waitFor(() => expect(main.named("save-connection")).toHaveLength(1));
  expect(savedInput().trust).toEqual({ kind: "ca", pem: `${certificate}\n`, label: "halden.pem" });
});

test("a dropped CA file in DER is taken as main reads it", async () => {
  await open({ id: null, draft: { destination: "a.example:1", trust: { kind: "ca", pem: "", label: "" } } });
  main.answers["read-dropped"] = () => ({ text: `${certificate}\n` });
  const file = new File([Uint8Array.from([0x30, 0x82, 1, 2, 0xff])], "halden.cer");
  fireEvent.drop(screen.getByText("or drop the file here").parentElement!, { dataTransfer: { files: [file] } });
  expect(await screen.findByText("halden.cer")).toBeTruthy();
  expect(main.named("read-dropped")).toEqual([["ca", "MIIBAv8="]]);
  fireEvent.click(save());
  await waitFor(() => expect(main.named("save-connection")).toHaveLength(1));
  expect(savedInput().trust).toEqual({ kind: "ca", pem: `${certificate}\n`, label: "halden.cer" });
});

test("a copy starts without a local address and keeps the secrets of the original", async () => {
  await open({ id: null, duplicateOf: idOf(2) });
  expect(screen.getByLabelText<HTMLInputElement>("Name").value).toBe("Warehouse copy");
  fireEvent.click(save());
  await waitFor(() => expect(main.named("save-connection")).toHaveLength(1));
  expect(main.named("save-connection")[0]?.[1]).toMatchObject({ secretsFrom: idOf(2) });
  expect(savedInput().id).not.toBe(idOf(2));
});

test("warnings of main are shown when the field is left, and do not stop Save", async () => {
  const user = userEvent.setup();
  const message = "Port 5432 is also used by Orders. Only one of them can be on.";
  await open({ id: null, draft: { destination: "a.example:1" } });
  await user.type(screen.getByLabelText("Local address"), "5432");
  await user.tab();
  expect(description(screen.getByLabelText("Local address"))).toContain(message);
  await user.click(save());
  expect(main.named("save-connection")).toHaveLength(1);
});
