import type { StoreLook } from "../model/certificate.ts";
import { count } from "./format.ts";

export interface StoreWords {
  readonly level: "error" | "warning" | "hint";
  readonly text: string;
}

const chosen = "Each proxy is shown one that it accepts.";

/** What the editor says below the filters. @param filtered whether there is one. */
export function storeWords({ store, lock, fitting, usable }: StoreLook, filtered: boolean): StoreWords {
  if (lock === "none")
    return { level: "error", text: "No certificate database found in your home folder. Choose a file." };
  if (usable === 0)
    return { level: "warning", text: `No certificate in ${store} can be used: none with a key is valid now.` };
  if (fitting > 0) {
    const one = fitting === 1;
    const fits = filtered ? (one ? "fits" : "fit") : "can be used";
    return { level: "hint", text: `${count(fitting, "certificate")} in ${store} ${fits}. ${one ? "" : chosen}`.trim() };
  }
  const others = usable === 1 ? "1 other could be used" : `${usable} others could be used`;
  return { level: "warning", text: `No certificate in ${store} fits. ${others}. A value has to match exactly.` };
}

/** What is said of the password of the store; null where none is needed. */
export const passwordWords = ({ store, lock }: StoreLook): string | null =>
  lock === "password-missing"
    ? `${store} has a password. Enter it, so that Culvert can use the keys in it.`
    : lock === "password-wrong"
      ? `The password does not open ${store}.`
      : null;
