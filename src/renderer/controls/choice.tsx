import { useEffect, useRef, type ReactNode } from "react";
import "./choice.css";

export interface CheckboxProps {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly children: ReactNode;
  /** Some, but not all of what it stands for. */
  readonly mixed?: boolean;
  readonly describedBy?: string | undefined;
}

/** A tick box with its words, which can be clicked too. */
export function Checkbox({ checked, onChange, children, mixed = false, describedBy }: CheckboxProps): ReactNode {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (box.current) box.current.indeterminate = mixed;
  }, [mixed]);
  return (
    <label className="choice">
      <input
        ref={box}
        type="checkbox"
        checked={checked}
        aria-describedby={describedBy}
        onChange={(event) => {
          onChange(event.currentTarget.checked);
        }}
      />
      <span>{children}</span>
    </label>
  );
}

export interface RadioProps {
  /** The same for all of one choice. */
  readonly name: string;
  readonly checked: boolean;
  readonly onChoose: () => void;
  readonly children: ReactNode;
}

/** One of a few that need more words than Segmented has room for. */
export function Radio({ name, checked, onChoose, children }: RadioProps): ReactNode {
  return (
    <label className="choice">
      <input type="radio" name={name} checked={checked} onChange={onChoose} />
      <span>{children}</span>
    </label>
  );
}
