import { useEffect, useState, type ReactNode } from "react";
import type { AppErrorData } from "../../shared/errors.ts";
import type { Connection } from "../../shared/model/connection.ts";
import { nameOf, proxyOriginOf } from "../../shared/words/connection.ts";
import { errorWords, type ErrorAction } from "../../shared/words/errors.ts";
import { Button } from "../controls/button.tsx";
import { Callout } from "../controls/callout.tsx";
import { CopyButton } from "../controls/copy-button.tsx";
import { edit, editCertificate, editLocalAddress, shown } from "../store/actions.ts";
import { useHost, useSnapshot, type Host } from "../store/host.tsx";
import { goTo, toast } from "../store/view.ts";
import { errorReport } from "./report.ts";

const names: Readonly<Record<Exclude<ErrorAction, "copy-report">, string>> = {
  "use-next-port": "Use another port",
  "try-again": "Try again",
  edit: "Edit",
  "edit-local-address": "Edit local address",
  "add-ca": "Add CA certificate…",
  "choose-certificate": "Choose certificate…",
  "sign-in": "Sign in",
  "sign-in-as-other": "Sign in as someone else",
  "sign-in-settings": "Open settings",
};

function buttonName(action: keyof typeof names, { clientCertificate }: Connection, nextPort: number | null): string {
  if (action === "use-next-port" && nextPort !== null) return `Use port ${nextPort}`;
  return action === "choose-certificate" && clientCertificate.kind === "search" ? "Edit filter" : names[action];
}

async function takeNextPort({ bridge }: Host, connection: Connection): Promise<void> {
  const port = await shown(bridge.call("use-next-port", connection.id));
  if (port !== undefined) toast({ message: `${nameOf(connection)} now uses port ${port}` });
}

async function addCa({ bridge }: Host, connection: Connection): Promise<void> {
  const file = await shown(bridge.call("pick-file", "ca"));
  if (file === undefined || file === null) return;
  const draft = { trust: { kind: "ca", pem: file.text, label: file.name } } as const;
  goTo({ name: "editor", id: connection.id, draft });
}

async function signIn({ bridge }: Host, connection: Connection, asOther: boolean): Promise<void> {
  const origin = proxyOriginOf(connection);
  if (origin === null) return;
  if (asOther && (await shown(bridge.call("sign-out", origin))) === undefined) return;
  await shown(bridge.call("sign-in", origin));
}

function act(host: Host, connection: Connection, action: Exclude<ErrorAction, "copy-report">): void {
  switch (action) {
    case "use-next-port":
      void takeNextPort(host, connection);
      return;
    case "try-again":
      void shown(host.bridge.call("try-again", connection.id));
      return;
    case "edit":
      edit(connection.id);
      return;
    case "choose-certificate":
      editCertificate(connection);
      return;
    case "edit-local-address":
      editLocalAddress(connection);
      return;
    case "add-ca":
      void addCa(host, connection);
      return;
    case "sign-in":
    case "sign-in-as-other":
      void signIn(host, connection, action === "sign-in-as-other");
      return;
    case "sign-in-settings":
      goTo({ name: "settings", section: "sessions" });
      return;
  }
}

/** The port that another port would be now; null until it is known. @param wanted it is proposed at all. */
function useNextPort(id: string, at: number, wanted: boolean): number | null {
  const { bridge } = useHost();
  const [found, setFound] = useState<{ readonly key: string; readonly port: number } | null>(null);
  const key = `${id} ${at}`;
  useEffect(() => {
    if (!wanted) return;
    let live = true;
    bridge.call("next-port", id).then(
      (port) => {
        if (live) setFound({ key, port });
      },
      // The button says it without a number then, and why there is none when it is pressed.
      () => undefined,
    );
    return () => {
      live = false;
    };
  }, [bridge, id, key, wanted]);
  return found?.key === key ? found.port : null;
}

export interface ErrorCalloutProps {
  readonly connection: Connection;
  readonly error: AppErrorData;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly address: string | null;
  /** An answer to a switch that was refused has no next step but to move it again. */
  readonly withoutActions?: boolean;
}

/** What is wrong, and the next step. */
export function ErrorCallout(props: ErrorCalloutProps): ReactNode {
  const { connection, error, at, address, withoutActions = false } = props;
  const host = useHost();
  const info = useSnapshot((snapshot) => snapshot.host);
  const words = errorWords(error, { address, searches: connection.clientCertificate.kind === "search" });
  const actions = withoutActions ? [] : words.actions;
  const buttons = actions.filter((action) => action !== "copy-report");
  const nextPort = useNextPort(connection.id, at, buttons.includes("use-next-port"));
  return (
    <Callout
      kind="error"
      title={words.title}
      actions={
        actions.length === 0 ? undefined : (
          <>
            {buttons.map((action, index) => (
              <Button
                key={action}
                variant={index === 0 ? "primary" : "plain"}
                onClick={() => {
                  act(host, connection, action);
                }}
              >
                {buttonName(action, connection, nextPort)}
              </Button>
            ))}
            <span className="sp" />
            {actions.includes("copy-report") && (
              <CopyButton variant="quiet" label="Copy report" text={() => errorReport(connection, error, at, info)} />
            )}
          </>
        )
      }
    >
      {words.text === "" ? undefined : words.text}
    </Callout>
  );
}
