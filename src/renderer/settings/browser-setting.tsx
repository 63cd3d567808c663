import { useEffect, useState, type ReactNode } from "react";
import { unknownBrowser } from "../../shared/ipc/snapshot.ts";
import { Select } from "../controls/select.tsx";
import { TextField } from "../controls/text-field.tsx";
import { useSnapshot } from "../store/host.tsx";
import { settingWords } from "./catalog.ts";
import { SettingRow } from "./setting-row.tsx";
import { useSetting } from "./use-setting.ts";

/** The browser for signing in: the system's own, or a command that opens a URL. The command applies when it is left. */
export function BrowserSetting(): ReactNode {
  const { value, change, problem, isManaged } = useSetting("browserCommand");
  const browser = useSnapshot(({ host }) => host.browser);
  const [writing, setWriting] = useState(value !== "");
  const [text, setText] = useState(value);
  const { label, hint } = settingWords.browserCommand;
  useEffect(() => {
    setText(value);
    if (value !== "") setWriting(true);
  }, [value]);
  const commit = (): void => {
    const command = text.trim();
    if (command !== value) change(command);
  };
  return (
    <SettingRow
      label={label}
      hint={hint}
      problem={problem}
      isManaged={isManaged}
      below={
        writing && (
          <TextField
            mono
            size="medium"
            aria-label="Command that opens the sign-in page"
            placeholder="firefox -P work"
            maxLength={1_024}
            disabled={isManaged}
            value={text}
            onChange={setText}
            onBlur={commit}
            onKeyDown={(event) => {
              if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
              event.preventDefault();
              commit();
            }}
          />
        )
      }
    >
      {(ids) => (
        <Select
          label={label}
          describedBy={ids.described}
          disabled={isManaged}
          value={writing ? "command" : "system"}
          onChange={(choice) => {
            setWriting(choice === "command");
            if (choice === "system" && value !== "") change("");
          }}
          options={[
            { value: "system", label: browser === unknownBrowser ? "System default" : `System default (${browser})` },
            { value: "command", label: "A command" },
          ]}
        />
      )}
    </SettingRow>
  );
}
