import { useLayoutEffect, useRef, useState, type ReactNode } from "react";
import { Button } from "../controls/button.tsx";
import { classNames } from "../controls/class-names.ts";
import "../controls/text-field.css";

export interface SecretFieldProps {
  readonly id: string;
  /** What it holds when it appears; afterwards the field itself holds it. */
  readonly initial: string;
  readonly onChange: (value: string) => void;
  readonly onBlur: () => void;
  readonly invalid: boolean;
  readonly "aria-describedby": string | undefined;
  readonly maxLength: number;
  /** For finding it again: the name of the field. */
  readonly field: string;
}

/**
 * A password field with a way to look at it. Not a controlled field of React: that would write the secret into an attribute
 * of the page, where every reader of the page's text finds it.
 */
export function SecretField(props: SecretFieldProps): ReactNode {
  const [shown, setShown] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const initial = useRef(props.initial);
  useLayoutEffect(() => {
    if (input.current) input.current.value = initial.current;
  }, []);
  return (
    <div className={classNames("field", "field-large", props.invalid && "field-bad")}>
      <input
        ref={input}
        id={props.id}
        type={shown ? "text" : "password"}
        data-field={props.field}
        autoComplete="off"
        spellCheck={false}
        maxLength={props.maxLength}
        aria-invalid={props.invalid || undefined}
        aria-describedby={props["aria-describedby"]}
        onChange={(event) => {
          props.onChange(event.currentTarget.value);
        }}
        onBlur={props.onBlur}
      />
      <Button
        variant="link"
        size="small"
        aria-pressed={shown}
        onClick={() => {
          setShown(!shown);
        }}
      >
        {shown ? "Hide" : "Show"}
      </Button>
    </div>
  );
}
