import { useRef, useState, type KeyboardEvent, type MouseEvent, type ReactNode } from "react";
import { Button, IconButton, type ButtonProps } from "./button.tsx";
import { Icon, type IconName } from "./icon.tsx";
import type { Keys } from "../keyboard/keys.ts";
import { Menu, type MenuItem } from "./menu.tsx";

export interface MenuButtonProps {
  /** The name of the menu, and of the button where it shows no words. */
  readonly label: string;
  /** Words on the button, with an arrow behind them; without, it shows `icon` alone. */
  readonly text?: string;
  readonly icon?: IconName;
  readonly items: readonly MenuItem[];
  readonly variant?: NonNullable<ButtonProps["variant"]>;
  readonly size?: NonNullable<ButtonProps["size"]>;
  readonly align?: "start" | "end";
  readonly tabIndex?: number;
}

/** A button that opens a menu below itself; ↓ and ↑ open it too. */
export function MenuButton(props: MenuButtonProps): ReactNode {
  const { label, text, icon = "down", items, variant = "quiet", size = "medium", align = "end", tabIndex } = props;
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLSpanElement>(null);
  // The press that closes an open menu is also a click on this button, which must not open it again.
  const wasOpen = useRef(false);
  const common = {
    "aria-haspopup": "menu" as const,
    "aria-expanded": open,
    variant,
    size,
    tabIndex,
    onPointerDown: () => {
      wasOpen.current = open;
    },
    onClick: (event: MouseEvent) => {
      event.stopPropagation();
      // A click by key has no press before it.
      setOpen(event.detail === 0 ? true : !wasOpen.current);
    },
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      event.stopPropagation();
      setOpen(true);
    },
  };
  return (
    <span ref={anchor} className="menu-anchor">
      {text === undefined ? (
        <IconButton {...common} icon={icon} label={label} />
      ) : (
        <Button {...common} aria-label={label === text ? undefined : `${text}, ${label}`}>
          {text}
          <Icon name="down" />
        </Button>
      )}
      {open && anchor.current && (
        <Menu label={label} items={items} at={{ element: anchor.current, align }} onClose={() => setOpen(false)} />
      )}
    </span>
  );
}

export interface SplitButtonProps {
  readonly children: ReactNode;
  readonly onClick: () => void;
  readonly icon?: IconName;
  readonly keys?: Keys;
  readonly variant?: "plain" | "primary";
  /** Names the menu of further ways. */
  readonly menuLabel: string;
  readonly items: readonly MenuItem[];
}

/** The usual way, and a menu of further ones beside it. */
export function SplitButton(props: SplitButtonProps): ReactNode {
  const { children, onClick, icon, keys, variant = "plain", menuLabel, items } = props;
  return (
    <span className="split">
      <Button variant={variant} icon={icon} keys={keys} onClick={onClick}>
        {children}
      </Button>
      <MenuButton label={menuLabel} items={items} variant={variant} />
    </span>
  );
}
