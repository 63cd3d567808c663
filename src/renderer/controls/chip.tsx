import type { ReactNode } from "react";
import { classNames } from "./class-names.ts";
import { Icon } from "./icon.tsx";
import "./chip.css";

export interface ChipProps {
  readonly children: ReactNode;
  readonly kind?: "plain" | "line" | "ok" | "warn" | "error" | "accent";
}

/** A word or two in a small box. */
export function Chip({ children, kind = "plain" }: ChipProps): ReactNode {
  return <span className={classNames("chip", `chip-${kind}`)}>{children}</span>;
}

/** A chip that can be taken away. Out of the tab order: the field that holds it has keys for that. */
export function RemovableChip(props: { readonly label: string; readonly onRemove: () => void }): ReactNode {
  return (
    <span className="chip chip-removable">
      {props.label}
      <button type="button" tabIndex={-1} aria-label={`Remove ${props.label}`} onClick={props.onRemove}>
        <Icon name="close" size={12} />
      </button>
    </span>
  );
}
