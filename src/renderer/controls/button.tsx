import type { ComponentProps, ReactNode } from "react";
import { ariaKeys, keysText, type Keys } from "../keyboard/keys.ts";
import { classNames } from "./class-names.ts";
import { Icon, type IconName } from "./icon.tsx";
import "./button.css";

export interface ButtonProps extends Omit<ComponentProps<"button">, "type"> {
  readonly variant?: "plain" | "primary" | "quiet" | "link" | "danger";
  /** 24, 28 or 32 px high. */
  readonly size?: "small" | "medium" | "large";
  readonly icon?: IconName | undefined;
  /** Shown on the button; the registry of shortcuts is what listens. */
  readonly keys?: Keys | undefined;
  readonly submit?: boolean;
}

export function Button({
  variant = "plain",
  size = "medium",
  icon,
  keys,
  submit = false,
  className,
  children,
  ...rest
}: ButtonProps): ReactNode {
  return (
    <button
      {...rest}
      type={submit ? "submit" : "button"}
      aria-keyshortcuts={keys === undefined ? undefined : ariaKeys(keys)}
      className={classNames("btn", `btn-${variant}`, `btn-${size}`, className)}
    >
      {icon && <Icon name={icon} />}
      {children}
      {keys !== undefined && (
        <span className="btn-keys" aria-hidden="true">
          {keysText(keys)}
        </span>
      )}
    </button>
  );
}

export interface IconButtonProps extends Omit<ButtonProps, "children" | "icon" | "aria-label"> {
  readonly icon: IconName;
  /** What it does, for those who do not see the icon; also its tooltip. */
  readonly label: string;
  readonly iconSize?: 12 | 14 | 16;
}

/** A button that shows only an icon. */
export function IconButton({
  icon,
  label,
  iconSize = 16,
  variant = "quiet",
  size = "medium",
  keys,
  className,
  ...rest
}: IconButtonProps): ReactNode {
  const { submit = false, ...attributes } = rest;
  return (
    <button
      title={keys === undefined ? label : `${label} (${keysText(keys)})`}
      {...attributes}
      type={submit ? "submit" : "button"}
      aria-label={label}
      aria-keyshortcuts={keys === undefined ? undefined : ariaKeys(keys)}
      className={classNames("btn", `btn-${variant}`, `btn-${size}`, "btn-icon", className)}
    >
      <Icon name={icon} size={iconSize} />
    </button>
  );
}
