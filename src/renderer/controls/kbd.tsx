import type { ReactNode } from "react";
import { keysText, type Keys } from "../keyboard/keys.ts";
import "./kbd.css";

/** Key caps, in the signs of this platform. */
export function Kbd({ keys }: { readonly keys: Keys }): ReactNode {
  return <kbd className="kbd">{keysText(keys)}</kbd>;
}
