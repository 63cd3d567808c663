// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { useState, type ReactNode } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { Checkbox } from "../../../../src/renderer/controls/choice.tsx";
import { FormRow } from "../../../../src/renderer/controls/form-row.tsx";
import { Segmented } from "../../../../src/renderer/controls/segmented.tsx";
import { StatusGlyph } from "../../../../src/renderer/controls/status-glyph.tsx";
import { Switch } from "../../../../src/renderer/controls/switch.tsx";
import { suggested, TagsField, withTags } from "../../../../src/renderer/controls/tags-field.tsx";
import { TextField } from "../../../../src/renderer/controls/text-field.tsx";

afterEach(cleanup);

function Tags({ start = [] }: { readonly start?: readonly string[] }): ReactNode {
  const [tags, setTags] = useState(start);
  return (
    <>
      <TagsField label="Tags" tags={tags} onChange={setTags} suggestions={["data", "database", "prod"]} />
      <output>{tags.join("|")}</output>
    </>
  );
}
const tags = (): string | null => document.querySelector("output")!.textContent;
const field = (): HTMLElement => screen.getByRole("combobox");

test("comma and Enter add a tag, trimmed and in its own case; repeats are left out", async () => {
  const user = userEvent.setup();
  render(<Tags start={["prod"]} />);
  await user.type(field(), " My Data ,prod,x{Enter}");
  expect(tags()).toBe("prod|My Data|x");
});

test("Backspace in the empty field removes the last, the cross removes any, leaving adds what is written", async () => {
  const user = userEvent.setup();
  render(<Tags start={["a", "b", "c"]} />);
  await user.type(field(), "{Backspace}");
  expect(tags()).toBe("a|b");
  await user.click(screen.getByRole("button", { name: "Remove a" }));
  expect(tags()).toBe("b");
  expect(document.activeElement).toBe(field());
  await user.type(field(), "late");
  await user.tab();
  expect(tags()).toBe("b|late");
});

test("suggestions are chosen by arrows and Enter; Escape closes them and nothing else", async () => {
  const user = userEvent.setup();
  const outer = vi.fn();
  render(
    <div onKeyDown={outer}>
      <Tags />
    </div>,
  );
  await user.type(field(), "dat");
  expect(screen.getAllByRole("option").map((option) => option.textContent)).toEqual(["data", "database"]);
  await user.keyboard("{ArrowDown}{ArrowDown}");
  expect(field().getAttribute("aria-activedescendant")).toBe(screen.getByRole("option", { selected: true }).id);
  outer.mockClear();
  await user.keyboard("{Escape}");
  expect(screen.queryByRole("listbox")).toBeNull();
  expect(outer).not.toHaveBeenCalled();
  await user.keyboard("{ArrowDown}{ArrowDown}{ArrowDown}{Enter}");
  expect(tags()).toBe("database");
});

test("a pasted list becomes tags", async () => {
  const user = userEvent.setup();
  render(<Tags />);
  await user.click(field());
  await user.paste("a, b\nc");
  expect(tags()).toBe("a|b|c");
  expect(withTags(["a"], " , a,")).toEqual(["a"]);
  expect(suggested(["big", "igloo", "x"], ["x"], "ig")).toEqual(["igloo", "big"]);
});

function Theme({ onChange }: { readonly onChange: (value: string) => void }): ReactNode {
  const [value, setValue] = useState<"light" | "dark">("dark");
  return (
    <Segmented
      label="Theme"
      value={value}
      onChange={(next) => {
        onChange(next);
        setValue(next);
      }}
      options={[
        { value: "light", label: "Light" },
        { value: "dark", label: "Dark" },
      ]}
    />
  );
}

test("segments are one tab stop, and the arrows choose and go around", async () => {
  const user = userEvent.setup();
  const onChange = vi.fn();
  render(<Theme onChange={onChange} />);
  await user.tab();
  expect(document.activeElement?.textContent).toBe("Dark");
  await user.keyboard("{ArrowRight}");
  expect(onChange.mock.calls).toEqual([["light"]]);
  expect(document.activeElement?.textContent).toBe("Light");
  await user.tab();
  expect(document.activeElement).toBe(document.body);
});

test("a switch is moved by click and by Space, and the row below does not hear it", async () => {
  const user = userEvent.setup();
  const row = vi.fn();
  const onChange = vi.fn();
  render(
    <div onClick={row}>
      <Switch label="Orders" checked={false} onChange={onChange} />
    </div>,
  );
  await user.click(screen.getByRole("switch", { name: "Orders" }));
  await user.keyboard(" ");
  expect(onChange.mock.calls).toEqual([[true], [true]]);
  expect(row).not.toHaveBeenCalled();
});

test("an error takes the place of the hint and is tied to its field; a warning leaves the hint", () => {
  const show = (level: "error" | "warning"): ReactNode => (
    <FormRow label="Name" hint="A hint" problems={[{ level, message: "A problem" }]}>
      {(props) => <TextField {...props} value="" onChange={() => undefined} />}
    </FormRow>
  );
  const { rerender } = render(show("error"));
  const input = screen.getByLabelText("Name");
  const described = (): string =>
    document.getElementById(input.getAttribute("aria-describedby") ?? "")?.textContent ?? "";
  expect(input.getAttribute("aria-invalid")).toBe("true");
  expect(described()).toBe("A problem");
  rerender(show("warning"));
  expect(input.getAttribute("aria-invalid")).toBeNull();
  expect(described()).toBe("A problemA hint");
});

test("a box can be mixed, and its words can be clicked", () => {
  const onChange = vi.fn();
  render(
    <Checkbox checked={false} mixed onChange={onChange}>
      All
    </Checkbox>,
  );
  expect(screen.getByRole<HTMLInputElement>("checkbox").indeterminate).toBe(true);
  fireEvent.click(screen.getByText("All"));
  expect(onChange).toHaveBeenCalledWith(true);
});

test("every state has a shape of its own and a name; the number stays small", () => {
  const kinds = ["off", "starting", "listening", "signing-in", "retrying", "error"] as const;
  const shapes = kinds.map((kind) => {
    const { container } = render(<StatusGlyph kind={kind} />);
    return container.querySelector("svg")?.innerHTML;
  });
  expect(new Set(shapes).size).toBe(kinds.length);
  render(<StatusGlyph kind="connected" clients={120} />);
  expect(screen.getByRole("img", { name: "Connected, 120 clients" }).textContent).toBe("99+");
});

test("a suggestion is taken with the pointer, and the field keeps the focus", async () => {
  const user = userEvent.setup();
  render(<Tags />);
  await user.type(field(), "pro");
  await user.click(screen.getByRole("option", { name: "prod" }));
  expect(tags()).toBe("prod");
  expect(document.activeElement).toBe(field());
});
