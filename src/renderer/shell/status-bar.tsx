import type { ReactNode } from "react";
import { useShallow } from "zustand/react/shallow";
import { rate } from "../../shared/words/format.ts";
import { Icon } from "../controls/icon.tsx";
import { StatusGlyph } from "../controls/status-glyph.tsx";
import { leaveTo } from "../keyboard/leave.ts";
import { useNow } from "../store/clock.ts";
import { useMirror, useSnapshot } from "../store/host.tsx";
import { statusesOn } from "../store/select.ts";
import { select, setFilter, showDetail } from "../store/view.ts";
import { sessionToShow, sessionWords, summaryOf, type Attention } from "./status-summary.ts";
import "./status-bar.css";

function AttentionItem({ attention }: { readonly attention: Attention }): ReactNode {
  const words = (
    <>
      <StatusGlyph kind={attention.kind} size={14} hidden />
      {attention.text}
    </>
  );
  const tone = attention.kind === "error" ? "err" : "warn";
  if (attention.kind === "retrying") return <span className={`status-item status-attention ${tone}`}>{words}</span>;
  return (
    <button
      type="button"
      className={`status-item status-attention ${tone}`}
      onClick={() => {
        setFilter("all");
        select(attention.id);
        showDetail(true);
        leaveTo({ name: "connections" });
      }}
    >
      {words}
    </button>
  );
}

function SessionItem({ onePane }: { readonly onePane: boolean }): ReactNode {
  const session = useSnapshot((snapshot) => sessionToShow(snapshot.sessions));
  const now = useNow(session?.expiresAt !== null && session !== null);
  const words = session === null ? null : sessionWords(session, now);
  return (
    <button
      type="button"
      className="status-item"
      onClick={() => {
        leaveTo({ name: "settings", section: "sessions" });
      }}
    >
      <Icon name="key" size={14} />
      {words === null ? (
        <span className="t3">Not signed in anywhere</span>
      ) : onePane ? (
        <span className="num">{words.left}</span>
      ) : (
        <>
          <span className="cut">{words.host}</span> <span className="t3 num">{words.text}</span>
        </>
      )}
    </button>
  );
}

/** What is going on, in one line. */
export function StatusBar({ onePane }: { readonly onePane: boolean }): ReactNode {
  const rates = useSnapshot((snapshot) => snapshot.rates);
  const on = useMirror((state) => statusesOn(state).length);
  const attention = useMirror(
    useShallow((state) => summaryOf(Object.fromEntries(statusesOn(state)), state.snapshot?.signIns ?? []).attention),
  );
  return (
    <footer className="status" aria-label="Status" data-pane="status">
      <span className="status-item">
        <StatusGlyph kind={on === 0 ? "off" : "listening"} size={14} hidden />
        {on === 0 ? "Nothing on" : `${on} on`}
      </span>
      {attention && <AttentionItem attention={attention} />}
      {on > 0 && (
        <>
          <span className="status-item num">
            <Icon name="received" size={14} />
            <span className="unseen">Received </span>
            {rate(rates.received)}
          </span>
          <span className="status-item num">
            <Icon name="sent" size={14} />
            <span className="unseen">Sent </span>
            {rate(rates.sent)}
          </span>
        </>
      )}
      <span className="sp" />
      <SessionItem onePane={onePane} />
    </footer>
  );
}
