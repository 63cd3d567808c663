import { useState, type ReactNode } from "react";
import { asAppError } from "../../shared/errors.ts";
import type { CallName } from "../../shared/ipc/contract.ts";
import { updateActionWords, updateWords, type UpdateAction } from "../../shared/words/update.ts";
import { Button } from "../controls/button.tsx";
import { useNow } from "../store/clock.ts";
import { useBridge, useSnapshot } from "../store/host.tsx";
import { ChoiceSetting, SettingRow } from "./setting-row.tsx";

const calls = {
  check: "check-for-update",
  download: "download-update",
  install: "install-update",
  postpone: "postpone-update",
} as const satisfies Readonly<Record<UpdateAction, CallName>>;

/** What is known of newer versions, and what can be done about it. */
function UpdateRow(): ReactNode {
  const bridge = useBridge();
  const status = useSnapshot(({ update }) => update);
  const setting = useSnapshot(({ settings }) => settings.updates);
  const running = useSnapshot(({ host }) => host.version);
  const now = useNow(status.kind === "resting" && status.checkedAt !== null);
  const [refusal, setRefusal] = useState("");
  const { text, hint, actions, busy } = updateWords(status, setting, running, now);
  const error = "error" in status && setting !== "off" ? status.error : null;
  const problem = error === null ? refusal : [error.message, error.userAction ?? ""].join(" ").trim();

  const act = (action: UpdateAction): void => {
    setRefusal("");
    bridge.call(calls[action]).catch((thrown: unknown) => {
      setRefusal(asAppError(thrown).message);
    });
  };
  return (
    <SettingRow label={<span role="status">{text}</span>} hint={hint === "" ? undefined : hint} problem={problem}>
      {() =>
        // By place, not by name: the focus stays on the first one while it goes from one step to the next.
        actions.map((action, at) => (
          <Button
            key={at}
            variant={action === "install" ? "primary" : "plain"}
            aria-disabled={busy || undefined}
            onClick={() => {
              if (!busy) act(action);
            }}
          >
            {updateActionWords[action]}
          </Button>
        ))
      }
    </SettingRow>
  );
}

/** Whether the app looks for newer versions, and how that stands. */
export function UpdatesSetting(): ReactNode {
  const updatesItself = useSnapshot(({ update }) => update.kind !== "none");
  return (
    <>
      {updatesItself && (
        <ChoiceSetting
          menu
          name="updates"
          options={[
            { value: "automatic", label: "Install when I quit" },
            { value: "ask", label: "Tell me only" },
            { value: "off", label: "Do not look for updates" },
          ]}
        />
      )}
      <UpdateRow />
    </>
  );
}
