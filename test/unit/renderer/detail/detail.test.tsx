// @vitest-environment jsdom
import { screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { act } from "react";
import { afterEach, expect, test } from "vitest";
import { select, setTab, useView } from "../../../../src/renderer/store/view.ts";
import type { Snapshot } from "../../../../src/shared/ipc/snapshot.ts";
import type { Activity } from "../../../../src/shared/model/activity.ts";
import type { ConnectionStatus } from "../../../../src/shared/model/status.ts";
import { connectionOf, FakeMain, idOf, snapshotOf } from "../store/fake-main.ts";
import { endApp, news, renderApp } from "../shell/render-app.tsx";

afterEach(endApp);

const origin = "https://access.example";
const connection = connectionOf(1, { name: "Orders", listen: "5432", tags: ["prod"] });
const others = [connectionOf(2, { name: "Billing" }), connectionOf(3, { name: "Spark" })];
const connected: ConnectionStatus = {
  kind: "connected",
  address: "127.0.0.1:5432",
  since: Date.now(),
  clients: 1,
  openedInMs: 38,
};
const activity: Activity = {
  id: idOf(1),
  clients: [
    { peer: 7, from: "127.0.0.1:53122", since: Date.now(), state: "connected", sent: 61_000, received: 812_000 },
  ],
  traffic: {
    received: 146_900_000,
    sent: 3_200_000,
    samples: [
      { received: 2_310_000, sent: 0 },
      { received: 1_180_000, sent: 24_000 },
    ],
  },
  log: [
    { id: 1, at: 0, level: "info", event: "turned-on", message: "Turned on", client: null, facts: {} },
    {
      id: 2,
      at: 1,
      level: "error",
      event: "peer-failed",
      message: "No answer",
      client: ":53122",
      facts: { Step: "Opening TCP" },
    },
  ],
};

async function open(status: ConnectionStatus, more: Partial<Snapshot> = {}): Promise<FakeMain> {
  const main = new FakeMain(snapshotOf([connection, ...others], { statuses: { [idOf(1)]: status }, ...more }));
  main.activity = activity;
  await renderApp(main);
  await news(() => {
    select(idOf(1));
  });
  await waitFor(() => {
    expect(main.named("watch").at(-1)).toEqual([idOf(1)]);
  });
  return main;
}
const detail = () => within(screen.getByRole("region", { name: "Orders" }));

test("the selected connection is watched, and no longer when it is not selected", async () => {
  const main = await open(connected);
  await news(() => {
    select(null);
  });
  expect(main.named("watch").at(-1)).toEqual([null]);
});

test("the overview tells the way, the traffic, the clients and the last events", async () => {
  const main = await open(connected);
  const route = within(await screen.findByRole("list", { name: "Route" }));
  expect(route.getAllByRole("listitem").map((stop) => stop.textContent)).toEqual([
    "This computer127.0.0.1:54321 client",
    "Pomeriumaccess.example",
    "Destinationhost-1.example:5432opened in 38 ms",
  ]);
  expect(screen.getByRole("region", { name: "Received" }).textContent).toBe(
    "Received146.9 MB total1.18 MB/speak 2.31 MB/s in 60 s",
  );
  const user = userEvent.setup();
  await user.click(screen.getByRole("button", { name: "Disconnect 127.0.0.1:53122" }));
  expect(main.named("disconnect-client")).toEqual([[idOf(1), 7]]);
  expect(screen.getByRole("region", { name: "Recent events" }).textContent).toMatch(/No answer.*Turned on/);
});

test("the address is copied as address, port, host or command", async () => {
  const main = await open(connected);
  const user = userEvent.setup();
  await user.click(detail().getByRole("button", { name: "Copy" }));
  for (const name of ["Copy port", "Copy host", "Copy command"]) {
    await user.click(detail().getByRole("button", { name: "Copy as" }));
    await user.click(screen.getByRole("menuitem", { name }));
  }
  expect(main.named("copy-text")).toEqual([["127.0.0.1:5432"], ["5432"], ["127.0.0.1"], ["psql -h 127.0.0.1 -p 5432"]]);
});

test("a connection over UDP says so, has its own commands, and tells what was dropped", async () => {
  const dns = connectionOf(1, { name: "DNS", protocol: "udp", destination: "dns.example:53", idleSeconds: 30 });
  const main = new FakeMain(
    snapshotOf([dns], { statuses: { [idOf(1)]: { ...connected, address: "127.0.0.1:40053" } } }),
  );
  const [client] = activity.clients;
  if (!client) throw new Error("no client");
  main.activity = {
    ...activity,
    clients: [
      { ...client, dropped: 3 },
      { ...client, peer: 8, from: "127.0.0.1:53123" },
    ],
  };
  main.activity = { ...main.activity, dropped: 1_204 };
  await renderApp(main);
  await news(() => {
    select(idOf(1));
  });
  const user = userEvent.setup();
  const page = within(screen.getByRole("region", { name: "DNS" }));
  expect(page.getByText("UDP").className).toBe("address-protocol");
  const clients = within(await page.findByRole("region", { name: "Clients" }));
  expect(clients.getByText("1204 datagrams dropped")).toBeTruthy();
  const lost = clients.getAllByRole("row").map((row) => row.children[4]?.textContent);
  expect(lost).toEqual(["Dropped", "3", "0"]);
  await user.click(page.getByRole("button", { name: "Copy as" }));
  await user.click(screen.getByRole("menuitem", { name: "Copy command" }));
  expect(main.named("copy-text")).toEqual([["dig @127.0.0.1 -p 40053 example.com"]]);
  act(() => {
    setTab("configuration");
  });
  expect(page.getByText("Forget clients after").nextSibling?.textContent).toBe("30 seconds without a datagram");
  expect(page.getByText("Protocol").nextSibling?.textContent).toBe("UDP");
});

test("of a connection over TCP nothing is said of datagrams", async () => {
  await open(connected);
  expect(detail().getByText("TCP").className).toBe("address-protocol");
  expect(detail().queryByText(/dropped/i)).toBeNull();
  act(() => {
    setTab("configuration");
  });
  expect(detail().queryByText("Forget clients after")).toBeNull();
});

test("an error names its cause and offers the next step", async () => {
  const main = await open({
    kind: "error",
    address: "127.0.0.1:5432",
    since: 0,
    clients: 0,
    error: { code: "port-in-use", message: "Another program uses port 5432.", retryable: false },
  });
  const user = userEvent.setup();
  const callout = screen.getByRole("group", { name: "Another program uses port 5432" });
  main.answers["use-next-port"] = () => 5433;
  await user.click(await within(callout).findByRole("button", { name: "Use port 5433" }));
  expect(main.named("use-next-port")).toEqual([[idOf(1)]]);
  expect(await screen.findByText("Orders now uses port 5433")).toBeTruthy();
  await user.click(within(callout).getByRole("button", { name: "Try again" }));
  expect(main.named("try-again")).toEqual([[idOf(1)]]);
});

test("a CA certificate that is chosen waits in the editor", async () => {
  const main = await open({
    kind: "error",
    address: "127.0.0.1:5432",
    since: 0,
    clients: 0,
    error: { code: "certificate-not-trusted", message: "This computer does not trust it.", retryable: false },
  });
  main.answers["pick-file"] = () => ({ name: "ca.pem", path: "/ca.pem", text: "PEM" });
  main.answers["check-connection"] = () => [];
  await userEvent.setup().click(screen.getByRole("button", { name: "Add CA certificate…" }));
  await waitFor(() => {
    expect(useView.getState().page).toEqual({
      name: "editor",
      id: idOf(1),
      draft: { trust: { kind: "ca", pem: "PEM", label: "ca.pem" } },
    });
  });
});

test.each([
  ["No CA that you add mends that: ask the administrator of the proxy.", null],
  ['Give the certificate of "Corp CA" (--alternate-ca-path), or ask for it.', "Add CA certificate…"],
])("what is not trusted is met with the step that the engine found: %s", async (userAction, button) => {
  const message = 'This computer does not trust localhost. Its certificate, signed by "X", is not for servers.';
  await open({
    kind: "error",
    address: "127.0.0.1:5432",
    since: 0,
    clients: 0,
    error: { code: "certificate-not-trusted", message, userAction, retryable: false },
  });
  const callout = screen.getByRole("group", { name: "This computer does not trust localhost" });
  expect(callout.textContent).toContain(`is not for servers. ${userAction.replace(" (--alternate-ca-path)", "")}`);
  expect(within(callout).queryByText(/organisation/)).toBeNull();
  expect(within(callout).queryByRole("button", { name: "Add CA certificate…" }) === null).toBe(button === null);
});

test("a sign-in can be opened again, copied, and cancelled for one or for all", async () => {
  const main = await open(
    { kind: "signing-in", address: "127.0.0.1:5432", since: 0, waiting: 1, proxy: origin, clients: 0 },
    {
      signIns: [
        { proxy: origin, startedAt: Date.now(), openedAt: Date.now(), connections: [idOf(1), idOf(2), idOf(3)] },
      ],
    },
  );
  const user = userEvent.setup();
  expect(screen.getByRole("alert").textContent).toBe("Sign in to access.example");
  const also = within(screen.getByRole("region", { name: "This sign-in also starts" }));
  expect(also.getAllByRole("listitem").map((item) => item.textContent)).toEqual(["Billingany port", "Sparkany port"]);
  await user.click(screen.getByRole("button", { name: "Open the page again" }));
  await user.click(screen.getByRole("button", { name: "Copy link" }));
  await user.click(screen.getByRole("button", { name: "Cancel" }));
  await user.click(screen.getByRole("button", { name: "Cancel for all 3" }));
  expect(main.named("open-sign-in-page")).toEqual([[origin]]);
  expect(main.named("copy-sign-in-link")).toEqual([[origin]]);
  expect(main.named("cancel-sign-in")).toEqual([
    [origin, idOf(1)],
    [origin, null],
  ]);
});

test("the log filters, pauses, opens its rows and exports what is shown", async () => {
  const main = await open(connected);
  const user = userEvent.setup();
  act(() => {
    setTab("log");
  });
  const log = () => within(screen.getByRole("log", { name: "Events" }));
  expect(screen.getByRole("tab", { name: /^Log/ }).textContent).toBe("Log2");
  await user.click(screen.getByRole("radio", { name: /^Errors/ }));
  expect(log().queryByText("Turned on")).toBeNull();
  await user.click(log().getByRole("button", { name: /No answer/ }));
  expect(log().getByText("Opening TCP")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Export…" }));
  await user.click(screen.getByRole("menuitem", { name: "Export as JSON…" }));
  const [saved] = main.named("save-text").map(([file]) => file as { suggestedName: string; text: string });
  expect(saved?.suggestedName).toBe("culvert-log-orders.json");
  expect(JSON.parse(saved?.text ?? "")).toMatchObject([{ id: 2, message: "No answer" }]);
  await user.click(screen.getByRole("button", { name: "Pause" }));
  const late = { id: 3, at: 2, level: "error", event: "e", message: "Later", client: null, facts: {} } as const;
  await news(() => {
    main.send({ type: "log", id: idOf(1), entries: [late] });
  });
  expect(log().queryByText("Later")).toBeNull();
  await user.click(screen.getByRole("button", { name: "Go on" }));
  expect(log().getByText("Later")).toBeTruthy();
  await user.type(screen.getByRole("searchbox", { name: "Filter messages" }), "nothing like it");
  expect(screen.getByText("No event matches.")).toBeTruthy();
});

test("deleting is at once where nobody uses it, with a way back, and the next row is selected", async () => {
  const main = await open({ kind: "off" });
  main.answers["delete-connections"] = (ids) => {
    main.send({ type: "connections-removed", ids: ids as string[] });
  };
  const user = userEvent.setup();
  await news(() => {
    setTab("configuration");
  });
  await user.click(detail().getByRole("button", { name: "Delete" }));
  expect(main.named("delete-connections")).toEqual([[[idOf(1)]]]);
  await user.click(await screen.findByRole("button", { name: "Undo" }));
  expect(main.named("undo-delete")).toHaveLength(1);
  expect(useView.getState().selected).toBe(idOf(2));
});

test("deleting asks first where clients are connected", async () => {
  const main = await open(connected);
  const user = userEvent.setup();
  await news(() => {
    setTab("configuration");
  });
  await user.click(detail().getByRole("button", { name: "Delete" }));
  const dialog = screen.getByRole("dialog", { name: "Delete Orders?" });
  expect(dialog.textContent).toContain("1 client is connected and will be cut off.");
  await user.click(within(dialog).getByRole("button", { name: "Cancel" }));
  expect(main.named("delete-connections")).toEqual([]);
});

test("the setting that copies the address does it for the button too", async () => {
  const settings = { ...snapshotOf([]).settings, copyOnTurnOn: true };
  const main = await open({ kind: "off" }, { settings });
  await userEvent.setup().click(detail().getByRole("button", { name: "Turn on" }));
  await news(() => {
    main.send({ type: "status", id: idOf(1), status: { kind: "listening", address: "127.0.0.1:5432", since: 0 } });
  });
  await waitFor(() => {
    expect(main.named("copy-text")).toEqual([["127.0.0.1:5432"]]);
  });
});

test("Configuration tells whose the client certificate is and until when, with the rest behind Details", async () => {
  const user = userEvent.setup();
  const certificate = "-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----";
  const withCertificate = connectionOf(1, {
    name: "Orders",
    clientCertificate: { kind: "pem", certificate, label: "ada.p12" },
  });
  const main = new FakeMain(snapshotOf([withCertificate]));
  main.activity = activity;
  main.answers["describe-certificate"] = () => ({
    name: "ada",
    subject: "CN=ada, O=Halden",
    issuerName: "Halden Device CA",
    issuer: "CN=Halden Device CA",
    serial: "0A1B",
    names: ["DNS:ada.example"],
    validFrom: new Date(2025, 0, 2).getTime(),
    validTo: new Date(2025, 2, 4).getTime(),
    uses: ["client authentication"],
    fingerprint: "22:CF:B0",
  });
  await renderApp(main);
  await news(() => {
    select(idOf(1));
    setTab("configuration");
  });
  expect(await screen.findByText("ended on 4 March 2025")).toBeTruthy();
  expect(screen.getByText(/ada, ada\.p12/)).toBeTruthy();
  expect(main.named("describe-certificate")).toEqual([[{ kind: "pem", certificate }]]);
  const details = screen.getByRole("button", { name: "Details" });
  expect(details.getAttribute("aria-expanded")).toBe("false");
  await user.click(details);
  const shown = within(screen.getByLabelText("Certificate"));
  for (const text of ["CN=ada, O=Halden", "DNS:ada.example", "client authentication", "0A1B", "22:CF:B0"])
    expect(shown.getByText(text)).toBeTruthy();
});
