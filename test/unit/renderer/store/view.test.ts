// @vitest-environment jsdom
import { beforeEach, expect, test } from "vitest";
import * as view from "../../../../src/renderer/store/view.ts";

const { useView } = view;

beforeEach(() => {
  localStorage.clear();
  useView.setState(view.initialView(), true);
});

test("one connection that is selected again in the same place keeps its group", () => {
  view.select("a", "tag:x");
  view.select("a");
  expect(useView.getState()).toMatchObject({ selected: "a", selectedIn: "tag:x" });
  view.select("b");
  expect(useView.getState()).toMatchObject({ selected: "b", selectedIn: null });
});

test("selecting what is selected already draws nothing again", () => {
  view.select("a", "tag:x");
  const before = useView.getState();
  view.select("a", "tag:x");
  view.select("a");
  expect(useView.getState()).toBe(before);
  view.select("a", "tag:y");
  expect(useView.getState()).toMatchObject({ selected: "a", selectedIn: "tag:y" });
});

test("several of one is a plain selection", () => {
  view.selectSeveral(["a", "b"]);
  expect(useView.getState()).toMatchObject({ selected: "b", several: ["a", "b"] });
  view.selectSeveral(["a"]);
  expect(useView.getState()).toMatchObject({ selected: "a", several: [] });
  view.selectSeveral(["a", "b"]);
  view.select("b");
  expect(useView.getState().several).toEqual([]);
});

test("pages come and go; selection and scroll stay", () => {
  view.select("a", "pinned");
  view.setScroll(300);
  view.goTo({ name: "settings" });
  view.goTo({ name: "connections" });
  expect(useView.getState()).toMatchObject({ selected: "a", selectedIn: "pinned", scroll: 300 });
});

test("grouping, closed groups and width are remembered, and nothing else is", () => {
  view.setGrouping("state");
  view.setCollapsed("tag:prod", true);
  view.setListWidth(4_000);
  view.setSearch("secret");
  expect(JSON.parse(localStorage.getItem("culvert-view") ?? "")).toEqual({
    grouping: "state",
    collapsed: ["tag:prod"],
    listWidth: 480,
  });
  expect(view.initialView()).toMatchObject({ grouping: "state", collapsed: ["tag:prod"], listWidth: 480, search: "" });
  view.setCollapsed("tag:prod", false);
  expect(view.initialView().collapsed).toEqual([]);
});

test.each(["", "{", "7", "[]", '{"listWidth": 9, "grouping": "x", "collapsed": 1}'])(
  "%j in storage does no harm",
  (text) => {
    localStorage.setItem("culvert-view", text);
    expect(view.initialView()).toMatchObject({ grouping: null, collapsed: [], listWidth: 384 });
  },
);

test("failures stay until they are dismissed, each once, and not without end", () => {
  view.tell("a");
  view.tell("b");
  view.tell("a");
  expect(useView.getState().failures.map(({ message }) => message)).toEqual(["b", "a"]);
  for (const message of ["c", "d", "e"]) view.tell(message);
  expect(useView.getState().failures).toHaveLength(3);
  const first = useView.getState().failures[0];
  view.dismissFailure(first?.id ?? 0);
  expect(useView.getState().failures.map(({ message }) => message)).toEqual(["d", "e"]);
});

test("a toast ends only itself", () => {
  view.toast({ message: "first" });
  const first = useView.getState().toast?.id ?? 0;
  view.toast({ message: "second" });
  view.endToast(first);
  expect(useView.getState().toast?.message).toBe("second");
});
