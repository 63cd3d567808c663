import { useEffect, useRef, useState, type ReactNode } from "react";
import { Icon } from "../controls/icon.tsx";
import { leaveTo } from "../keyboard/leave.ts";
import { useShortcuts } from "../keyboard/use-shortcuts.ts";
import { PageBar } from "../shell/bar.tsx";
import { useBridge, useSnapshot } from "../store/host.tsx";
import { AboutSection } from "./about-section.tsx";
import { BrowserSetting } from "./browser-setting.tsx";
import { isSection, sections, startNoteWords, type SectionId } from "./catalog.ts";
import { LogsSection } from "./logs-section.tsx";
import { partInView } from "./scroll-spy.ts";
import { SessionsSection } from "./sessions-section.tsx";
import { ChoiceSetting, SwitchSetting } from "./setting-row.tsx";
import { ShortcutSetting } from "./shortcut-setting.tsx";
import "./settings-page.css";

const GeneralSection = (): ReactNode => (
  <>
    <StartSetting />
    <ChoiceSetting
      menu
      name="whenWindowCloses"
      options={[
        { value: "tray", label: "Keep running in the tray" },
        { value: "quit", label: "Quit" },
      ]}
    />
    <ChoiceSetting
      name="theme"
      options={[
        { value: "system", label: "System" },
        { value: "light", label: "Light" },
        { value: "dark", label: "Dark" },
      ]}
    />
    <ChoiceSetting
      name="density"
      options={[
        { value: "comfortable", label: "Comfortable" },
        { value: "compact", label: "Compact" },
      ]}
    />
    <SwitchSetting name="copyOnTurnOn" />
    <ShortcutSetting />
  </>
);

const NetworkSection = (): ReactNode => (
  <>
    <BrowserSetting />
    <SwitchSetting name="shareSessions" />
  </>
);

const NotificationsSection = (): ReactNode => (
  <>
    <SwitchSetting name="notifySignIn" />
    <SwitchSetting name="notifyFailure" />
    <SwitchSetting name="notifySessionEnds" />
    <SwitchSetting name="notifyUpdate" />
  </>
);

const contents: Readonly<Record<SectionId, () => ReactNode>> = {
  general: GeneralSection,
  network: NetworkSection,
  sessions: SessionsSection,
  logs: LogsSection,
  notifications: NotificationsSection,
  about: AboutSection,
};

function StartSetting(): ReactNode {
  const { startNote } = useSnapshot(({ outside }) => outside);
  const platform = useSnapshot(({ host }) => host.platform);
  return <SwitchSetting name="startAtSignIn" note={startNote === null ? "" : startNoteWords(startNote, platform)} />;
}

export interface SettingsPageProps {
  /** The part to start at. */
  readonly section?: string | undefined;
}

/** All settings on one page that scrolls, with a navigation that follows. Changes apply at once. */
export function SettingsPage({ section }: SettingsPageProps): ReactNode {
  const scroller = useRef<HTMLElement>(null);
  const nav = useRef<HTMLElement>(null);
  const [current, setCurrent] = useState<SectionId>("general");
  /** Where a click on the navigation has scrolled to: there, what was clicked is current, even if it is too short. */
  const clicked = useRef<number | null>(null);

  const go = (id: SectionId): void => {
    const element = scroller.current;
    const heading = element?.querySelector<HTMLElement>(`#settings-${id}`);
    if (!element || !heading) return;
    element.scrollTop = id === "general" ? 0 : heading.offsetTop - 16;
    clicked.current = element.scrollTop;
    setCurrent(id);
  };
  const newestGo = useRef(go);
  useEffect(() => {
    newestGo.current = go;
  });
  useEffect(() => {
    const start = isSection(section) ? section : "general";
    newestGo.current(start);
    // The keyboard starts where the eye does.
    nav.current?.querySelector<HTMLElement>(`[data-section="${start}"]`)?.focus({ preventScroll: true });
  }, [section]);

  const onScroll = (): void => {
    const element = scroller.current;
    if (!element) return;
    if (clicked.current !== null && Math.abs(element.scrollTop - clicked.current) < 1) return;
    clicked.current = null;
    const parts = sections.map(({ id }) => ({
      id,
      top: element.querySelector<HTMLElement>(`#settings-${id}`)?.offsetTop ?? 0,
    }));
    const scroll = { top: element.scrollTop, height: element.clientHeight, whole: element.scrollHeight };
    const inView = partInView(parts, scroll);
    if (inView !== undefined) setCurrent(inView);
  };
  const bridge = useBridge();
  useEffect(() => {
    // Only a help: what was known before is on screen, and Culvert looks by itself now and then.
    bridge.call("look-outside").catch(() => undefined);
  }, [bridge]);
  useShortcuts("page", [{ keys: "Escape", inFields: true, run: () => leaveTo({ name: "connections" }) }]);

  return (
    <div className="settings">
      <PageBar title="Settings" />
      <div className="settings-page">
        <nav ref={nav} className="settings-nav" aria-label="Settings" data-pane="nav">
          {sections.map(({ id, title, icon }) => (
            <button
              key={id}
              type="button"
              data-section={id}
              aria-current={id === current ? "true" : undefined}
              onClick={() => {
                go(id);
              }}
            >
              <Icon name={icon} />
              <span>{title}</span>
            </button>
          ))}
        </nav>
        <main className="settings-body" ref={scroller} onScroll={onScroll} data-pane="settings" tabIndex={-1}>
          {sections.map(({ id, title }) => {
            const Content = contents[id];
            return (
              <section key={id} aria-labelledby={`settings-${id}`}>
                <h2 id={`settings-${id}`}>{title}</h2>
                <Content />
              </section>
            );
          })}
        </main>
      </div>
    </div>
  );
}
