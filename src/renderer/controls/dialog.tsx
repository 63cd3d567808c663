import { useId, useLayoutEffect, useRef, type KeyboardEvent, type ReactNode } from "react";
import { Button } from "./button.tsx";
import { classNames } from "./class-names.ts";
import "./dialog.css";

export interface DialogProps {
  /** Names it; shown as its heading unless `bare`. */
  readonly title: string;
  /** Esc, or a click beside it where `lightDismiss` is set. */
  readonly onClose: () => void;
  readonly children?: ReactNode;
  /** The buttons below, the one to press last. */
  readonly footer?: ReactNode;
  /** Without heading and padding: the children are the whole of it. */
  readonly bare?: boolean;
  readonly lightDismiss?: boolean;
  readonly className?: string;
}

/**
 * A modal layer over the page. The browser keeps the focus inside and the page beneath inert; when it goes away, the focus
 * returns to where it was. The first element with `autofocus`, or else the first control, gets the focus.
 */
export function Dialog(props: DialogProps): ReactNode {
  const { title, onClose, children, footer, bare = false, lightDismiss = false, className } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const element = dialog.current;
    if (!element) return undefined;
    const before = document.activeElement;
    // jsdom has no modal dialogs; there it is a plain one.
    const modal = typeof element.showModal === "function";
    if (modal) element.showModal();
    else element.setAttribute("open", "");
    // React sets the focus of `autoFocus` before the layer is shown, where it cannot hold it yet.
    element.querySelector<HTMLElement>("[data-autofocus]")?.focus();
    return () => {
      if (modal) element.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  const onKeyDown = (event: KeyboardEvent): void => {
    // The page beneath hears no keys.
    event.stopPropagation();
    if (event.key !== "Escape" || event.defaultPrevented || event.nativeEvent.isComposing) return;
    event.preventDefault();
    onClose();
  };
  return (
    <dialog
      ref={dialog}
      className={classNames("dialog", bare && "dialog-bare", className)}
      aria-label={bare ? title : undefined}
      aria-labelledby={bare ? undefined : id}
      onKeyDown={onKeyDown}
      onCancel={(event) => {
        // The one who opened it closes it.
        event.preventDefault();
        onClose();
      }}
      onPointerDown={(event) => {
        if (lightDismiss && event.target === dialog.current) onClose();
      }}
      onClick={(event) => {
        event.stopPropagation();
      }}
    >
      {bare ? (
        children
      ) : (
        <>
          <h2 id={id} className="dialog-title">
            {title}
          </h2>
          {children !== undefined && <div className="dialog-body">{children}</div>}
          {footer !== undefined && <div className="dialog-footer">{footer}</div>}
        </>
      )}
    </dialog>
  );
}

export interface ConfirmDialogProps {
  /** The question: "Quit Culvert?" */
  readonly title: string;
  /** What follows from a yes. */
  readonly text?: string;
  /** The words of the button that does it: "Quit". */
  readonly action: string;
  readonly cancel?: string;
  readonly danger?: boolean;
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
}

/** Asks before something that cannot be undone. Enter does nothing by accident: the focus starts on the way back. */
export function ConfirmDialog(props: ConfirmDialogProps): ReactNode {
  const { title, text, action, cancel = "Cancel", danger = false, onConfirm, onCancel } = props;
  return (
    <Dialog
      title={title}
      onClose={onCancel}
      className="dialog-confirm"
      footer={
        <>
          <Button size="large" onClick={onCancel} data-autofocus="">
            {cancel}
          </Button>
          <Button size="large" variant={danger ? "danger" : "primary"} onClick={onConfirm}>
            {action}
          </Button>
        </>
      }
    >
      {text}
    </Dialog>
  );
}
