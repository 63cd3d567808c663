import { useEffect, useRef, useState, type ReactNode } from "react";
import { asAppError } from "../../shared/errors.ts";
import type { SessionInfo } from "../../shared/model/activity.ts";
import type { Settings } from "../../shared/model/settings.ts";
import { hostOfOrigin } from "../../shared/words/connection.ts";
import { count } from "../../shared/words/format.ts";
import { Button } from "../controls/button.tsx";
import { Callout } from "../controls/callout.tsx";
import { ConfirmDialog } from "../controls/dialog.tsx";
import { Icon } from "../controls/icon.tsx";
import { Select } from "../controls/select.tsx";
import { useNow } from "../store/clock.ts";
import { useHost, useSnapshot } from "../store/host.tsx";
import { toast } from "../store/view.ts";
import { settingWords } from "./catalog.ts";
import { clientsThrough, expiryWords, notToldWords, signedOutWords, signOutEverywhereWords } from "./session-words.ts";
import { SettingRow, SwitchSetting } from "./setting-row.tsx";
import { useSetting } from "./use-setting.ts";
import "./sessions-section.css";

const warnings: readonly {
  readonly value: string;
  readonly label: string;
  readonly minutes: Settings["warnBeforeSessionEnds"];
}[] = [
  { value: "0", label: "Never", minutes: 0 },
  { value: "5", label: "5 minutes before", minutes: 5 },
  { value: "10", label: "10 minutes before", minutes: 10 },
  { value: "30", label: "30 minutes before", minutes: 30 },
];

/** Who is signed in where, and the way out. */
export function SessionsSection(): ReactNode {
  const { bridge, mirror } = useHost();
  const sessions = useSnapshot((snapshot) => snapshot.sessions);
  const keychain = useSnapshot(({ notices }) => !notices.some(({ kind }) => kind === "no-keychain"));
  /** What went wrong last; stays until the next try. */
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState<readonly string[]>([]);
  const [asking, setAsking] = useState(false);
  const text = useRef<HTMLParagraphElement>(null);
  // The button that signed out goes with its session, and takes the focus with it.
  const signedOut = useRef(false);
  useEffect(() => {
    if (!signedOut.current || document.activeElement !== document.body) return;
    signedOut.current = false;
    text.current?.focus({ preventScroll: true });
  }, [sessions]);
  const clients = (proxy: string | null): number => {
    const { snapshot } = mirror.store.getState();
    return snapshot === null ? 0 : clientsThrough(snapshot, proxy);
  };

  const during = async (names: readonly string[], work: () => Promise<void>): Promise<void> => {
    setProblem("");
    setBusy((before) => [...before, ...names]);
    try {
      await work();
    } catch (thrown) {
      const error = asAppError(thrown);
      setProblem([error.message, error.userAction ?? ""].filter((part) => part !== "").join(" "));
    } finally {
      setBusy((before) => before.filter((name) => !names.includes(name)));
    }
  };
  const signOut = (proxy: string | null): void => {
    const staying = clients(proxy);
    signedOut.current = true;
    const names = proxy === null ? sessions.map((session) => session.proxy) : [proxy];
    void during(names, async () => {
      const notTold = await bridge.call("sign-out", proxy);
      toast({ message: signedOutWords(proxy, staying) });
      setProblem(notToldWords(notTold));
    });
  };
  const signIn = (proxy: string): void => {
    void during([proxy], () => bridge.call("sign-in", proxy));
  };

  return (
    <>
      {sessions.length === 0 ? (
        <p ref={text} tabIndex={-1} className="sessions-text">
          Not signed in anywhere. Culvert signs in when a connection needs it.
        </p>
      ) : (
        <>
          <p ref={text} tabIndex={-1} className="sessions-text">
            Proxies this computer is signed in to.{" "}
            {keychain ? "Tokens are kept in the system keychain." : "Tokens are forgotten when you quit."}
          </p>
          <table className="sessions">
            <thead>
              <tr>
                <th scope="col">Proxy</th>
                <th scope="col">Expires</th>
                <th scope="col" className="sessions-right sessions-wide">
                  In use by
                </th>
                <th scope="col">
                  <span className="unseen">Action</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {sessions.map((session) => (
                <SessionRow
                  key={session.proxy}
                  session={session}
                  busy={busy.includes(session.proxy)}
                  onSignIn={signIn}
                  onSignOut={signOut}
                />
              ))}
            </tbody>
          </table>
          <div className="sessions-all">
            <Button onClick={() => setAsking(true)}>Sign out everywhere…</Button>
          </div>
        </>
      )}
      {problem !== "" && (
        <div className="sessions-problem">
          <Callout kind="warning" live="polite">
            {problem}
          </Callout>
        </div>
      )}
      <WarningSetting />
      <SwitchSetting name="openSignInPage" />
      {asking && (
        <ConfirmDialog
          title="Sign out everywhere?"
          text={signOutEverywhereWords(sessions.length, clients(null))}
          action="Sign out"
          onCancel={() => setAsking(false)}
          onConfirm={() => {
            setAsking(false);
            signOut(null);
          }}
        />
      )}
    </>
  );
}

interface SessionRowProps {
  readonly session: SessionInfo;
  readonly busy: boolean;
  readonly onSignIn: (proxy: string) => void;
  readonly onSignOut: (proxy: string) => void;
}

function SessionRow({ session, busy, onSignIn, onSignOut }: SessionRowProps): ReactNode {
  const { proxy, user, inUseBy } = session;
  const now = useNow(session.expiresAt !== null);
  const waiting = useSnapshot(({ signIns }) => signIns.some((signIn) => signIn.proxy === proxy));
  const { text, level } = expiryWords(session, now);
  const host = hostOfOrigin(proxy);
  const ended = level === "err";
  const used = inUseBy === 0 ? "none" : count(inUseBy, "connection");
  return (
    <tr>
      <th scope="row">
        <span className={level}>
          <Icon name="key" />
        </span>
        <span className="sessions-who">
          <span className="cut">{host}</span>
          {user !== null && <span className="sessions-user cut">{user}</span>}
          <span className="sessions-user sessions-narrow">{inUseBy === 0 ? "not in use" : `in use by ${used}`}</span>
        </span>
      </th>
      <td className={ended ? "err" : "num"}>{waiting ? "waiting in your browser" : text}</td>
      <td className="sessions-right sessions-wide t2">{used}</td>
      <td className="sessions-right">
        <Button
          aria-label={`${ended ? "Sign in to" : "Sign out of"} ${host}`}
          aria-busy={busy}
          onClick={() => {
            if (!busy) (ended ? onSignIn : onSignOut)(proxy);
          }}
        >
          {ended ? "Sign in" : "Sign out"}
        </Button>
      </td>
    </tr>
  );
}

function WarningSetting(): ReactNode {
  const { value, change, problem, isManaged } = useSetting("warnBeforeSessionEnds");
  const { label, hint } = settingWords.warnBeforeSessionEnds;
  return (
    <SettingRow label={label} hint={hint} problem={problem} isManaged={isManaged}>
      {(ids) => (
        <Select
          label={label}
          describedBy={ids.described}
          disabled={isManaged}
          value={String(value)}
          onChange={(chosen) => {
            const found = warnings.find((warning) => warning.value === chosen);
            if (found) change(found.minutes);
          }}
          options={warnings}
        />
      )}
    </SettingRow>
  );
}
