import { useId, type ReactNode } from "react";
import { connectionLimits } from "../../shared/model/connection.ts";
import { FieldNotes } from "../controls/form-row.tsx";
import { Select } from "../controls/select.tsx";
import { TextField } from "../controls/text-field.tsx";
import { problemsFor } from "./fields.ts";
import { filterOptions } from "./filter.ts";
import type { Editor } from "./use-editor.ts";
import "./filter-field.css";

/** Room for the attribute and its "=", which are saved with it. */
const valueLength = connectionLimits.filterLength - 32;

export interface FilterFieldProps {
  readonly editor: Editor;
  readonly field: "issuer" | "subject";
  readonly label: string;
}

/** What a certificate of the store has to have in its issuer or subject. */
export function FilterField({ editor, field, label }: FilterFieldProps): ReactNode {
  const { draft, change, blur } = editor;
  const id = useId();
  const below = `${id}-below`;
  const { attribute, value } = draft[field];
  const problems = problemsFor(editor, field);
  const describedBy = problems.length > 0 ? below : undefined;
  return (
    <>
      <div className="filter-field">
        <span id={id}>{label}</span>
        <Select
          size="large"
          labelledBy={id}
          describedBy={describedBy}
          data-field={attribute === "" ? field : undefined}
          value={attribute}
          options={filterOptions(attribute)}
          onChange={(chosen) => change({ [field]: { attribute: chosen, value } }, field)}
        />
        {attribute !== "" && (
          <>
            <span aria-hidden>=</span>
            <TextField
              aria-label={`${label} value`}
              aria-describedby={describedBy}
              data-field={field}
              maxLength={valueLength}
              invalid={problems.length > 0}
              value={value}
              onChange={(text) => change({ [field]: { attribute, value: text } }, field)}
              onBlur={() => blur(field)}
            />
          </>
        )}
      </div>
      {problems.length > 0 && (
        <div id={below}>
          <FieldNotes problems={problems} />
        </div>
      )}
    </>
  );
}
