/** Device-independent pixels. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What is remembered of the window. */
export interface WindowState {
  /** Without maximising. */
  readonly bounds: Rectangle;
  readonly maximised: boolean;
  /** Width of the list beside the detail. */
  readonly listWidth: number;
}

export const windowDefaults = {
  width: 960,
  height: 640,
  smallestWidth: 480,
  smallestHeight: 400,
  listWidth: 384,
  smallestListWidth: 320,
  largestListWidth: 480,
} as const;

/** So much of the toolbar, by which a window is dragged, has to be on a screen. */
const grip = { height: 48, visibleWidth: 96, visibleHeight: 24 };

const clamp = (value: number, least: number, most: number): number => Math.max(least, Math.min(value, most));

const overlap = (start: number, length: number, otherStart: number, otherLength: number): number =>
  Math.min(start + length, otherStart + otherLength) - Math.max(start, otherStart);

function canBeGripped(bounds: Rectangle, area: Rectangle): boolean {
  return (
    overlap(bounds.x, bounds.width, area.x, area.width) >= grip.visibleWidth &&
    overlap(bounds.y, grip.height, area.y, area.height) >= grip.visibleHeight
  );
}

const centred = ({ width, height }: Rectangle, area: Rectangle): Rectangle => ({
  x: Math.round(area.x + (area.width - width) / 2),
  y: Math.round(area.y + (area.height - height) / 2),
  width,
  height,
});

/**
 * Where to open the window: where it was, unless no screen shows enough of it to drag it; then in the middle of the first one.
 * It is never larger than its screen nor smaller than its smallest size, the latter even where the screen is.
 * @param areas work areas of the displays, the primary one first.
 */
export function placeOf(
  saved: WindowState | null,
  areas: readonly Rectangle[],
  defaults: typeof windowDefaults = windowDefaults,
): WindowState {
  const sized = (bounds: Rectangle, area: Rectangle): Rectangle => ({
    x: Math.round(bounds.x),
    y: Math.round(bounds.y),
    width: Math.max(defaults.smallestWidth, Math.min(Math.round(bounds.width), area.width)),
    height: Math.max(defaults.smallestHeight, Math.min(Math.round(bounds.height), area.height)),
  });
  const wanted = saved?.bounds ?? { x: 0, y: 0, width: defaults.width, height: defaults.height };
  const first = areas[0] ?? { x: 0, y: 0, width: defaults.width, height: defaults.height };
  const on = saved === null ? undefined : areas.find((area) => canBeGripped(sized(wanted, area), area));
  return {
    bounds: on === undefined ? centred(sized(wanted, first), first) : sized(wanted, on),
    maximised: saved?.maximised ?? false,
    listWidth: clamp(
      Math.round(saved?.listWidth ?? defaults.listWidth),
      defaults.smallestListWidth,
      defaults.largestListWidth,
    ),
  };
}
