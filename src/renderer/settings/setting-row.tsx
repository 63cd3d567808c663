import { useId, type ReactNode } from "react";
import type { Settings } from "../../shared/model/settings.ts";
import { FieldNotes } from "../controls/form-row.tsx";
import { ManagedMark } from "../controls/managed-mark.tsx";
import { Segmented } from "../controls/segmented.tsx";
import { Select } from "../controls/select.tsx";
import { Switch } from "../controls/switch.tsx";
import { settingWords } from "./catalog.ts";
import { useSetting } from "./use-setting.ts";
import "./setting-row.css";

export interface RowProps {
  readonly label: ReactNode;
  readonly hint?: string | undefined;
  readonly problem?: string;
  /** What the system makes of the setting, where that is something else. */
  readonly note?: string;
  /** The organisation has set it: the row says so, and its control is to be disabled. */
  readonly isManaged?: boolean;
  /** Below the row, over its whole width. */
  readonly below?: ReactNode;
  readonly children: (ids: { readonly label: string; readonly described: string | undefined }) => ReactNode;
}

/** A line of the page: words on the left, a control on the right, and below them why a change was refused. */
export function SettingRow(props: RowProps): ReactNode {
  const { label, hint, problem = "", note = "", isManaged = false, below, children } = props;
  const id = useId();
  const described = [
    isManaged && `${id}-managed`,
    hint !== undefined && `${id}-hint`,
    note !== "" && `${id}-note`,
    problem !== "" && `${id}-problem`,
  ].filter((part) => part !== false);
  return (
    <div className="setting-row">
      <div>
        <div id={id}>{label}</div>
        {hint !== undefined && (
          <div id={`${id}-hint`} className="setting-hint">
            {hint}
          </div>
        )}
        {isManaged && <ManagedMark id={`${id}-managed`} />}
        {note !== "" && (
          <div id={`${id}-note`}>
            <FieldNotes problems={[{ level: "warning", message: note }]} />
          </div>
        )}
      </div>
      <div className="setting-control">
        {children({ label: id, described: described.length === 0 ? undefined : described.join(" ") })}
      </div>
      {(problem !== "" || below !== undefined) && (
        <div className="setting-below">
          {below}
          <div id={`${id}-problem`} role="status">
            {problem !== "" && <FieldNotes problems={[{ level: "error", message: problem }]} />}
          </div>
        </div>
      )}
    </div>
  );
}

type NamesOf<T> = { [K in keyof Settings]: Settings[K] extends T ? K : never }[keyof Settings];

/** A setting that is on or off. */
export function SwitchSetting(props: { readonly name: NamesOf<boolean>; readonly note?: string }): ReactNode {
  const { value, change, problem, isManaged } = useSetting(props.name);
  const { label, hint } = settingWords[props.name];
  return (
    <SettingRow label={label} hint={hint} problem={problem} note={props.note ?? ""} isManaged={isManaged}>
      {(ids) => (
        <Switch
          checked={value}
          onChange={change}
          labelledBy={ids.label}
          describedBy={ids.described}
          disabled={isManaged}
        />
      )}
    </SettingRow>
  );
}

export interface ChoiceSettingProps<K extends NamesOf<string>> {
  readonly name: K;
  readonly options: readonly { readonly value: Settings[K] & string; readonly label: string }[];
  /** A menu in place of segments, for longer words. */
  readonly menu?: boolean;
}

/** A setting that is one of a few. */
export function ChoiceSetting<K extends NamesOf<string>>(props: ChoiceSettingProps<K>): ReactNode {
  const { value, change, problem, isManaged } = useSetting(props.name);
  const { label, hint } = settingWords[props.name];
  return (
    <SettingRow label={label} hint={hint} problem={problem} isManaged={isManaged}>
      {(ids) => {
        const common = {
          options: props.options,
          value: value,
          onChange: change,
          label,
          describedBy: ids.described,
          disabled: isManaged,
        };
        return props.menu === true ? <Select {...common} /> : <Segmented {...common} />;
      }}
    </SettingRow>
  );
}
