/** A rectangle on the page, pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const edge = 8;
const gap = 4;

/**
 * Where a popup goes: below its anchor if there is room, else above it, and never over an edge of the page.
 * @param align which sides are in line: "start" the left ones, "end" the right ones.
 */
export function place(anchor: Box, popup: Size, page: Size, align: "start" | "end"): { left: number; top: number } {
  const wantedLeft = align === "start" ? anchor.left : anchor.right - popup.width;
  const left = Math.max(edge, Math.min(wantedLeft, page.width - popup.width - edge));
  const below = anchor.bottom + gap;
  const above = anchor.top - gap - popup.height;
  const fitsBelow = below + popup.height <= page.height - edge;
  const top = fitsBelow || above < edge ? Math.max(edge, Math.min(below, page.height - popup.height - edge)) : above;
  return { left, top };
}
