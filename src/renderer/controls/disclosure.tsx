import { useId, type ReactNode } from "react";
import { Icon } from "./icon.tsx";
import "./disclosure.css";

export interface DisclosureProps {
  readonly title: string;
  /** Beside the title: what is inside, in a few words. */
  readonly summary?: string;
  readonly open: boolean;
  readonly onToggle: (open: boolean) => void;
  readonly children: ReactNode;
}

/** A part that opens below its own line. */
export function Disclosure({ title, summary = "", open, onToggle, children }: DisclosureProps): ReactNode {
  const id = useId();
  return (
    <div className="disclosure">
      <button
        type="button"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => {
          onToggle(!open);
        }}
      >
        <Icon name={open ? "down" : "right"} size={12} />
        <span className="disclosure-title">{title}</span>
        {summary !== "" && <span className="disclosure-summary">{summary}</span>}
      </button>
      {open && (
        <div id={id} className="disclosure-body">
          {children}
        </div>
      )}
    </div>
  );
}
