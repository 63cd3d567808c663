import { useEffect, useRef, useState } from "react";
import { isIdleTime } from "../../shared/model/connection-rules.ts";
import { usualIdleSeconds, type ConnectionInput } from "../../shared/model/connection.ts";
import { useBridge } from "../store/host.tsx";
import type { Checked } from "./problems.ts";

/** A pause in typing after which the main process looks, milliseconds. */
const pauseMs = 300;

/** As the main process takes it: a time that is none would have the rest of the form refused with it. */
const checkable = (input: ConnectionInput): ConnectionInput =>
  isIdleTime(input.idleSeconds) ? input : { ...input, idleSeconds: usualIdleSeconds };

/**
 * What the main process finds in the form, which it looks at after every pause. null until it has looked for the first time.
 * @param secretsFrom for a copy: the connection whose secrets it starts with, so that those are what is looked at.
 */
export function useCheck(
  input: ConnectionInput,
  secretsFrom: string | null,
): readonly [Checked | null, (checked: Checked) => void] {
  const bridge = useBridge();
  const [checked, setChecked] = useState<Checked | null>(null);
  const newest = useRef(input);
  const text = JSON.stringify(input);
  useEffect(() => {
    newest.current = input;
  });
  useEffect(() => {
    let over = false;
    const timer = setTimeout(() => {
      const asked = checkable(newest.current);
      bridge.call("check-connection", secretsFrom === null ? asked : { ...asked, id: secretsFrom }).then(
        (problems) => {
          if (!over) setChecked({ input: asked, problems });
        },
        // Only a help: Save looks again, and says why it cannot.
        () => undefined,
      );
    }, pauseMs);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [bridge, text, secretsFrom]);
  return [checked, setChecked];
}
