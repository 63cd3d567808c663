import type { ReactNode } from "react";
import "./icon.css";

const shapes = {
  down: <path d="m4 6 4 4 4-4" />,
  right: <path d="m6 4 4 4-4 4" />,
  back: <path d="m10 4-4 4 4 4" />,
  check: <path d="m3.5 8.5 3 3 6-7" />,
  close: <path d="m4.5 4.5 7 7M11.5 4.5l-7 7" />,
  plus: <path d="M8 3v10M3 8h10" />,
  minus: <path d="M4 8h8" />,
  gap: <path d="M4 8h8" strokeDasharray="2 2.5" />,
  info: (
    <>
      <circle cx="8" cy="8" r="5.75" />
      <path d="M8 7.3v3.5M8 5.1v.01" />
    </>
  ),
  lock: (
    <>
      <rect x="3.5" y="7" width="9" height="6.5" rx="1.5" />
      <path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2" />
    </>
  ),
  key: (
    <>
      <circle cx="5.2" cy="10.8" r="2.7" />
      <path d="m7.2 8.8 5.3-5.3M10.5 5.5l2 2" />
    </>
  ),
  received: <path d="M8 3v10M4 9l4 4 4-4" />,
  sent: <path d="M8 13V3M4 7l4-4 4 4" />,
  copy: (
    <>
      <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
      <path d="M10.5 3.2A1.5 1.5 0 0 0 9.2 2.5H4A1.5 1.5 0 0 0 2.5 4v5.2c0 .6.3 1.1.7 1.3" />
    </>
  ),
  search: (
    <>
      <circle cx="7" cy="7" r="4.25" />
      <path d="m10.2 10.2 3.3 3.3" />
    </>
  ),
  more: <path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth="2.2" />,
  commands: (
    <path d="M6 6h4v4H6zM6 6V4.5A1.5 1.5 0 1 0 4.5 6zM10 6h1.5A1.5 1.5 0 1 0 10 4.5zM10 10v1.5a1.5 1.5 0 1 0 1.5-1.5zM6 10H4.5A1.5 1.5 0 1 0 6 11.5z" />
  ),
  settings: (
    <>
      <path d="M2.5 5h5M11.5 5h2M2.5 11h2M8.5 11h5" />
      <circle cx="9.5" cy="5" r="1.75" />
      <circle cx="6.5" cy="11" r="1.75" />
    </>
  ),
  edit: <path d="M10.8 3.2a1.4 1.4 0 0 1 2 2L5.6 12.4l-2.8.8.8-2.8z" />,
  pin: <path d="M6 2.5h4l-.5 4L12 9H4l2.5-2.5zM8 9v4.5" />,
  file: <path d="M4 2.5h5l3.5 3.5v6a1.5 1.5 0 0 1-1.5 1.5H4.5A1.5 1.5 0 0 1 3 12V4a1.5 1.5 0 0 1 1-1.5zM9 2.5V6h3.5" />,
  globe: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path d="M2.5 8h11M8 2.5c2 2 2.2 9 0 11M8 2.5c-2 2-2.2 9 0 11" />
    </>
  ),
  shield: <path d="M8 2.2 13 4v3.6c0 3-2 5.2-5 6.2-3-1-5-3.2-5-6.2V4z" />,
  retry: <path d="M13 8a5 5 0 1 1-1.5-3.6M13 2.5v2.7h-2.7" />,
  gear: (
    <>
      <circle cx="8" cy="8" r="2" />
      <path d="M8 2.2v1.6M8 12.2v1.6M2.2 8h1.6M12.2 8h1.6M3.9 3.9 5 5M11 11l1.1 1.1M12.1 3.9 11 5M5 11l-1.1 1.1" />
    </>
  ),
  log: <path d="M3.5 4h9M3.5 8h9M3.5 12h5.5" />,
  bell: <path d="M4 11V7.5a4 4 0 0 1 8 0V11l1 1.2H3zM6.7 14h2.6" />,
  open: (
    <path d="M9.5 3h3.5v3.5M13 3 7.5 8.5M11.5 9.5v2A1.5 1.5 0 0 1 10 13H4.5A1.5 1.5 0 0 1 3 11.5V6a1.5 1.5 0 0 1 1.5-1.5h2" />
  ),
  power: <path d="M8 2.5V8M11.3 4.3a5 5 0 1 1-6.6 0" />,
  pause: <path d="M6 4v8M10 4v8" />,
  error: (
    <g className="icon-solid">
      <path d="M8 2.6 14 13H2z" />
      <path className="icon-inner" d="M8 6.4v3.1" />
      <circle className="icon-dot" cx="8" cy="11.4" r=".9" />
    </g>
  ),
  warning: (
    <>
      <path d="M8 2.6 14 13H2z" />
      <path d="M8 6.4v3.1M8 11.4v.01" />
    </>
  ),
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof shapes;

/** A sign of 16 px in the colour of its text. Decoration: what it means stands beside it, or in the label of its button. */
export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: 12 | 14 | 16 }): ReactNode {
  return (
    <svg className="icon" viewBox="0 0 16 16" width={size} height={size} aria-hidden="true" focusable="false">
      {shapes[name]}
    </svg>
  );
}
