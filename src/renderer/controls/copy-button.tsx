import type { ReactNode } from "react";
import type { Keys } from "../keyboard/keys.ts";
import { Button, IconButton } from "./button.tsx";
import { useCopy } from "./use-copy.ts";
import "./copy-button.css";

export interface CopyButtonProps {
  /** What is copied; asked for at the click where it has to be made first. */
  readonly text: string | (() => string);
  /** The words of the button, or the name of an icon button: "Copy address". */
  readonly label: string;
  /** Only the icon, 24 px. */
  readonly compact?: boolean;
  readonly size?: "small" | "medium" | "large";
  readonly variant?: "plain" | "quiet";
  readonly keys?: Keys;
}

/** Copies, and says so in its own place for 1.2 s. */
export function CopyButton(props: CopyButtonProps): ReactNode {
  const { text, label, compact = false, size = "medium", variant = "plain", keys } = props;
  const { feedback, copy } = useCopy();
  const onClick = (): void => {
    copy(typeof text === "string" ? text : text());
  };
  const said = feedback === "copied" ? "Copied" : feedback === "failed" ? "Not copied" : "";
  const icon = feedback === "copied" ? "check" : "copy";
  return (
    <span className={`copy copy-${feedback}`}>
      {compact ? (
        <IconButton icon={icon} label={label} size="small" onClick={onClick} />
      ) : (
        <Button icon={icon} size={size} variant={variant} keys={said === "" ? keys : undefined} onClick={onClick}>
          {said === "" ? label : said}
        </Button>
      )}
      <span className="unseen" role="status">
        {said}
      </span>
    </span>
  );
}
