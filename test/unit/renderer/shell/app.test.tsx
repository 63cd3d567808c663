// @vitest-environment jsdom
import { act, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import type { ReactNode } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { ErrorBoundary } from "../../../../src/renderer/shell/error-boundary.tsx";
import { select, tell, useView } from "../../../../src/renderer/store/view.ts";
import { connectionOf, failing, FakeMain, idOf, snapshotOf } from "../store/fake-main.ts";
import { endApp, news, renderApp } from "./render-app.tsx";

afterEach(() => {
  endApp();
  vi.restoreAllMocks();
});

const two = [connectionOf(1, { name: "Orders" }), connectionOf(2, { name: "Billing" })];

test("without a connection it says how to make the first one", async () => {
  await renderApp(new FakeMain(snapshotOf([])));
  expect(screen.getByRole("heading", { name: "Open your first connection" })).toBeTruthy();
  expect(screen.queryByRole("searchbox")).toBeNull();
  expect(screen.getByText("Nothing on")).toBeTruthy();
  expect(screen.getByText("Not signed in anywhere")).toBeTruthy();
});

test("a main that does not answer is told, with a way to ask again", async () => {
  const main = new FakeMain(snapshotOf(two));
  main.answers.snapshot = failing({ code: "internal", message: "The app is not ready" });
  await renderApp(main);
  expect(screen.getByRole("alert").textContent).toContain("The app is not ready");
  delete main.answers.snapshot;
  await userEvent.setup().click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("grid")).toBeTruthy();
});

test("notices and failures stay until they are dismissed", async () => {
  const notice = { id: "n", kind: "store-unreadable", message: "It could not be read.", action: "show-file" } as const;
  const main = new FakeMain(snapshotOf(two, { notices: [notice] }));
  await renderApp(main);
  const user = userEvent.setup();
  await user.click(screen.getByRole("button", { name: "Show file" }));
  expect(main.named("notice-action")).toEqual([["n"]]);
  await user.click(screen.getByRole("button", { name: "Dismiss" }));
  expect(main.named("dismiss-notice")).toEqual([["n"]]);
  await news(() => {
    main.send({ type: "notices", notices: [] });
    tell("It did not work");
  });
  expect(screen.getByRole("alert").textContent).toBe("It did not work");
  await user.click(screen.getByRole("button", { name: "Dismiss" }));
  expect(screen.queryByRole("alert")).toBeNull();
});

test("main can show a place: a connection that the filter hides, settings, or a question", async () => {
  const main = new FakeMain(snapshotOf(two));
  await renderApp(main);
  await news(() => {
    useView.setState({ filter: "on", search: "x", page: { name: "settings" } });
    main.send({ type: "go-to", place: { page: "connections", select: idOf(2) } });
  });
  expect(screen.getByRole("heading", { name: "Billing" })).toBeTruthy();
  expect(useView.getState()).toMatchObject({ filter: "all", search: "" });
  await news(() => {
    main.send({ type: "go-to", place: { page: "turn-all-on" } });
  });
  await userEvent.setup().click(screen.getByRole("button", { name: "Turn all on" }));
  expect(main.named("set-on")).toEqual([[[idOf(1), idOf(2)], true]]);
  await news(() => {
    main.send({ type: "go-to", place: { page: "settings", section: "sessions" } });
  });
  expect(useView.getState().page).toEqual({ name: "settings", section: "sessions" });
});

test("one pane: the detail lies over the list, and Esc goes back", async () => {
  await renderApp(new FakeMain(snapshotOf(two)), 480);
  const user = userEvent.setup();
  expect(screen.queryByRole("heading", { name: "Orders" })).toBeNull();
  await user.click(screen.getByRole("row", { name: /^Orders/ }));
  expect(screen.getByRole("heading", { name: "Orders" })).toBeTruthy();
  expect(screen.queryByRole("grid")).toBeNull();
  await user.keyboard("{Escape}");
  expect(screen.getByRole("grid")).toBeTruthy();
  expect(useView.getState().selected).toBe(idOf(1));
});

test("the keys of the selected connection work wherever the focus is", async () => {
  const main = new FakeMain(snapshotOf(two));
  await renderApp(main);
  const user = userEvent.setup();
  act(() => {
    select(idOf(1));
  });
  await user.keyboard("{Control>}p{/Control}");
  expect(main.named("set-pinned")).toEqual([[idOf(1), true]]);
  await user.keyboard("{Control>}{Shift>}o{/Shift}{/Control}");
  expect(screen.getByRole("dialog", { name: "Turn on 2 connections?" })).toBeTruthy();
});

test("the theme is on the root, where the styles look for it", async () => {
  const settings = { ...snapshotOf([]).settings, theme: "dark" } as const;
  await renderApp(new FakeMain(snapshotOf(two, { settings })));
  expect(document.documentElement.dataset["theme"]).toBe("dark");
  expect(document.documentElement.dataset["platform"]).toBe("linux");
});

test("a page that cannot be drawn is reported and can be loaded again", () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const main = new FakeMain(snapshotOf([]));
  const Broken = (): ReactNode => {
    throw new Error("no such thing");
  };
  render(
    <ErrorBoundary bridge={main}>
      <Broken />
    </ErrorBoundary>,
  );
  expect(screen.getByRole("button", { name: "Reload" })).toBeTruthy();
  expect(String(main.named("report-failure")[0]?.[0])).toContain("no such thing");
});

test("the focus is not lost with a page that goes away", async () => {
  await renderApp(new FakeMain(snapshotOf(two)));
  const user = userEvent.setup();
  await user.click(screen.getByRole("button", { name: "Settings" }));
  expect(document.activeElement).toBe(screen.getByRole("button", { name: "General" }));
  await user.click(screen.getByRole("button", { name: "Connections" }));
  expect(document.activeElement).toBe(screen.getByRole("button", { name: "Settings" }));
});

test("back among the connections the focus is where it was, or in the list where another one is selected now", async () => {
  await renderApp(new FakeMain(snapshotOf(two)));
  const user = userEvent.setup();
  const [first, second] = two;
  act(() => {
    select(first?.id ?? null);
  });
  await user.click(screen.getByRole("button", { name: "Edit" }));
  await user.click(screen.getByRole("button", { name: "Connections" }));
  expect(document.activeElement).toBe(screen.getByRole("button", { name: "Edit" }));
  await user.click(screen.getByRole("button", { name: "Edit" }));
  act(() => {
    select(second?.id ?? null);
  });
  await user.click(screen.getByRole("button", { name: "Connections" }));
  expect(document.activeElement).toBe(screen.getByRole("grid"));
});

test("before the first connection Enter makes it, and the list has the focus once it is there", async () => {
  const main = new FakeMain(snapshotOf([]));
  await renderApp(main);
  expect(document.activeElement?.closest("main")?.querySelector("h1")?.textContent).toBe("Open your first connection");
  await news(() => main.send({ type: "connections", connections: two }));
  await vi.waitFor(() => expect(document.activeElement).toBe(screen.getByRole("grid")));
});

test("the arrow keys lead to the list where nothing has the focus", async () => {
  await renderApp(new FakeMain(snapshotOf(two)));
  expect(document.activeElement).toBe(document.body);
  await userEvent.setup().keyboard("{ArrowDown}");
  expect(document.activeElement).toBe(screen.getByRole("grid"));
});
