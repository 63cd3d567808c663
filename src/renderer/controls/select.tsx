import type { ReactNode } from "react";
import { classNames } from "./class-names.ts";
import { Icon } from "./icon.tsx";
import "./select.css";

export interface SelectProps<T extends string> {
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly value: T;
  readonly onChange: (value: T) => void;
  readonly id?: string;
  /** Either this or `labelledBy`, where no label element names it. */
  readonly label?: string;
  readonly labelledBy?: string;
  readonly describedBy?: string | undefined;
  readonly size?: "medium" | "large";
  readonly disabled?: boolean;
  /** The field of a form that it stands for. */
  readonly "data-field"?: string | undefined;
}

/** One of several, in the menu of the system. */
export function Select<T extends string>(props: SelectProps<T>): ReactNode {
  return (
    <span className={classNames("select", props.size === "large" && "select-large")}>
      <select
        id={props.id}
        value={props.value}
        aria-label={props.label}
        aria-labelledby={props.labelledBy}
        aria-describedby={props.describedBy}
        data-field={props["data-field"]}
        disabled={props.disabled}
        onChange={(event) => {
          const chosen = props.options[event.currentTarget.selectedIndex];
          if (chosen) props.onChange(chosen.value);
        }}
      >
        {props.options.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <Icon name="down" />
    </span>
  );
}
