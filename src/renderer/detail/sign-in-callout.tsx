import type { ReactNode } from "react";
import type { SignInInfo } from "../../shared/model/activity.ts";
import type { Connection } from "../../shared/model/connection.ts";
import { hostOfOrigin } from "../../shared/words/connection.ts";
import { ago } from "../../shared/words/format.ts";
import { Button } from "../controls/button.tsx";
import { Callout } from "../controls/callout.tsx";
import { leaveTo } from "../keyboard/leave.ts";
import { shown } from "../store/actions.ts";
import { useNow } from "../store/clock.ts";
import { useHost, useSnapshot } from "../store/host.tsx";
import { toast } from "../store/view.ts";

/** After this the page may have been lost among other windows. */
const longMs = 5 * 60_000;

interface Words {
  readonly title: string;
  readonly before: string;
  readonly behind: string;
  readonly open: string;
}

/** What to say of a waiting sign-in; the host stands between `before` and `behind`. */
export function signInWords(signIn: SignInInfo, browser: string, now: number): Words {
  if (signIn.browserError !== undefined)
    return {
      title: "Browser did not open",
      before: `Culvert could not open ${browser} for the sign-in page of `,
      behind: ". Copy the link and open it yourself.",
      open: "Open the page again",
    };
  if (signIn.openedAt === null)
    return {
      title: "Sign in",
      before: "The sign-in page of ",
      behind: " is ready. This connection continues by itself when you are done.",
      open: "Open the page",
    };
  const when = ` opened in ${browser} ${ago(signIn.openedAt, now)}. `;
  return {
    title: "Continue in your browser",
    before: "The sign-in page of ",
    behind:
      now - signIn.openedAt >= longMs
        ? `${when}Still waiting. Is the page open in another window?`
        : `${when}This connection continues by itself when you are done.`,
    open: "Open the page again",
  };
}

/** What to do for a sign-in that waits. */
export function SignInCallout(props: { readonly connection: Connection; readonly signIn: SignInInfo }): ReactNode {
  const { connection, signIn } = props;
  const { bridge } = useHost();
  const browser = useSnapshot((snapshot) => snapshot.host.browser);
  const now = useNow();
  const { proxy, connections } = signIn;
  const words = signInWords(signIn, browser, now);
  const host = hostOfOrigin(proxy);
  // Where the browser failed, the link is what helps.
  const failed = signIn.browserError !== undefined;
  const openPage = (
    <Button
      key="open"
      variant={failed ? "plain" : "primary"}
      onClick={() => {
        void shown(bridge.call("open-sign-in-page", proxy));
      }}
    >
      {words.open}
    </Button>
  );
  const copyLink = (
    <Button
      key="copy"
      icon="copy"
      variant={failed ? "primary" : "plain"}
      onClick={() => {
        void shown(bridge.call("copy-sign-in-link", proxy).then(() => toast({ message: "Link copied" })));
      }}
    >
      Copy link
    </Button>
  );
  const chooseBrowser = (
    <Button
      key="choose"
      onClick={() => {
        leaveTo({ name: "settings", section: "network" });
      }}
    >
      Choose browser
    </Button>
  );
  return (
    <>
      {/* Said once; the words below change every second. */}
      <span className="unseen" role="alert">
        Sign in to {host}
      </span>
      <Callout
        kind={failed ? "error" : "info"}
        title={words.title}
        actions={
          <>
            {failed ? [copyLink, chooseBrowser, openPage] : [openPage, copyLink]}
            {/* Together, also where they need a line of their own. */}
            <span className="sign-in-cancel">
              {connections.length > 1 && (
                <Button
                  variant="quiet"
                  onClick={() => {
                    void shown(bridge.call("cancel-sign-in", proxy, null));
                  }}
                >
                  Cancel for all {connections.length}
                </Button>
              )}
              <Button
                variant="quiet"
                {...(connections.length > 1 ? {} : { keys: "Mod+." })}
                onClick={() => {
                  void shown(bridge.call("cancel-sign-in", proxy, connection.id));
                }}
              >
                Cancel
              </Button>
            </span>
          </>
        }
      >
        {words.before}
        <b>{host}</b>
        {words.behind}
      </Callout>
    </>
  );
}
