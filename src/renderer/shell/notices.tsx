import type { ReactNode } from "react";
import type { Notice } from "../../shared/ipc/snapshot.ts";
import { Button, IconButton } from "../controls/button.tsx";
import { Icon } from "../controls/icon.tsx";
import { shown } from "../store/actions.ts";
import { useHost, useSnapshot } from "../store/host.tsx";
import { dismissFailure, useView } from "../store/view.ts";
import "./notices.css";

const actionNames: Readonly<Record<NonNullable<Notice["action"]>, string>> = {
  "show-file": "Show file",
  "save-again": "Try again",
};

interface StripProps {
  readonly message: string;
  readonly action?: ReactNode;
  readonly onDismiss: () => void;
}

const Strip = ({ message, action, onDismiss }: StripProps): ReactNode => (
  <div className="notice" role="alert">
    <Icon name="warning" />
    <span className="notice-text selectable">{message}</span>
    {action}
    <IconButton icon="close" size="small" label="Dismiss" onClick={onDismiss} />
  </div>
);

/** What the app has to say about itself, and what failed of what was asked for. Each stays until it is dismissed or over. */
export function Notices(): ReactNode {
  const { bridge } = useHost();
  const notices = useSnapshot((snapshot) => snapshot.notices);
  const failures = useView((view) => view.failures);
  return (
    <>
      {notices.map(({ id, message, action }) => (
        <Strip
          key={id}
          message={message}
          action={
            action && (
              <Button
                size="small"
                onClick={() => {
                  void shown(bridge.call("notice-action", id));
                }}
              >
                {actionNames[action]}
              </Button>
            )
          }
          onDismiss={() => {
            void shown(bridge.call("dismiss-notice", id));
          }}
        />
      ))}
      {failures.map(({ id, message }) => (
        <Strip
          key={`failure-${id}`}
          message={message}
          onDismiss={() => {
            dismissFailure(id);
          }}
        />
      ))}
    </>
  );
}
