import type { ConnectionField, ConnectionInput, FieldProblem } from "../../shared/model/connection.ts";

/** What the main process said about an input. */
export interface Checked {
  readonly input: ConnectionInput;
  readonly problems: readonly FieldProblem[];
}

/** The part of an input that a field's problems are about. */
function partOf(field: ConnectionField, input: ConnectionInput): unknown {
  switch (field) {
    case "name":
      return input.name;
    case "destination":
      return [input.destination, input.pomeriumUrl, input.protocol];
    case "listen":
      return [input.listen, input.protocol];
    case "idle":
      return [input.idleSeconds, input.protocol];
    case "tags":
      return input.tags;
    case "pomeriumUrl":
      return [input.pomeriumUrl, input.destination];
    case "ca":
      return input.trust;
    case "certificate":
    case "key":
    case "passphrase":
    case "issuer":
    case "subject":
      return input.clientCertificate;
    case "token":
    case "tokenFile":
      return input.auth;
  }
}

const sameProblem = (one: FieldProblem, other: FieldProblem): boolean =>
  one.field === other.field && one.message === other.message;

/**
 * All that is known to be wrong: what the form sees by itself, and what the main process found in the parts that are still
 * as they were when it looked.
 */
export function joinProblems(
  own: readonly FieldProblem[],
  checked: Checked | null,
  input: ConnectionInput,
): readonly FieldProblem[] {
  if (checked === null) return own;
  const still = checked.problems.filter(
    (problem) =>
      JSON.stringify(partOf(problem.field, checked.input)) === JSON.stringify(partOf(problem.field, input)) &&
      !own.some((other) => sameProblem(other, problem)),
  );
  return [...own, ...still];
}

/** The fields whose problems are on screen. */
export type Shown = ReadonlySet<ConnectionField>;

/** Leaving a field shows what is wrong with it. */
export const afterBlur = (shown: Shown, field: ConnectionField): Shown => new Set([...shown, field]);

/**
 * Typing never brings up an error: a field without one goes back to being silent until it is left again. One whose error is
 * on screen stays, so that the error goes away in the moment it is put right.
 * @param problems those from before the change.
 */
export function afterChange(
  shown: Shown,
  fields: readonly ConnectionField[],
  problems: readonly FieldProblem[],
): Shown {
  const wrong = (field: ConnectionField): boolean =>
    problems.some((problem) => problem.field === field && problem.level === "error");
  const silent = fields.filter((field) => shown.has(field) && !wrong(field));
  return silent.length === 0 ? shown : new Set([...shown].filter((field) => !silent.includes(field)));
}

/** Save shows everything. */
export const afterSave = (problems: readonly FieldProblem[], shown: Shown): Shown =>
  new Set([...shown, ...problems.map(({ field }) => field)]);

/** The problems that are on screen. */
export const visibleProblems = (problems: readonly FieldProblem[], shown: Shown): readonly FieldProblem[] =>
  problems.filter(({ field }) => shown.has(field));

/** The fields with errors, each once. */
export const fieldsInError = (problems: readonly FieldProblem[]): readonly ConnectionField[] => [
  ...new Set(problems.filter(({ level }) => level === "error").map(({ field }) => field)),
];

/** "1 field needs attention"; "" where none does. */
export const attentionWords = (fields: number): string =>
  fields === 0 ? "" : fields === 1 ? "1 field needs attention" : `${fields} fields need attention`;
