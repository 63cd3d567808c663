import { useEffect, type ReactNode } from "react";
import { Button } from "./controls/button.tsx";
import { ToastHost } from "./controls/toast-host.tsx";
import { EditorPage } from "./editor/editor-page.tsx";
import { GlobalShortcuts } from "./keyboard/global-shortcuts.tsx";
import { PaletteHost } from "./palette/palette.tsx";
import { SettingsPage } from "./settings/settings-page.tsx";
import { Bar } from "./shell/bar.tsx";
import { ConnectionsPage } from "./shell/connections-page.tsx";
import { ErrorBoundary, reportFailure } from "./shell/error-boundary.tsx";
import { Notices } from "./shell/notices.tsx";
import { QuestionHost } from "./shell/question.tsx";
import { StatusBar } from "./shell/status-bar.tsx";
import { useOnePane, usePageAttributes } from "./shell/use-page-attributes.ts";
import { usePageFocus } from "./shell/use-page-focus.ts";
import { usePlaces } from "./shell/use-places.ts";
import { HostProvider, useHost, useMirror, type Host } from "./store/host.tsx";
import { endToast, useView } from "./store/view.ts";
import "./theme/tokens.css";
import "./theme/base.css";
import "./shell/shell.css";

/** Until main has answered for the first time. Usually shorter than a frame, so it says nothing unless something is wrong. */
function Waiting(): ReactNode {
  const { mirror } = useHost();
  const failure = useMirror((state) => state.failure);
  return (
    <div className="window">
      <Bar>{null}</Bar>
      {failure && (
        <main className="waiting" role="alert">
          <p>{failure.message}</p>
          <Button onClick={() => mirror.refresh()}>Try again</Button>
        </main>
      )}
    </div>
  );
}

function CurrentPage({ onePane }: { readonly onePane: boolean }): ReactNode {
  const page = useView((view) => view.page);
  switch (page.name) {
    case "editor":
      return <EditorPage page={page} />;
    case "settings":
      return <SettingsPage {...(page.section === undefined ? {} : { section: page.section })} />;
    case "connections":
      return <ConnectionsPage onePane={onePane} />;
  }
}

function Frame(): ReactNode {
  const onePane = useOnePane();
  usePageFocus();
  const toast = useView((view) => view.toast);
  const listWidth = useView((view) => view.listWidth);
  const empty = useMirror(({ snapshot }) => snapshot?.connections.length === 0);
  // At the bottom of the detail, where there is one beside the list.
  const onConnections = useView((view) => view.page.name === "connections");
  const beside = onConnections && !onePane && !empty;
  return (
    <div className="window">
      <Notices />
      <CurrentPage onePane={onePane} />
      {onConnections && <StatusBar onePane={onePane} />}
      <div className="toast-place" style={beside ? { left: listWidth } : undefined}>
        <ToastHost toast={toast} onEnd={endToast} />
      </div>
      <PaletteHost />
      <QuestionHost />
      <GlobalShortcuts />
    </div>
  );
}

function Page(): ReactNode {
  const { bridge } = useHost();
  usePageAttributes();
  usePlaces();
  useEffect(() => {
    const report = (event: ErrorEvent | PromiseRejectionEvent): void => {
      reportFailure(bridge, "reason" in event ? event.reason : (event.error ?? event.message));
    };
    window.addEventListener("error", report);
    window.addEventListener("unhandledrejection", report);
    return () => {
      window.removeEventListener("error", report);
      window.removeEventListener("unhandledrejection", report);
    };
  }, [bridge]);
  return useMirror(({ snapshot }) => snapshot !== null) ? <Frame /> : <Waiting />;
}

/** The whole page, on any host that gives a bridge and what is mirrored through it. */
export const App = ({ host }: { readonly host: Host }): ReactNode => (
  <HostProvider host={host}>
    <ErrorBoundary bridge={host.bridge}>
      <Page />
    </ErrorBoundary>
  </HostProvider>
);
