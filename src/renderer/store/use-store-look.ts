import { useCallback, useEffect, useState } from "react";
import { asAppError, type AppErrorData } from "../../shared/errors.ts";
import type { StoreLook } from "../../shared/model/certificate.ts";
import { useBridge } from "./host.tsx";

/** A pause in typing a filter after which the main process looks, milliseconds. */
const pauseMs = 300;

export interface StoreLooked {
  /** null until it has been looked at, and where it cannot be. */
  readonly look: StoreLook | null;
  readonly failure: AppErrorData | null;
  /** False while what was seen is about other filters. */
  readonly isCurrent: boolean;
  /** Looks again, after something was done about what was seen. */
  readonly again: () => void;
}

interface Seen extends Pick<StoreLooked, "look" | "failure"> {
  /** The filters, as text. */
  readonly about: string;
}

/**
 * What the certificate store holds now: looked at after every pause, and again when the person comes back to the window.
 * @param filters `attribute=value` or "" for none; null does not look.
 */
export function useStoreLook(filters: { readonly issuer: string; readonly subject: string } | null): StoreLooked {
  const bridge = useBridge();
  const [seen, setSeen] = useState<Seen>({ look: null, failure: null, about: "" });
  const [turn, setTurn] = useState(0);
  const again = useCallback(() => setTurn((before) => before + 1), []);
  const text = JSON.stringify(filters);
  useEffect(() => {
    window.addEventListener("focus", again);
    return () => window.removeEventListener("focus", again);
  }, [again]);
  useEffect(() => {
    let over = false;
    const timer = setTimeout(() => {
      const asked = JSON.parse(text) as typeof filters;
      if (asked === null) return;
      const orNull = (filter: string): string | null => (filter === "" ? null : filter);
      bridge.call("look-into-store", { issuer: orNull(asked.issuer), subject: orNull(asked.subject) }).then(
        (look) => {
          if (!over) setSeen({ look, failure: null, about: text });
        },
        (thrown: unknown) => {
          if (!over) setSeen({ look: null, failure: asAppError(thrown).toData(), about: text });
        },
      );
    }, pauseMs);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [bridge, text, turn]);
  const { look, failure, about } = seen;
  return { look, failure, isCurrent: about === text, again };
}
