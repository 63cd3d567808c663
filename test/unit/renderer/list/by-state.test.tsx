// @vitest-environment jsdom
import { act, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { useListModel } from "../../../../src/renderer/list/use-list-model.ts";
import { HostProvider } from "../../../../src/renderer/store/host.tsx";
import { createMirror, type Mirror } from "../../../../src/renderer/store/mirror.ts";
import { initialView, setGrouping, setListBusy, useView } from "../../../../src/renderer/store/view.ts";
import type { ConnectionStatus } from "../../../../src/shared/model/status.ts";
import { connectionOf, FakeMain, idOf, snapshotOf } from "../store/fake-main.ts";

const listening: ConnectionStatus = { kind: "listening", address: "127.0.0.1:1", since: 0 };
let mirror: Mirror;
let main: FakeMain;
let groups: () => readonly string[];

beforeEach(async () => {
  vi.useFakeTimers();
  useView.setState(initialView(), true);
  setGrouping("state");
  main = new FakeMain(snapshotOf([connectionOf(1), connectionOf(2)]));
  mirror = createMirror(main);
  await vi.advanceTimersByTimeAsync(0);
  const wrapper = ({ children }: { readonly children: ReactNode }): ReactNode => (
    <HostProvider host={{ bridge: main, mirror }}>{children}</HostProvider>
  );
  const { result } = renderHook(() => useListModel(), { wrapper });
  groups = () => result.current.items.flatMap((item) => (item.type === "group" ? [item.group.title] : []));
});
afterEach(() => {
  mirror.close();
  vi.useRealTimers();
  localStorage.clear();
});

const wait = (ms: number): void => {
  act(() => {
    vi.advanceTimersByTime(ms);
  });
};
const turnOn = (): void => {
  act(() => {
    main.send({ type: "status", id: idOf(1), status: listening });
  });
};

test("a row changes its group two seconds after its state has changed", () => {
  turnOn();
  wait(1_900);
  expect(groups()).toEqual(["Off"]);
  wait(200);
  expect(groups()).toEqual(["Listening", "Off"]);
});

test("it stays where it is while somebody is in the list", () => {
  act(() => {
    setListBusy(true);
  });
  turnOn();
  wait(60_000);
  expect(groups()).toEqual(["Off"]);
  act(() => {
    setListBusy(false);
  });
  wait(2_100);
  expect(groups()).toEqual(["Listening", "Off"]);
});

test("no other grouping waits", () => {
  act(() => {
    setGrouping("none");
  });
  turnOn();
  act(() => {
    useView.setState({ filter: "on" });
  });
  expect(groups()).toEqual([]);
  act(() => {
    setGrouping("state");
  });
  expect(groups()).toEqual(["Listening"]);
});
