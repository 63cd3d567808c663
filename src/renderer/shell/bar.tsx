import type { ReactNode } from "react";
import { Button } from "../controls/button.tsx";
import { leaveTo } from "../keyboard/leave.ts";
import "./bar.css";

/** The strip at the top, which is the title bar too: its empty places drag the window. */
export const Bar = ({ children }: { readonly children: ReactNode }): ReactNode => (
  <header className="bar" data-pane="bar">
    {children}
  </header>
);

/** The strip of a page that stands in the place of the panes. */
export const PageBar = ({ title }: { readonly title: string }): ReactNode => (
  <Bar>
    <Button
      variant="quiet"
      icon="back"
      onClick={() => {
        leaveTo({ name: "connections" });
      }}
    >
      Connections
    </Button>
    <h1 className="bar-title cut">{title}</h1>
  </Bar>
);
