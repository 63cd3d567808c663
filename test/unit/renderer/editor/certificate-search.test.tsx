// @vitest-environment jsdom
import { cleanup, render, screen, waitFor } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, expect, test } from "vitest";
import { EditorPage } from "../../../../src/renderer/editor/editor-page.tsx";
import { HostProvider } from "../../../../src/renderer/store/host.tsx";
import { createMirror, type Mirror } from "../../../../src/renderer/store/mirror.ts";
import { goTo, initialView, useView } from "../../../../src/renderer/store/view.ts";
import { AppError } from "../../../../src/shared/errors.ts";
import type { HostInfo } from "../../../../src/shared/ipc/snapshot.ts";
import type { ConnectionInput } from "../../../../src/shared/model/connection.ts";
import type { StoreLook } from "../../../../src/shared/model/certificate.ts";
import { FakeMain, snapshotOf } from "../store/fake-main.ts";

let mirror: Mirror;
afterEach(() => {
  cleanup();
  mirror.close();
});

async function open(platform: HostInfo["platform"], draft: Partial<ConnectionInput> = {}): Promise<FakeMain> {
  useView.setState(initialView());
  const main = new FakeMain(
    snapshotOf([], { host: { platform, version: "1", versions: {}, browser: "your browser" } }),
  );
  main.answers["check-connection"] = () => [];
  main.answers["look-into-store"] = () => ({ store: "~/.pki/nssdb", lock: "open", fitting: 1, usable: 1 });
  main.answers["save-connection"] = () => ({ outcome: "saved" });
  mirror = createMirror(main);
  await waitFor(() => expect(mirror.store.getState().snapshot).not.toBeNull());
  // The address opens the advanced part.
  const filled = { destination: "a.example:1", pomeriumUrl: "https://access.example", ...draft };
  const page = { name: "editor", id: null, draft: filled } as const;
  goTo(page);
  render(
    <HostProvider host={{ bridge: main, mirror }}>
      <EditorPage page={page} />
    </HostProvider>,
  );
  return main;
}

const store = (): HTMLElement | null => screen.queryByRole("radio", { name: "Certificate store" });
const issuer = (): HTMLElement => screen.getByRole("combobox", { name: "Issuer" });
const value = (name: string): HTMLElement => screen.getByRole("textbox", { name });

test("the store is searched without a filter, or with what is chosen and written", async () => {
  const user = userEvent.setup();
  const main = await open("linux");
  await user.click(store()!);
  expect(screen.queryByRole("textbox", { name: "Issuer value" })).toBeNull();
  await user.selectOptions(issuer(), "Common name (CN)");
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect(document.activeElement).toBe(value("Issuer value"));
  expect((await screen.findAllByText("Enter a value, or choose No filter")).length).toBeGreaterThan(0);
  expect(main.named("save-connection")).toEqual([]);
  await user.type(value("Issuer value"), "Corp CA");
  expect(screen.queryByText("Enter a value, or choose No filter")).toBeNull();
  await user.selectOptions(screen.getByRole("combobox", { name: "Subject" }), "Serial number");
  await user.type(value("Subject value"), "7");
  await user.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(main.named("save-connection")).toHaveLength(1));
  expect((main.named("save-connection")[0]?.[0] as ConnectionInput).clientCertificate).toEqual({
    kind: "search",
    issuer: "CN=Corp CA",
    subject: "serialNumber=7",
  });
});

test("a filter that is missing its value is put right by No filter", async () => {
  const user = userEvent.setup();
  const main = await open("linux", { clientCertificate: { kind: "search", issuer: "CN=", subject: "" } });
  expect(document.activeElement).toBe(value("Issuer value"));
  await user.tab();
  expect((await screen.findAllByText("Enter a value, or choose No filter")).length).toBeGreaterThan(0);
  await user.selectOptions(issuer(), "No filter");
  expect(screen.queryByText("Enter a value, or choose No filter")).toBeNull();
  await user.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(main.named("save-connection")).toHaveLength(1));
});

