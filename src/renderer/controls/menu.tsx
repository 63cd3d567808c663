import {
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
  type SyntheticEvent,
} from "react";
import { keysText, ariaKeys, type Keys } from "../keyboard/keys.ts";
import { classNames } from "./class-names.ts";
import { Icon, type IconName } from "./icon.tsx";
import { place } from "./place.ts";
import { Typeahead } from "./typeahead.ts";
import "./menu.css";

export type MenuItem =
  | {
      readonly label: string;
      readonly onSelect: () => void;
      readonly icon?: IconName;
      readonly keys?: Keys;
      readonly danger?: boolean;
      /** Set for one of a group of choices. */
      readonly checked?: boolean;
    }
  | "separator";

/** Below an element, or at a point of the page for a context menu. */
export type MenuPlace =
  { readonly element: Element; readonly align?: "start" | "end" } | { readonly x: number; readonly y: number };

export interface MenuProps {
  readonly label: string;
  readonly items: readonly MenuItem[];
  readonly at: MenuPlace;
  readonly onClose: () => void;
}

const boxOf = (at: MenuPlace): { left: number; top: number; right: number; bottom: number } =>
  "element" in at ? at.element.getBoundingClientRect() : { left: at.x, right: at.x, top: at.y, bottom: at.y };

const stop = (event: SyntheticEvent): void => {
  event.stopPropagation();
};

/**
 * A popup menu: arrows, Home, End and letters move, Enter or Space choose, Esc closes. It also closes on a press outside,
 * when the window loses the focus and when anything else scrolls. The focus returns to where it was. It is drawn in its
 * place in the page (a modal dialog would make it inert elsewhere) but in the top layer; no event of it leaves it.
 */
export function Menu({ label, items, at, onClose }: MenuProps): ReactNode {
  const menu = useRef<HTMLDivElement>(null);
  const [typeahead] = useState(() => new Typeahead());
  const close = useRef(onClose);
  useEffect(() => {
    close.current = onClose;
  });

  useLayoutEffect(() => {
    const element = menu.current;
    if (!element) return undefined;
    const before = document.activeElement;
    // Only to be above everything and outside every clipping edge; the dismissal is our own.
    if ("showPopover" in element) {
      element.popover = "manual";
      element.showPopover();
    }
    const { width, height } = element.getBoundingClientRect();
    const page = { width: document.documentElement.clientWidth, height: document.documentElement.clientHeight };
    const { left, top } = place(boxOf(at), { width, height }, page, ("element" in at && at.align) || "start");
    element.style.left = `${left}px`;
    element.style.top = `${top}px`;
    const first =
      element.querySelector<HTMLElement>("[aria-checked=true]") ??
      element.querySelector<HTMLElement>("[role^=menuitem]");
    first?.focus({ preventScroll: true });

    const closeMenu = (): void => close.current();
    const onPress = (event: Event): void => {
      if (!(event.target instanceof Node && element.contains(event.target))) closeMenu();
    };
    const onScroll = (event: Event): void => {
      if (!(event.target instanceof Node && element.contains(event.target))) closeMenu();
    };
    document.addEventListener("pointerdown", onPress, true);
    document.addEventListener("scroll", onScroll, true);
    window.addEventListener("blur", closeMenu);
    window.addEventListener("resize", closeMenu);
    return () => {
      document.removeEventListener("pointerdown", onPress, true);
      document.removeEventListener("scroll", onScroll, true);
      window.removeEventListener("blur", closeMenu);
      window.removeEventListener("resize", closeMenu);
      const { activeElement } = document;
      const ours = activeElement === null || activeElement === document.body || element.contains(activeElement);
      if (ours && before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
    // The place is that of the moment of opening: a menu does not follow what it was opened on.
  }, []);

  const onKeyDown = (event: KeyboardEvent): void => {
    event.stopPropagation();
    const all = [...(menu.current?.querySelectorAll<HTMLElement>("[role^=menuitem]") ?? [])];
    const now = all.findIndex((item) => item === document.activeElement);
    const go = (index: number): void => {
      event.preventDefault();
      all[(index + all.length) % all.length]?.focus();
    };
    switch (event.key) {
      case "ArrowDown":
        go(now + 1);
        return;
      case "ArrowUp":
        go(now < 0 ? -1 : now - 1);
        return;
      case "Home":
        go(0);
        return;
      case "End":
        go(-1);
        return;
      case "Escape":
      case "Tab":
        event.preventDefault();
        onClose();
        return;
      default:
        if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) {
          const labels = items.flatMap((item) => (item === "separator" ? [] : [item.label]));
          const found = typeahead.find(event.key, labels, now, event.timeStamp);
          if (found >= 0) go(found);
        }
    }
  };

  return (
    <div
      ref={menu}
      className="menu"
      role="menu"
      aria-label={label}
      onKeyDown={onKeyDown}
      onClick={stop}
      onDoubleClick={stop}
      onPointerDown={stop}
      onContextMenu={(event) => {
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      {items.map((item, index) =>
        item === "separator" ? (
          <div key={`separator-${index}`} role="separator" className="menu-separator" />
        ) : (
          <button
            key={`${index}-${item.label}`}
            type="button"
            role={item.checked === undefined ? "menuitem" : "menuitemradio"}
            aria-checked={item.checked}
            aria-keyshortcuts={item.keys === undefined ? undefined : ariaKeys(item.keys)}
            tabIndex={-1}
            className={classNames("menu-item", item.danger === true && "menu-item-danger")}
            onPointerMove={(event) => {
              event.currentTarget.focus({ preventScroll: true });
            }}
            onClick={() => {
              onClose();
              item.onSelect();
            }}
          >
            <MenuItemIcon icon={item.icon} checked={item.checked} />
            <span className="menu-item-label">{item.label}</span>
            {item.keys !== undefined && (
              <span className="menu-item-keys" aria-hidden="true">
                {keysText(item.keys)}
              </span>
            )}
          </button>
        ),
      )}
    </div>
  );
}

function MenuItemIcon(props: {
  readonly icon: IconName | undefined;
  readonly checked: boolean | undefined;
}): ReactNode {
  const name = props.checked === true ? "check" : props.icon;
  return <span className="menu-item-icon">{name !== undefined && <Icon name={name} />}</span>;
}
