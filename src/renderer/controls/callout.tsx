import { useId, type ReactNode } from "react";
import { Icon } from "./icon.tsx";
import "./callout.css";

const icons = { error: "error", warning: "shield", info: "info" } as const;

export interface CalloutProps {
  readonly kind: "error" | "warning" | "info";
  /** The fact. */
  readonly title?: string;
  /** What to do. */
  readonly children?: ReactNode;
  /** Buttons. */
  readonly actions?: ReactNode;
  /** Read out when it appears: "assertive" for what stops the user. */
  readonly live?: "polite" | "assertive";
}

/** A fact that stays on screen, with its next step. */
export function Callout({ kind, title, children, actions, live }: CalloutProps): ReactNode {
  const id = useId();
  const role = live === "assertive" ? "alert" : live === "polite" ? "status" : "group";
  return (
    <div className={`callout callout-${kind}`} role={role} aria-labelledby={title === undefined ? undefined : id}>
      <Icon name={icons[kind]} />
      <div>
        {title !== undefined && (
          <h2 id={id} className="callout-title">
            {title}
          </h2>
        )}
        {children !== undefined && <div className="callout-text">{children}</div>}
        {actions !== undefined && <div className="callout-actions">{actions}</div>}
      </div>
    </div>
  );
}
