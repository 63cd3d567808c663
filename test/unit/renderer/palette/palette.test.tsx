// @vitest-environment jsdom
import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PaletteHost } from "../../../../src/renderer/palette/palette.tsx";
import { HostProvider } from "../../../../src/renderer/store/host.tsx";
import { createMirror, type Mirror } from "../../../../src/renderer/store/mirror.ts";
import { initialView, openPalette, useView } from "../../../../src/renderer/store/view.ts";
import type { ConnectionStatus } from "../../../../src/shared/model/status.ts";
import { connectionOf, FakeMain, idOf, snapshotOf } from "../store/fake-main.ts";

const listening = (address: string): ConnectionStatus => ({ kind: "listening", address, since: 0 });

let main: FakeMain;
let mirror: Mirror;

beforeEach(async () => {
  useView.setState(initialView());
  main = new FakeMain(
    snapshotOf(
      [
        connectionOf(1, { name: "Orders Postgres", listen: "5433", tags: ["prod"] }),
        connectionOf(2, { name: "Ledger Postgres" }),
        connectionOf(3, { name: "Sessions Redis", trust: { kind: "unverified" } }),
      ],
      {
        statuses: {
          [idOf(3)]: {
            kind: "error",
            address: null,
            since: 0,
            clients: 0,
            error: { code: "refused", message: "Refused.", retryable: false },
          },
        },
      },
    ),
  );
  mirror = createMirror(main);
  render(
    <HostProvider host={{ bridge: main, mirror }}>
      <button type="button">before</button>
      <PaletteHost />
    </HostProvider>,
  );
  await waitFor(() => expect(mirror.store.getState().snapshot).not.toBeNull());
  screen.getByText("before").focus();
  act(openPalette);
});
afterEach(() => {
  cleanup();
  mirror.close();
});

const field = (): HTMLElement => screen.getByRole("combobox");
const chosen = (): HTMLElement => screen.getByRole("option", { selected: true });

test("says which connections do not verify their proxy", async () => {
  const user = userEvent.setup();
  await user.type(field(), "redis");
  expect(chosen().textContent).toContain("Unverified");
  await user.clear(field());
  await user.type(field(), "ledger");
  expect(chosen().textContent).not.toContain("Unverified");
});

test("turns on and copies once the port is known, closes at once, and reports", async () => {
  const user = userEvent.setup();
  await user.type(field(), "ledger");
  expect(chosen().textContent).toContain("Turn on and copy the address");
  await user.keyboard("{Enter}");
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(document.activeElement).toBe(screen.getByText("before"));
  expect(main.named("set-on")).toEqual([[[idOf(2)], true]]);
  expect(main.named("copy-text")).toEqual([]);
  act(() => main.send({ type: "status", id: idOf(2), status: { kind: "starting" } }));
  expect(main.named("copy-text")).toEqual([]);
  act(() => main.send({ type: "status", id: idOf(2), status: listening("127.0.0.1:40123") }));
  await waitFor(() => expect(useView.getState().toast?.message).toBe("Ledger Postgres is on, 127.0.0.1:40123 copied"));
  expect(main.named("copy-text")).toEqual([["127.0.0.1:40123"]]);
});

test("copies what is on, shows why for what failed", async () => {
  const user = userEvent.setup();
  act(() => main.send({ type: "status", id: idOf(1), status: listening("127.0.0.1:5433") }));
  await user.type(field(), "orders");
  expect(chosen().textContent).toContain("Copy 127.0.0.1:5433");
  await user.keyboard("{Enter}");
  await waitFor(() => expect(main.named("copy-text")).toEqual([["127.0.0.1:5433"]]));
  act(openPalette);
  await user.type(field(), "redis{Enter}");
  expect(useView.getState()).toMatchObject({ selected: idOf(3), detailShown: true, paletteOpen: false });
});

test("⌘C copies and ⌘Enter opens, whatever Enter would do", async () => {
  const user = userEvent.setup();
  await user.type(field(), "orders");
  await user.keyboard("{Control>}c{/Control}");
  await waitFor(() => expect(main.named("copy-text")).toEqual([["127.0.0.1:5433"]]));
  expect(main.named("set-on")).toEqual([]);
  act(openPalette);
  await user.type(field(), "orders");
  await user.keyboard("{Control>}{Enter}{/Control}");
  expect(useView.getState()).toMatchObject({ selected: idOf(1), detailShown: true });
});

test("Tab lists the actions of the row, Escape goes back and then closes", async () => {
  const user = userEvent.setup();
  await user.type(field(), "orders{Tab}");
  expect(screen.getAllByRole("option").map((option) => option.textContent)).toContain("Copy port");
  await user.type(field(), "port");
  expect(chosen().textContent).toContain("Copy port");
  await user.keyboard("{Escape}");
  expect(screen.getByRole("combobox", { name: "Find a connection or a command" })).toBeTruthy();
  await user.keyboard("{Escape}");
  expect(useView.getState().paletteOpen).toBe(false);
});

test("the arrows go around, marks show what matched, the row in focus is told to the field", async () => {
  const user = userEvent.setup();
  await user.type(field(), "postg");
  expect([...document.querySelectorAll("mark")].map((mark) => mark.textContent)).toEqual(["Postg", "Postg"]);
  expect(field().getAttribute("aria-activedescendant")).toBe(chosen().id);
  const first = chosen().id;
  await user.keyboard("{ArrowUp}{ArrowDown}");
  expect(chosen().id).toBe(first);
});

test("a connection over UDP has a chip, and is found by it", async () => {
  act(() => {
    main.send({ type: "connection", connection: connectionOf(4, { name: "DNS", protocol: "udp" }) });
  });
  await userEvent.setup().type(field(), "udp");
  expect(screen.getAllByRole("option")).toHaveLength(1);
  expect(chosen().textContent).toMatch(/^DNSUDP/);
});

test("says when nothing matches", async () => {
  const user = userEvent.setup();
  await user.type(field(), "xyz");
  expect(screen.getByText("Nothing matches “xyz”.")).toBeTruthy();
  await user.keyboard("{Enter}");
  expect(useView.getState().paletteOpen).toBe(true);
});

test("turning many on asks first", async () => {
  const user = userEvent.setup();
  await user.type(field(), "turn on 2");
  expect(chosen().textContent).toContain("Turn on 2");
  await user.keyboard("{Enter}");
  expect(main.named("set-on")).toEqual([]);
  expect(useView.getState().question?.title).toBe("Turn on 2 connections?");
  act(() => useView.getState().question?.run(""));
  expect(main.named("set-on")).toEqual([[[idOf(1), idOf(2)], true]]);
});

test("a click runs a row without taking the focus from the field", async () => {
  const user = userEvent.setup();
  await user.type(field(), "New connection");
  expect(fireEvent.mouseDown(chosen())).toBe(false);
  fireEvent.click(chosen());
  expect(useView.getState().page).toEqual({ name: "editor", id: null });
});
