import { useEffect, useState, type ReactNode } from "react";
import { Button } from "./button.tsx";
import { Icon } from "./icon.tsx";
import "./toast-host.css";

/** How long a toast stays, milliseconds: the second with a way back. */
export const toastMs = { plain: 4_000, undo: 10_000 } as const;

export interface ToastHostProps {
  readonly toast: { readonly id: number; readonly message: string; readonly undo?: () => void } | null;
  readonly onEnd: (id: number) => void;
}

/** Shows one result at a time. It stays while the pointer or the focus is on it, and its time starts again when they leave. */
export function ToastHost({ toast, onEnd }: ToastHostProps): ReactNode {
  const [hovered, setHovered] = useState(false);
  const [focused, setFocused] = useState(false);
  const held = hovered || focused;
  const id = toast?.id;
  const undo = toast?.undo;
  useEffect(() => {
    // A layer that goes away sends no "leave".
    if (id === undefined) {
      setHovered(false);
      setFocused(false);
      return undefined;
    }
    if (held) return undefined;
    const timer = setTimeout(() => onEnd(id), undo ? toastMs.undo : toastMs.plain);
    return () => {
      clearTimeout(timer);
    };
  }, [id, undo, held, onEnd]);
  return (
    <div className="toast-host" role="status" aria-live="polite">
      {toast && (
        <div
          key={toast.id}
          className="toast"
          onPointerEnter={() => setHovered(true)}
          onPointerLeave={() => setHovered(false)}
          onFocus={() => setFocused(true)}
          onBlur={() => setFocused(false)}
        >
          <Icon name="check" />
          <span className="toast-text">{toast.message}</span>
          {undo && (
            <Button
              size="small"
              keys="Mod+Z"
              onClick={() => {
                undo();
                onEnd(toast.id);
              }}
            >
              Undo
            </Button>
          )}
        </div>
      )}
    </div>
  );
}
