import { useRef, type KeyboardEvent, type ReactNode } from "react";
import "./segmented.css";

export interface SegmentedOption<T extends string> {
  readonly value: T;
  readonly label: string;
  /** A number behind the label. */
  readonly count?: number;
  /** It cannot be chosen; shown all the same, so that it is known to be there. */
  readonly disabled?: boolean;
}

export interface SegmentedProps<T extends string> {
  readonly options: readonly SegmentedOption<T>[];
  readonly value: T;
  readonly onChange: (value: T) => void;
  /** Either this or `labelledBy`. */
  readonly label?: string;
  readonly labelledBy?: string;
  readonly describedBy?: string | undefined;
  /** None can be chosen. */
  readonly disabled?: boolean;
  /** The field of a form that it stands for: on the option that has the focus. */
  readonly "data-field"?: string | undefined;
}

const steps: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** One of a few, all in sight. One tab stop; the arrows choose. */
export function Segmented<T extends string>(props: SegmentedProps<T>): ReactNode {
  const group = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = steps[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const { options } = props;
    const at = options.findIndex(({ value }) => value === props.value);
    // The next one that can be chosen, and no further than once around.
    for (let steps = 1; steps < options.length; steps++) {
      const next = (at + step * steps + options.length * steps) % options.length;
      const option = options[next];
      if (!option || props.disabled === true || option.disabled === true) continue;
      group.current?.querySelectorAll<HTMLElement>("[role=radio]")[next]?.focus();
      props.onChange(option.value);
      return;
    }
  };
  const chosen = props.options.some(({ value }) => value === props.value);
  return (
    <div
      ref={group}
      className="segmented"
      role="radiogroup"
      aria-label={props.label}
      aria-labelledby={props.labelledBy}
      aria-describedby={props.describedBy}
      aria-disabled={props.disabled === true || undefined}
      onKeyDown={onKeyDown}
    >
      {props.options.map(({ value, label, count, disabled }, index) => (
        <button
          key={value}
          type="button"
          role="radio"
          aria-checked={value === props.value}
          aria-disabled={props.disabled === true || disabled === true || undefined}
          data-field={value === props.value ? props["data-field"] : undefined}
          tabIndex={value === props.value || (!chosen && index === 0) ? 0 : -1}
          onClick={() => {
            if (props.disabled !== true && disabled !== true) props.onChange(value);
          }}
        >
          {label}
          {count !== undefined && <span className="segmented-count">{count}</span>}
        </button>
      ))}
    </div>
  );
}
