import type { ConnectionField, FieldProblem } from "../../shared/model/connection.ts";
import type { Editor } from "./use-editor.ts";

/** The problems of one field that are on screen. */
export const problemsFor = (editor: Editor, field: ConnectionField): readonly FieldProblem[] =>
  editor.problems.filter((problem) => problem.field === field);
