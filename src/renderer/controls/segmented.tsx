import { useRef, type KeyboardEvent, type ReactNode } from "react";
import "./segmented.css";

export interface SegmentedOption<T extends string> {
  readonly value: T;
  readonly label: string;
  /** A number behind the label. */
  readonly count?: number;
}

export interface SegmentedProps<T extends string> {
  readonly options: readonly SegmentedOption<T>[];
  readonly value: T;
  readonly onChange: (value: T) => void;
  /** Either this or `labelledBy`. */
  readonly label?: string;
  readonly labelledBy?: string;
  readonly describedBy?: string | undefined;
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
    const at = props.options.findIndex(({ value }) => value === props.value);
    const next = (at + step + props.options.length) % props.options.length;
    const option = props.options[next];
    if (!option) return;
    group.current?.querySelectorAll<HTMLElement>("[role=radio]")[next]?.focus();
    props.onChange(option.value);
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
      onKeyDown={onKeyDown}
    >
      {props.options.map(({ value, label, count }, index) => (
        <button
          key={value}
          type="button"
          role="radio"
          aria-checked={value === props.value}
          tabIndex={value === props.value || (!chosen && index === 0) ? 0 : -1}
          onClick={() => {
            props.onChange(value);
          }}
        >
          {label}
          {count !== undefined && <span className="segmented-count">{count}</span>}
        </button>
      ))}
    </div>
  );
}