test.each(["darwin", "win32"] as const)(
  "on %s the store is a choice as well, and what stands in its way is told",
  async (platform) => {
    const user = userEvent.setup();
    const main = await open(platform);
    main.answers["look-into-store"] = () => {
      throw new AppError("not-available-yet", "Its helper is missing.", { userAction: "Install Culvert again." });
    };
    await user.click(store()!);
    expect(await screen.findByText("Its helper is missing. Install Culvert again.")).toBeTruthy();
  },
);

const look = { store: "~/.pki/nssdb", lock: "open", fitting: 2, usable: 3 } as const;

test("what the store holds is counted as the filters change, and when the person comes back to the window", async () => {
  const user = userEvent.setup();
  const main = await open("linux");
  main.answers["look-into-store"] = (asked) =>
    (asked as { issuer: string | null }).issuer === "CN=Corp" ? { ...look, fitting: 0 } : look;
  await user.click(store()!);
  expect(await screen.findByText(/^2 certificates in ~\/\.pki\/nssdb can be used\./)).toBeTruthy();
  await user.selectOptions(issuer(), "Common name (CN)");
  expect(screen.getByText("A value has to match exactly.")).toBeTruthy();
  await user.type(value("Issuer value"), "Corp");
  expect(
    await screen.findByText(
      "No certificate in ~/.pki/nssdb fits. 3 others could be used. A value has to match exactly.",
    ),
  ).toBeTruthy();
  await user.type(value("Issuer value"), " CA");
  expect(await screen.findByText(/^2 certificates in ~\/\.pki\/nssdb fit\./)).toBeTruthy();
  main.answers["look-into-store"] = () => ({ ...look, lock: "none", fitting: 0, usable: 0 });
  window.dispatchEvent(new Event("focus"));
  expect(await screen.findByText("No certificate database found in your home folder. Choose a file.")).toBeTruthy();
});

test("no count is shown that is about other filters, and the password row stays meanwhile", async () => {
  const user = userEvent.setup();
  const main = await open("linux");
  main.answers["look-into-store"] = (asked) =>
    (asked as { issuer: string | null }).issuer === null
      ? { ...look, lock: "password-missing" }
      : new Promise(() => undefined);
  await user.click(store()!);
  const password = await screen.findByLabelText("Password of the store");
  await user.type(password, "half");
  await user.selectOptions(issuer(), "Common name (CN)");
  await user.type(value("Issuer value"), "Corp");
  await waitFor(() => expect(main.named("look-into-store").at(-1)).toEqual([{ issuer: "CN=Corp", subject: null }]));
  expect(screen.getByText("Looking into the certificate store…")).toBeTruthy();
  expect(screen.queryByText(/certificates in/)).toBeNull();
  expect(screen.getByLabelText("Password of the store")).toBe(password);
});

test("a store with a password is opened here, and the password stays out of the page", async () => {
  const user = userEvent.setup();
  const main = await open("linux");
  let lock: StoreLook["lock"] = "password-missing";
  main.answers["look-into-store"] = () => ({ ...look, lock });
  main.answers["enter-store-password"] = (given) =>
    (lock = given === "right" ? "open" : lock) === "open" ? lock : "password-wrong";
  await user.click(store()!);
  const password = await screen.findByLabelText("Password of the store");
  await user.type(password, "wrong");
  await user.click(screen.getByRole("button", { name: "Unlock" }));
  expect(await screen.findByText("The password does not open ~/.pki/nssdb.")).toBeTruthy();
  await user.clear(password);
  await user.type(password, "right{Enter}");
  await waitFor(() => expect(screen.queryByLabelText("Password of the store")).toBeNull());
  expect(main.named("enter-store-password")).toEqual([["wrong"], ["right"]]);
  expect(document.body.outerHTML).not.toContain('right"');
  await user.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(main.named("save-connection")).toHaveLength(1));
  expect(JSON.stringify(main.named("save-connection"))).not.toContain('"right"');
});
