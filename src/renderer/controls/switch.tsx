import type { ReactNode, Ref } from "react";
import { classNames } from "./class-names.ts";
import "./switch.css";

export interface SwitchProps {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  /** What it switches. Either this or `labelledBy`. */
  readonly label?: string;
  readonly labelledBy?: string;
  readonly describedBy?: string | undefined;
  /** It says how things are and cannot be changed; it keeps its place for the keyboard. */
  readonly disabled?: boolean;
  readonly id?: string;
  readonly tabIndex?: number;
  readonly className?: string;
  readonly ref?: Ref<HTMLButtonElement>;
}

/** On or off, at once. Clicks end here: a row below it does not see them. */
export function Switch(props: SwitchProps): ReactNode {
  return (
    <button
      ref={props.ref}
      id={props.id}
      type="button"
      role="switch"
      aria-checked={props.checked}
      aria-label={props.label}
      aria-labelledby={props.labelledBy}
      aria-describedby={props.describedBy}
      aria-disabled={props.disabled === true || undefined}
      tabIndex={props.tabIndex}
      className={classNames("switch", props.className)}
      onClick={(event) => {
        event.stopPropagation();
        if (props.disabled !== true) props.onChange(!props.checked);
      }}
      onDoubleClick={(event) => {
        event.stopPropagation();
      }}
    >
      <span className="switch-track" />
    </button>
  );
}
