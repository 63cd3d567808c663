import { useId, type ReactNode } from "react";
import { Icon } from "./icon.tsx";
import "./form-row.css";

/** What the field of a row needs to be tied to its label and its problem. */
export interface FormRowField {
  readonly id: string;
  readonly "aria-describedby": string | undefined;
  readonly invalid: boolean;
}

export interface FormRowProblem {
  readonly level: "error" | "warning";
  readonly message: string;
}

export interface FormRowProps {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly problems?: readonly FormRowProblem[];
  /** Something that went well: "Filled from the link". */
  readonly note?: string;
  readonly children: (field: FormRowField) => ReactNode;
}

/** One field of a form with its label on the left, and below it what is wrong with it, or a hint. */
export function FormRow({ label, hint, problems = [], note = "", children }: FormRowProps): ReactNode {
  const id = useId();
  const below = `${id}-below`;
  const described = hint !== undefined || problems.length > 0 || note !== "";
  const field = {
    id,
    "aria-describedby": described ? below : undefined,
    invalid: problems.some(({ level }) => level === "error"),
  };
  return (
    <div className="form-row">
      <label htmlFor={id}>{label}</label>
      <div>
        {children(field)}
        {described && (
          <div id={below}>
            <FieldNotes problems={problems} note={note} hint={hint} />
          </div>
        )}
      </div>
    </div>
  );
}

export interface GroupRowProps {
  readonly label: string;
  /** Gets the id of the label, for the parts that it names. */
  readonly children: (labelId: string) => ReactNode;
}

/** A row of several controls, with a label that names their group. */
export function GroupRow({ label, children }: GroupRowProps): ReactNode {
  const id = useId();
  return (
    <div className="form-row" role="group" aria-labelledby={id}>
      <span id={id} className="form-row-label">
        {label}
      </span>
      <div>{children(id)}</div>
    </div>
  );
}

export interface FieldNotesProps {
  readonly problems?: readonly FormRowProblem[];
  readonly note?: string;
  readonly hint?: ReactNode;
}

/** The lines below a field. An error takes the place of the hint. */
export function FieldNotes({ problems = [], note = "", hint }: FieldNotesProps): ReactNode {
  const errors = problems.filter(({ level }) => level === "error");
  const shown = errors.length > 0 ? errors : problems;
  return (
    <>
      {shown.map(({ level, message }) => (
        <p key={message} className={`hint hint-${level}`}>
          <Icon name={level} size={14} />
          <span>{message}</span>
        </p>
      ))}
      {note !== "" && (
        <p className="hint hint-ok">
          <Icon name="check" size={14} />
          <span>{note}</span>
        </p>
      )}
      {errors.length === 0 && hint !== undefined && <p className="hint">{hint}</p>}
    </>
  );
}
