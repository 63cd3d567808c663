import { useEffect, useMemo, useRef, useState } from "react";
import { asAppError, type AppErrorData } from "../../shared/errors.ts";
import { problemsOf } from "../../shared/model/connection-rules.ts";
import { managedProblems } from "../../shared/model/policy.ts";
import type { Connection, ConnectionField, FieldProblem } from "../../shared/model/connection.ts";
import { guardLeaving } from "../keyboard/leave.ts";
import { useHost, useSnapshot } from "../store/host.tsx";
import { told } from "../store/told.ts";
import { goTo, select } from "../store/view.ts";
import { firstField, inputFromDraft, isAdvanced, isDirty, type Draft, type Start } from "./form.ts";
import {
  afterBlur,
  afterChange,
  afterSave,
  fieldsInError,
  joinProblems,
  visibleProblems,
  type Shown,
} from "./problems.ts";
import { useCheck } from "./use-check.ts";

/** A question that Save or leaving asks. */
export type EditorQuestion =
  | { readonly kind: "leave"; readonly go: () => void }
  | { readonly kind: "restart"; readonly clients: number; readonly turnOn: boolean };

export interface Editor {
  readonly draft: Draft;
  /** Problems that may be shown now. */
  readonly problems: readonly FieldProblem[];
  readonly errorFields: readonly ConnectionField[];
  readonly saving: boolean;
  readonly failure: AppErrorData | null;
  readonly question: EditorQuestion | null;
  readonly advancedOpen: boolean;
  readonly setAdvancedOpen: (open: boolean) => void;
  /** Where the focus goes; a new object for each time. */
  readonly focus: { readonly field: ConnectionField } | null;
  /** @param fields whose problems the change may put right. */
  readonly change: (change: Partial<Draft>, ...fields: ConnectionField[]) => void;
  readonly blur: (field: ConnectionField) => void;
  readonly save: (turnOn: boolean, restart?: boolean) => void;
  readonly endQuestion: () => void;
}

/** The state of the form: what is in it, what of its problems is on screen, and the way to Save and out. */
export function useEditor(start: Start, others: readonly Connection[], advancedOpenAtFirst: boolean): Editor {
  const { bridge, mirror } = useHost();
  const [draft, setDraft] = useState(start.draft);
  const [shown, setShown] = useState<Shown>(new Set());
  const [saving, setSaving] = useState(false);
  const [failure, setFailure] = useState<AppErrorData | null>(null);
  const [question, setQuestion] = useState<EditorQuestion | null>(null);
  const [advancedOpen, setAdvancedOpen] = useState(advancedOpenAtFirst);
  const [focus, setFocus] = useState<Editor["focus"]>(null);
  const input = useMemo(() => inputFromDraft(draft), [draft]);
  const [checked, setChecked] = useCheck(input, start.secretsFrom);
  const rules = useSnapshot(({ outside }) => outside.managed.rules);
  const own = useMemo(() => [...problemsOf(input, others), ...managedProblems(input, rules)], [input, others, rules]);
  const problems = useMemo(() => joinProblems(own, checked, input), [own, checked, input]);
  const visible = useMemo(() => visibleProblems(problems, shown), [problems, shown]);

  const dirty = isDirty(start.draft, draft);
  const live = useRef({ dirty, mounted: true });
  useEffect(() => {
    live.current.dirty = dirty;
  }, [dirty]);
  useEffect(() => {
    const here = live.current;
    here.mounted = true;
    const stop = guardLeaving((go) => {
      if (here.dirty) setQuestion({ kind: "leave", go });
      else go();
    });
    return () => {
      here.mounted = false;
      stop();
    };
  }, []);

  const showAll = (all: readonly FieldProblem[]): boolean => {
    setShown((before) => afterSave(all, before));
    const first = firstField(fieldsInError(all));
    if (first === undefined) return false;
    if (isAdvanced(first)) setAdvancedOpen(true);
    setFocus({ field: first });
    return true;
  };

  const save = (turnOn: boolean, restart = false): void => {
    if (saving || showAll(problems)) return;
    setSaving(true);
    setFailure(null);
    const options = { turnOn, restart, secretsFrom: start.secretsFrom };
    const saved = bridge.call("save-connection", input, options).then(async (result) => {
      if (result.outcome === "saved") await told(mirror, input.id);
      return result;
    });
    saved.then(
      (result) => {
        if (!live.current.mounted) return;
        setSaving(false);
        if (result.outcome === "saved") {
          select(input.id);
          goTo({ name: "connections" });
        } else if (result.outcome === "asks-restart") {
          setQuestion({ kind: "restart", clients: result.clients, turnOn });
        } else {
          setChecked({ input, problems: result.problems });
          showAll(result.problems);
        }
      },
      (thrown: unknown) => {
        if (!live.current.mounted) return;
        setSaving(false);
        setFailure(asAppError(thrown).toData());
      },
    );
  };

  return {
    draft,
    problems: visible,
    errorFields: fieldsInError(visible),
    saving,
    failure,
    question,
    advancedOpen,
    setAdvancedOpen,
    focus,
    change: (change, ...fields) => {
      setShown((before) => afterChange(before, fields, problems));
      setDraft((before) => ({ ...before, ...change }));
    },
    blur: (field) => setShown((before) => afterBlur(before, field)),
    save,
    endQuestion: () => setQuestion(null),
  };
}
