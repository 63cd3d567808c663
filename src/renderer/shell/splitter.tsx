import { memo, useRef, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import { listWidths, setListWidth, useView } from "../store/view.ts";

/** Between list and detail: drag it, or move it by the arrow keys; a double click sets the usual width. */
export const Splitter = memo(function Splitter(): ReactNode {
  const width = useView((view) => view.listWidth);
  const start = useRef<{ readonly x: number; readonly width: number } | null>(null);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    setListWidth(width + (event.key === "ArrowLeft" ? -16 : 16));
  };
  const onPointerDown = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.button !== 0) return;
    start.current = { x: event.clientX, width };
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent): void => {
    if (start.current !== null) setListWidth(start.current.width + event.clientX - start.current.x);
  };
  const end = (): void => {
    start.current = null;
  };
  return (
    <div
      className="splitter"
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the list"
      aria-valuemin={listWidths.least}
      aria-valuemax={listWidths.most}
      aria-valuenow={width}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={end}
      onPointerCancel={end}
      onDoubleClick={() => {
        setListWidth(listWidths.usual);
      }}
    />
  );
});
