import { Component, type ErrorInfo, type ReactNode } from "react";
import type { Bridge } from "../../shared/ipc/contract.ts";
import { Button } from "../controls/button.tsx";

interface Props {
  readonly bridge: Bridge;
  readonly children: ReactNode;
}

/** Characters of a report that main takes. */
const reportLength = 8 * 1024;

/** Sends a failure of the page to the log. The log may be what fails: then there is nobody left to tell. */
export function reportFailure(bridge: Bridge, what: unknown, where = ""): void {
  const text = what instanceof Error ? (what.stack ?? what.message) : String(what);
  bridge.call("report-failure", `${text}${where}`.slice(0, reportLength)).catch(() => undefined);
}

/** In the place of a page that cannot be drawn: says so, and offers to load it again. */
export class ErrorBoundary extends Component<Props, { readonly failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { readonly failed: boolean } {
    return { failed: true };
  }

  override componentDidCatch(error: unknown, info: ErrorInfo): void {
    reportFailure(this.props.bridge, error, info.componentStack ?? "");
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <main className="broken" role="alert">
        <h1>This window stopped working</h1>
        <p>Your connections are not touched: what is on stays on. The cause is in the log.</p>
        <Button
          variant="primary"
          size="large"
          onClick={() => {
            location.reload();
          }}
        >
          Reload
        </Button>
      </main>
    );
  }
}
