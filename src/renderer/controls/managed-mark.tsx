import type { ReactNode } from "react";
import { Icon } from "./icon.tsx";

export interface ManagedMarkProps {
  readonly id?: string | undefined;
  /** What was decided; a sentence without its full stop. */
  readonly children?: ReactNode;
}

/** Says who has decided, below what cannot be changed or chosen. */
export const ManagedMark = ({ id, children = "Managed by your organisation" }: ManagedMarkProps): ReactNode => (
  <p id={id} className="hint">
    <Icon name="lock" size={14} />
    <span>{children}</span>
  </p>
);
