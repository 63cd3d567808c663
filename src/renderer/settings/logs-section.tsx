import { useState, type ReactNode } from "react";
import { asAppError } from "../../shared/errors.ts";
import { Button } from "../controls/button.tsx";
import { useBridge } from "../store/host.tsx";
import { ChoiceSetting, SettingRow } from "./setting-row.tsx";
import { UpdatesSetting } from "./updates-setting.tsx";

/** What is written down, and where; and newer versions. */
export function LogsSection(): ReactNode {
  const bridge = useBridge();
  const [problem, setProblem] = useState("");
  const open = (): void => {
    setProblem("");
    bridge.call("open-log-folder").catch((thrown: unknown) => {
      setProblem(asAppError(thrown).message);
    });
  };
  return (
    <>
      <ChoiceSetting
        menu
        name="logLevel"
        options={[
          { value: "error", label: "Error" },
          { value: "info", label: "Info" },
          { value: "debug", label: "Debug" },
        ]}
      />
      <SettingRow label="Log files" problem={problem}>
        {() => <Button onClick={open}>Open log folder</Button>}
      </SettingRow>
      <UpdatesSetting />
    </>
  );
}
