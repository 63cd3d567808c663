import type { ReactNode } from "react";
import { count } from "../../shared/words/format.ts";
import type { StatusKind } from "../../shared/model/status.ts";
import "./status-glyph.css";

const shapes: Readonly<Record<Exclude<StatusKind, "connected">, ReactNode>> = {
  off: <circle cx="8" cy="8" r="5.25" />,
  starting: <path d="M13.25 8A5.25 5.25 0 1 1 8 2.75" />,
  listening: (
    <>
      <circle cx="8" cy="8" r="5.25" />
      <circle cx="8" cy="8" r="2.25" fill="currentColor" stroke="none" />
    </>
  ),
  "signing-in": (
    <>
      <circle cx="5.2" cy="10.8" r="2.7" />
      <path d="m7.2 8.8 5.3-5.3M10.5 5.5l2 2" />
    </>
  ),
  retrying: <path d="M13.25 8a5.25 5.25 0 1 1-1.6-3.8M13.3 1.8v2.9h-2.9" />,
  error: (
    <>
      <path d="M8 2.6 14 13H2z" />
      <path className="glyph-inner" d="M8 6.4v3.1" />
      <circle className="glyph-dot" cx="8" cy="11.4" r=".9" />
    </>
  ),
};

const names: Readonly<Record<StatusKind, string>> = {
  off: "Off",
  starting: "Starting",
  listening: "Listening",
  "signing-in": "Signing in",
  connected: "Connected",
  retrying: "Retrying",
  error: "Error",
};

export interface StatusGlyphProps {
  readonly kind: StatusKind;
  /** Shown in the disc of "connected", 99+ at most. */
  readonly clients?: number;
  /** Only decoration: the words stand beside it. */
  readonly hidden?: boolean;
  readonly size?: 14 | 16;
}

/** What is true of a connection, as a shape; the colour only helps. */
export function StatusGlyph({ kind, clients = 0, hidden = false, size = 16 }: StatusGlyphProps): ReactNode {
  const name = kind === "connected" ? `${names.connected}, ${count(clients, "client")}` : names[kind];
  const role = hidden ? { "aria-hidden": true } : { role: "img", "aria-label": name };
  return (
    <span className={`glyph glyph-${kind}`} {...role}>
      {kind === "connected" ? (
        clients > 99 ? (
          "99+"
        ) : (
          clients
        )
      ) : (
        <svg viewBox="0 0 16 16" width={size} height={size} focusable="false">
          {shapes[kind]}
        </svg>
      )}
    </span>
  );
}
