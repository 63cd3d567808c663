import { useState, type KeyboardEvent, type ReactNode } from "react";
import { Button, IconButton } from "../controls/button.tsx";
import { isMac } from "../keyboard/platform.ts";
import { acceleratorText, record } from "./accelerator.ts";
import { settingWords } from "./catalog.ts";
import { SettingRow } from "./setting-row.tsx";
import { useSetting } from "./use-setting.ts";

/** The shortcut that opens the palette from every program: recorded from the keys themselves. */
export function ShortcutSetting(): ReactNode {
  const { value, change, problem, isManaged } = useSetting("paletteShortcut");
  const [recording, setRecording] = useState(false);
  const [refusal, setRefusal] = useState("");
  const { label, hint } = settingWords.paletteShortcut;

  const onKeyDown = (event: KeyboardEvent): void => {
    if (!recording) return;
    // Tab alone goes on, so that the keyboard is not caught here.
    if (event.key === "Tab" && !event.ctrlKey && !event.metaKey && !event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const result = record(event);
    if (result.kind === "more") return;
    setRefusal(result.kind === "refused" ? result.reason : "");
    if (result.kind === "refused") return;
    setRecording(false);
    if (result.kind === "shortcut") change(result.accelerator);
    else if (result.kind === "clear" && value !== "") change("");
  };
  const shown = value === "" ? "None" : acceleratorText(value, isMac());
  return (
    <SettingRow label={label} hint={hint} problem={refusal === "" ? problem : refusal} isManaged={isManaged}>
      {(ids) => (
        <>
          <Button
            aria-label={recording ? `${label}: press the keys` : `${label}: ${shown}`}
            aria-describedby={ids.described}
            aria-pressed={recording}
            aria-disabled={isManaged || undefined}
            onClick={() => {
              if (isManaged) return;
              setRefusal("");
              setRecording(!recording);
            }}
            onKeyDown={onKeyDown}
            onBlur={() => {
              setRecording(false);
              setRefusal("");
            }}
          >
            {recording ? "Press the keys…" : shown}
          </Button>
          {value !== "" && !recording && !isManaged && (
            <IconButton icon="close" label="Remove the shortcut" onClick={() => change("")} />
          )}
        </>
      )}
    </SettingRow>
  );
}
