import type { ComponentProps, ReactNode } from "react";
import { classNames } from "./class-names.ts";
import { Icon, type IconName } from "./icon.tsx";
import "./text-field.css";

export interface TextFieldProps extends Omit<ComponentProps<"input">, "onChange" | "size" | "value"> {
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** For addresses and ports. */
  readonly mono?: boolean;
  readonly invalid?: boolean;
  readonly icon?: IconName;
  /** Behind the text: a key cap or a small button. */
  readonly trailing?: ReactNode;
  /** 28 or 32 px high. */
  readonly size?: "medium" | "large";
}

/** One line of text. Spelling and filling in are off: what is written here are names, addresses and secrets. */
export function TextField(props: TextFieldProps): ReactNode {
  const { value, onChange, mono = false, invalid = false, icon, trailing, size = "large", className, ...rest } = props;
  return (
    <div className={classNames("field", `field-${size}`, mono && "field-mono", invalid && "field-bad", className)}>
      {icon && <Icon name={icon} />}
      <input
        autoComplete="off"
        autoCapitalize="off"
        autoCorrect="off"
        spellCheck={false}
        {...rest}
        value={value}
        aria-invalid={invalid || undefined}
        onChange={(event) => {
          onChange(event.currentTarget.value);
        }}
      />
      {trailing}
    </div>
  );
}

export interface TextAreaProps extends Omit<ComponentProps<"textarea">, "onChange" | "value"> {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly invalid?: boolean;
}

/** Several lines of fixed width, for pasted PEM texts. */
export function TextArea(props: TextAreaProps): ReactNode {
  const { value, onChange, invalid = false, className, ...rest } = props;
  return (
    <textarea
      autoComplete="off"
      autoCapitalize="off"
      spellCheck={false}
      rows={4}
      {...rest}
      value={value}
      aria-invalid={invalid || undefined}
      className={classNames("field", "field-area", "field-mono", invalid && "field-bad", className)}
      onChange={(event) => {
        onChange(event.currentTarget.value);
      }}
    />
  );
}
