import { expect, test } from "vitest";
import {
  afterBlur,
  afterChange,
  afterSave,
  attentionWords,
  fieldsInError,
  joinProblems,
  visibleProblems,
} from "../../../../src/renderer/editor/problems.ts";
import { emptyConnectionInput, type FieldProblem } from "../../../../src/shared/model/connection.ts";
import { idOf } from "../store/fake-main.ts";

const wrong = (field: FieldProblem["field"], message = "Wrong"): FieldProblem => ({ field, level: "error", message });
const none = new Set<FieldProblem["field"]>();

test("an error is silent while the field is typed in for the first time, shown when it is left", () => {
  const typing = afterChange(none, ["destination"], [wrong("destination")]);
  expect(visibleProblems([wrong("destination")], typing)).toEqual([]);
  const left = afterBlur(typing, "destination");
  expect(visibleProblems([wrong("destination"), wrong("listen")], left)).toEqual([wrong("destination")]);
});

test("once shown it follows the typing; once put right the field is silent again until it is left", () => {
  const left = afterBlur(none, "destination");
  const stillWrong = afterChange(left, ["destination"], [wrong("destination")]);
  expect(visibleProblems([wrong("destination")], stillWrong)).toHaveLength(1);
  const right = afterChange(stillWrong, ["destination"], []);
  expect(visibleProblems([wrong("destination")], right)).toEqual([]);
});

test("Save shows everything", () => {
  expect(visibleProblems([wrong("listen"), wrong("ca")], afterSave([wrong("listen"), wrong("ca")], none))).toHaveLength(
    2,
  );
});

test("what main found stands only as long as what it looked at is unchanged", () => {
  const input = { ...emptyConnectionInput(idOf(1)), destination: "a.example:1", listen: "80" };
  const checked = { input, problems: [wrong("listen"), wrong("destination", "Main says")] };
  expect(joinProblems([], checked, input)).toHaveLength(2);
  expect(joinProblems([], checked, { ...input, listen: "8080" })).toEqual([wrong("destination", "Main says")]);
  expect(joinProblems([wrong("listen")], checked, input)).toHaveLength(2);
  expect(joinProblems([], null, input)).toEqual([]);
});

test("fields are counted once, warnings not at all", () => {
  const fields = fieldsInError([
    wrong("listen", "a"),
    wrong("listen", "b"),
    { field: "ca", level: "warning", message: "w" },
  ]);
  expect(fields).toEqual(["listen"]);
  expect(attentionWords(0)).toBe("");
  expect(attentionWords(1)).toBe("1 field needs attention");
  expect(attentionWords(2)).toBe("2 fields need attention");
});
