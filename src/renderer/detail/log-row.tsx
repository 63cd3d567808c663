import { memo, type ReactNode } from "react";
import type { LogEntry } from "../../shared/model/activity.ts";
import { classNames } from "../controls/class-names.ts";
import { Icon } from "../controls/icon.tsx";
import { StatusGlyph } from "../controls/status-glyph.tsx";
import { factsOf, timeOf } from "./log-model.ts";

const LevelIcon = ({ level }: { readonly level: LogEntry["level"] }): ReactNode => (
  <span className="log-level">
    {level === "error" ? (
      <StatusGlyph kind="error" size={14} hidden />
    ) : (
      <Icon name={level === "warning" ? "retry" : "info"} size={14} />
    )}
    {level !== "info" && <span className="unseen">{level === "error" ? "Error: " : "Warning: "}</span>}
  </span>
);

export interface LogRowProps {
  readonly entry: LogEntry;
  /** One line, which opens to nothing. */
  readonly short?: boolean;
  readonly open?: boolean;
  readonly onToggle?: (id: number) => void;
}

/** One event. It opens to its facts, where there are facts. */
export const LogRow = memo(function LogRow({ entry, short = false, open = false, onToggle }: LogRowProps): ReactNode {
  const facts = short ? [] : factsOf(entry);
  const first = entry.error?.userAction;
  const line = (
    <>
      <time dateTime={new Date(entry.at).toISOString()}>{timeOf(entry)}</time>
      <LevelIcon level={entry.level} />
      <span className={classNames("log-message", short && "cut")}>{entry.message}</span>
      <span className="log-client">{entry.client}</span>
    </>
  );
  const className = classNames("log-row", `log-${entry.level}`, open && "log-open");
  if (facts.length === 0 || onToggle === undefined) return <div className={className}>{line}</div>;
  return (
    <div className={className}>
      <button
        type="button"
        className="log-button"
        aria-expanded={open}
        onClick={() => {
          onToggle(entry.id);
        }}
      >
        {line}
      </button>
      {open && (
        <dl className="log-facts selectable">
          {first !== undefined && <p className="log-step">{first}</p>}
          {facts
            .filter(([name]) => name !== "Next step")
            .map(([name, text]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{text}</dd>
              </div>
            ))}
        </dl>
      )}
    </div>
  );
});
