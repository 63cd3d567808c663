import type { ReactNode } from "react";
import type { HostInfo } from "../../shared/ipc/snapshot.ts";
import { CopyButton } from "../controls/copy-button.tsx";
import { useSnapshot } from "../store/host.tsx";
import { SettingRow } from "./setting-row.tsx";

/** What to send with a question to those who make Culvert. */
export const versionInfo = (host: HostInfo): string =>
  [
    `Culvert ${host.version}`,
    `Platform ${host.platform}`,
    ...Object.entries(host.versions).map(([name, version]) => `${name} ${version}`),
  ].join("\n");

/** What this is. */
export function AboutSection(): ReactNode {
  const host = useSnapshot((snapshot) => snapshot.host);
  return (
    <>
      <SettingRow label={`Culvert ${host.version}`} hint="Local TCP and UDP ports through a Pomerium access proxy">
        {() => <CopyButton label="Copy version info" text={versionInfo(host)} />}
      </SettingRow>
      <SettingRow
        label="Licences"
        hint="Made with Electron, React, Zustand, TanStack Virtual, Valibot, tldts, electron-store and electron-updater (MIT licence)"
      >
        {() => null}
      </SettingRow>
    </>
  );
}
