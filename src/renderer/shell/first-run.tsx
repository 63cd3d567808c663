import type { ReactNode } from "react";
import { Button } from "../controls/button.tsx";
import { goTo } from "../store/view.ts";
import "./first-run.css";

const Arch = (): ReactNode => (
  <svg className="first-art" width="152" height="88" viewBox="0 0 152 88" aria-hidden="true" focusable="false">
    <path d="M4 40h32M116 40h32" />
    <path d="M36 76V52c0-22 17.9-40 40-40s40 18 40 40v24" />
    <path className="first-arch" d="M48 76V53c0-15.5 12.5-28 28-28s28 12.5 28 28v23z" />
    <path
      className="first-water"
      d="M51 62c4-3 8-3 12.5 0s8.5 3 12.5 0 8.5-3 12.5 0 8.5 3 12.5 0M51 70c4-3 8-3 12.5 0s8.5 3 12.5 0 8.5-3 12.5 0 8.5 3 12.5 0"
    />
    <path d="M28 76h96" />
  </svg>
);

/** In the place of the panes while there is no connection. */
export const FirstRun = (): ReactNode => (
  <main className="first">
    <Arch />
    <h1>Open your first connection</h1>
    <p>
      Culvert opens a port on this computer and carries it through your organisation’s Pomerium to the database or
      server behind it.
    </p>
    <Button
      variant="primary"
      size="large"
      icon="plus"
      keys="Mod+N"
      onClick={() => {
        goTo({ name: "editor", id: null });
      }}
    >
      New connection
    </Button>
  </main>
);
