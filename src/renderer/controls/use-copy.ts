import { useEffect, useRef, useState } from "react";
import { useBridge } from "../store/host.tsx";

/** How long "Copied" is shown, milliseconds. */
export const copiedMs = 1_200;

export type CopyFeedback = "none" | "copied" | "failed";

/**
 * Copies through the main process, which owns the clipboard. The feedback is there in the next frame and leaves by itself;
 * a refusal takes its place.
 */
export function useCopy(): { readonly feedback: CopyFeedback; readonly copy: (text: string) => void } {
  const bridge = useBridge();
  const [feedback, setFeedback] = useState<CopyFeedback>("none");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const attempt = useRef(0);
  useEffect(
    () => () => {
      attempt.current = -1;
      clearTimeout(timer.current);
    },
    [],
  );
  const show = (next: CopyFeedback): void => {
    clearTimeout(timer.current);
    setFeedback(next);
    timer.current = setTimeout(() => {
      setFeedback("none");
    }, copiedMs);
  };
  const copy = (text: string): void => {
    const mine = ++attempt.current;
    show("copied");
    bridge.call("copy-text", text).catch(() => {
      if (mine === attempt.current) show("failed");
    });
  };
  return { feedback, copy };
}
