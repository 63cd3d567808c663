// @vitest-environment jsdom
import { act, screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { Profiler, type ReactNode } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { select, useView } from "../../../../src/renderer/store/view.ts";
import type { ConnectionStatus } from "../../../../src/shared/model/status.ts";
import { connectionOf, failing, FakeMain, idOf, snapshotOf } from "../store/fake-main.ts";
import { endApp, news, renderApp } from "../shell/render-app.tsx";

const drawn = vi.hoisted(() => new Map<string, number>());
vi.mock("../../../../src/renderer/controls/switch.tsx", async (original) => {
  const real = await original<{ Switch: (props: { readonly label?: string }) => ReactNode }>();
  // Counts how often the row around it is drawn.
  return {
    Switch: (props: { readonly label?: string }) => {
      const name = props.label ?? "";
      return (
        <Profiler id={name} onRender={() => drawn.set(name, (drawn.get(name) ?? 0) + 1)}>
          <real.Switch {...props} />
        </Profiler>
      );
    },
  };
});

afterEach(endApp);

const connected: ConnectionStatus = {
  kind: "connected",
  address: "127.0.0.1:5432",
  since: 0,
  clients: 2,
  openedInMs: 38,
};
const named = [
  connectionOf(1, { name: "Orders", listen: "5432", tags: ["prod", "data"], pinned: true }),
  connectionOf(2, { name: "Billing", listen: "3306", tags: ["data"] }),
  connectionOf(3, { name: "Spark", tags: [] }),
];
const main = (more = {}) => new FakeMain(snapshotOf(named, { statuses: { [idOf(1)]: connected }, ...more }));
const rows = (): readonly (string | null)[] => screen.getAllByRole("row").map((row) => row.getAttribute("aria-label"));

test("each row says who it is, how it is, where it listens and its tags", async () => {
  await renderApp(main());
  expect(rows()).toEqual([
    "Pinned, 1 of 1 on",
    "Orders, connected, 2 clients, 127.0.0.1:5432, prod, data",
    "data, 1 of 2 on",
    "Billing, off, :3306, data",
    "Orders, connected, 2 clients, 127.0.0.1:5432, prod, data",
    "prod, 1 of 1 on",
    "Orders, connected, 2 clients, 127.0.0.1:5432, prod, data",
    "Untagged, 0 of 1 on",
    "Spark, off, any port",
  ]);
  expect(screen.getByRole("grid", { name: "Connections" }).getAttribute("aria-rowcount")).toBe("9");
});

test("a connection over UDP says so, one over TCP does not", async () => {
  const dns = connectionOf(4, { name: "DNS", protocol: "udp", listen: "5353", tags: ["net"] });
  await renderApp(new FakeMain(snapshotOf([...named, dns])));
  expect(rows()).toContain("DNS, off, :5353, UDP, net");
  expect(screen.getAllByText("UDP", { selector: ".chip" })).toHaveLength(1);
  await userEvent.setup().type(screen.getByRole("searchbox"), "udp");
  await waitFor(() => expect(rows()).toEqual(["net, 0 of 1 on", "DNS, off, :5353, UDP, net"]));
});

test("a connection that does not verify its proxy says so in its row, its head and its configuration", async () => {
  const lab = connectionOf(4, { name: "Lab", listen: "5353", tags: ["net"], trust: { kind: "unverified" } });
  await renderApp(new FakeMain(snapshotOf([...named, lab])));
  expect(rows()).toContain("Lab, off, :5353, unverified, net");
  expect(screen.getAllByText("Unverified", { selector: ".chip" })).toHaveLength(1);
  await news(() => {
    select(idOf(4));
  });
  const detail = await screen.findByRole("region", { name: "Lab" });
  expect(within(detail).getAllByText("Unverified", { selector: ".chip" })).toHaveLength(1);
  await userEvent.setup().click(within(detail).getByRole("tab", { name: "Configuration" }));
  expect(within(detail).getAllByText("Unverified", { selector: ".chip" })).toHaveLength(2);
});

test("one stop of the Tab key, and the arrows move in it", async () => {
  await renderApp(main());
  const user = userEvent.setup();
  const grid = screen.getByRole("grid");
  const stops = [...grid.querySelectorAll<HTMLElement>("button, [tabindex]")].filter((one) => one.tabIndex >= 0);
  expect(stops).toEqual([]);
  act(() => {
    grid.focus();
  });
  const active = (): string | null | undefined =>
    document.getElementById(grid.getAttribute("aria-activedescendant") ?? "")?.getAttribute("aria-label");
  expect(active()).toBe("Pinned, 1 of 1 on");
  await user.keyboard("{ArrowDown}{ArrowDown}{ArrowDown}");
  expect(active()).toBe("Billing, off, :3306, data");
  expect(useView.getState()).toMatchObject({ selected: idOf(2), selectedIn: "tag:data" });
  await user.keyboard("{End}");
  expect(useView.getState().selected).toBe(idOf(3));
  await user.keyboard("o");
  expect(useView.getState().selected).toBe(idOf(1));
});

test("the selected connection is marked in every group it is in", async () => {
  await renderApp(main());
  const user = userEvent.setup();
  await user.click(screen.getAllByRole("row", { name: /^Orders/ })[1] as HTMLElement);
  const marked = screen.getAllByRole("row", { name: /^Orders/ });
  expect(marked.map((row) => row.getAttribute("aria-selected"))).toEqual(["true", "true", "true"]);
  expect(marked.map((row) => row.classList.contains("row-selected"))).toEqual([false, true, false]);
  expect(marked.map((row) => row.classList.contains("row-also"))).toEqual([true, false, true]);
});

test("the switch asks main at once, and a refusal is told in its row", async () => {
  const host = main();
  await renderApp(host);
  const user = userEvent.setup();
  host.answers["set-on"] = failing({ code: "port-in-use", message: "Another program uses port 3306." });
  const toggle = screen.getByRole("switch", { name: "Billing" });
  await user.click(toggle);
  expect(host.named("set-on")).toEqual([[[idOf(2)], true]]);
  await waitFor(() => {
    expect(screen.getByRole("row", { name: /^Billing, off, Port 3306 is in use/ })).toBeTruthy();
  });
  expect(toggle.getAttribute("aria-checked")).toBe("false");
  // The switch alone was meant, not the row.
  expect(useView.getState().selected).toBeNull();
});

test("a click on the address copies it, and nothing else", async () => {
  const host = main();
  await renderApp(host);
  const user = userEvent.setup();
  await user.click(screen.getAllByRole("button", { name: "Copy 127.0.0.1:5432" })[0] as HTMLElement);
  expect(host.named("copy-text")).toEqual([["127.0.0.1:5432"]]);
  expect(screen.getAllByText("Copied")).toHaveLength(3);
  expect(useView.getState().selected).toBeNull();
});

test("a double click turns on, and copies the address once it is known", async () => {
  const host = main();
  await renderApp(host);
  const user = userEvent.setup();
  await user.dblClick(screen.getByRole("row", { name: /^Spark/ }));
  expect(host.named("set-on")).toEqual([[[idOf(3)], true]]);
  expect(host.named("copy-text")).toEqual([]);
  await news(() => {
    host.send({ type: "status", id: idOf(3), status: { kind: "listening", address: "127.0.0.1:49152", since: 0 } });
  });
  await waitFor(() => {
    expect(host.named("copy-text")).toEqual([["127.0.0.1:49152"]]);
  });
  expect(await screen.findByText("Spark is on, 127.0.0.1:49152 copied")).toBeTruthy();
});

test("one status that changes draws the rows of that connection again, and no other", async () => {
  const host = main();
  await renderApp(host);
  drawn.clear();
  await news(() => {
    host.send({ type: "status", id: idOf(1), status: { ...connected, clients: 3 } });
  });
  expect(Object.fromEntries(drawn)).toEqual({ Orders: 3 });
  drawn.clear();
  // Another kind of state makes another list, with new counts, but no new rows.
  await news(() => {
    host.send({ type: "status", id: idOf(1), status: { kind: "off" } });
  });
  expect([...drawn.keys()]).toEqual(["Orders"]);
});

test("filters count connections, and say so when nothing is left", async () => {
  await renderApp(main());
  const user = userEvent.setup();
  const filter = (name: RegExp) => screen.getByRole("radio", { name });
  expect(filter(/^All/).textContent).toBe("All3");
  expect(filter(/^On/).textContent).toBe("On1");
  await user.click(filter(/^Attention/));
  expect(screen.getByText("Nothing needs your attention.")).toBeTruthy();
  await user.click(filter(/^On/));
  expect(screen.getAllByRole("row", { name: /^Orders/ })).toHaveLength(3);
});

test("what is typed selects the first match; Enter acts on it, Esc clears", async () => {
  const host = main();
  await renderApp(host);
  const user = userEvent.setup();
  const search = screen.getByRole("searchbox", { name: "Search connections" });
  await user.type(search, "orders");
  expect(useView.getState().selected).toBe(idOf(1));
  await user.keyboard("{Enter}");
  expect(host.named("copy-text")).toEqual([["127.0.0.1:5432"]]);
  await user.type(search, "x");
  expect(screen.getByText(/Nothing matches/).textContent).toBe(
    "Nothing matches “ordersx”. Search looks at names, hosts, ports and tags.",
  );
  await user.click(screen.getByRole("button", { name: "Clear search" }));
  expect(screen.getAllByRole("row")).toHaveLength(9);
  await user.type(search, "b{Escape}");
  expect(useView.getState().search).toBe("");
});

test("a group is turned on as a whole, and its menu renames its tag", async () => {
  const host = main();
  await renderApp(host);
  const user = userEvent.setup();
  const group = screen.getByRole("row", { name: "data, 1 of 2 on" });
  await user.click(within(group).getByRole("button", { name: "Turn all on", hidden: true }));
  expect(host.named("set-on")).toEqual([[[idOf(2), idOf(1)], true]]);
  await user.click(within(group).getByRole("button", { name: "More for data", hidden: true }));
  await user.click(screen.getByRole("menuitem", { name: "Rename tag" }));
  const field = screen.getByRole("textbox", { name: "Tag" });
  await user.clear(field);
  await user.type(field, "warehouse{Enter}");
  expect(host.named("rename-tag")).toEqual([["data", "warehouse"]]);
});

test("the keys of a group close and open it", async () => {
  await renderApp(main());
  const user = userEvent.setup();
  screen.getByRole("grid").focus();
  await user.keyboard("{ArrowLeft}");
  expect(rows()[0]).toBe("Pinned, 1 of 1 on, closed");
  await user.keyboard("{ArrowRight}{ArrowRight}");
  expect(useView.getState().selected).toBe(idOf(1));
});

test("two pinned ones change places by Alt and arrow", async () => {
  const pinned = named.map((one) => ({ ...one, pinned: true }));
  const host = new FakeMain(snapshotOf(pinned));
  await renderApp(host);
  const user = userEvent.setup();
  screen.getByRole("grid").focus();
  await user.keyboard("{ArrowDown}{Alt>}{ArrowDown}{/Alt}");
  expect(host.named("order-connections")).toEqual([[[idOf(2), idOf(1), idOf(3)]]]);
});

test("several are selected with Shift, and the detail is about all of them", async () => {
  const host = main();
  await renderApp(host);
  const user = userEvent.setup();
  screen.getByRole("grid").focus();
  await user.keyboard("{ArrowDown}{Shift>}{ArrowDown}{ArrowDown}{/Shift}");
  expect(screen.getByRole("heading", { name: "2 selected, 1 on" })).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Turn off" }));
  expect(host.named("set-on")).toEqual([[[idOf(1), idOf(2)], false]]);
  await user.click(screen.getByRole("button", { name: "Delete…" }));
  expect(screen.getByRole("heading", { name: "Delete 2 connections?" })).toBeTruthy();
  expect(host.named("delete-connections")).toEqual([]);
  await user.click(screen.getByRole("button", { name: "Delete" }));
  expect(host.named("delete-connections")).toEqual([[[idOf(1), idOf(2)]]]);
});
