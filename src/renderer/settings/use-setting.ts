import { useEffect, useRef, useState } from "react";
import { asAppError } from "../../shared/errors.ts";
import type { Settings } from "../../shared/model/settings.ts";
import { useBridge, useSnapshot } from "../store/host.tsx";

export interface SettingState<T> {
  readonly value: T;
  readonly change: (value: T) => void;
  /** Why the last change was refused; "" where it was not. Stays until the next change. */
  readonly problem: string;
  /** The organisation has set it: it cannot be changed here. */
  readonly isManaged: boolean;
}

/** One setting: a change is shown at once, and taken back where the main process refuses it. */
export function useSetting<K extends keyof Settings>(name: K): SettingState<Settings[K]> {
  const bridge = useBridge();
  const isManaged = useSnapshot(({ outside }) => outside.managed.locked.includes(name));
  const saved = useSnapshot(({ settings }) => settings[name]);
  const [wish, setWish] = useState<{ readonly value: Settings[K]; readonly answered: boolean } | null>(null);
  const [problem, setProblem] = useState("");
  const attempt = useRef(0);
  // A wish ends when the mirror shows it, or shows something else after the answer to it.
  useEffect(() => {
    setWish((now) => (now === null || now.answered || now.value === saved ? null : now));
  }, [saved]);

  const change = (value: Settings[K]): void => {
    const mine = ++attempt.current;
    setProblem("");
    setWish({ value, answered: false });
    bridge.call("change-settings", { [name]: value }).then(
      () => {
        if (mine === attempt.current) setWish((now) => (now === null ? null : { ...now, answered: true }));
      },
      (thrown: unknown) => {
        if (mine !== attempt.current) return;
        const error = asAppError(thrown);
        setWish(null);
        setProblem([error.message, error.userAction ?? ""].filter((part) => part !== "").join(" "));
      },
    );
  };
  return { value: wish === null ? saved : wish.value, change, problem, isManaged };
}
