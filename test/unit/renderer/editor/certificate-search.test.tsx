// @vitest-environment jsdom
import { cleanup, render, screen, waitFor } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, expect, test } from "vitest";
import { EditorPage } from "../../../../src/renderer/editor/editor-page.tsx";
import { HostProvider } from "../../../../src/renderer/store/host.tsx";
import { createMirror, type Mirror } from "../../../../src/renderer/store/mirror.ts";
import { goTo, initialView, useView } from "../../../../src/renderer/store/view.ts";
import type { HostInfo } from "../../../../src/shared/ipc/snapshot.ts";
import type { ConnectionInput } from "../../../../src/shared/model/connection.ts";
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

test.each(["darwin", "win32"] as const)("on %s there is no such choice", async (platform) => {
  await open(platform);
  expect(screen.getByRole("radio", { name: "File" })).toBeTruthy();
  expect(store()).toBeNull();
});

test("what was chosen on Linux can be seen elsewhere, and left", async () => {
  const user = userEvent.setup();
  await open("darwin", { clientCertificate: { kind: "search", issuer: "", subject: "" } });
  expect(store()?.getAttribute("aria-checked")).toBe("true");
  expect(document.activeElement).toBe(issuer());
  expect(screen.getByText("The certificate store of this system cannot be searched yet. Choose a file.")).toBeTruthy();
  await user.click(screen.getAllByRole("radio", { name: "None" })[0]!);
  expect(store()).toBeNull();
});
