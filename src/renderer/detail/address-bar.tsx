import type { ReactNode } from "react";
import type { Connection } from "../../shared/model/connection.ts";
import type { ConnectionStatus } from "../../shared/model/status.ts";
import { boundAddressOf } from "../../shared/model/status.ts";
import { IconButton } from "../controls/button.tsx";
import { SplitButton } from "../controls/menu-button.tsx";
import { copyItems } from "../list/connection-menu.ts";
import { copy, plannedAddress } from "../store/actions.ts";
import { useHost } from "../store/host.tsx";
import { useView } from "../store/view.ts";

/** The address as it is, or will be; null where the port is not known before. */
export const shownAddress = (connection: Connection, status: ConnectionStatus): string | null =>
  boundAddressOf(status) ?? plannedAddress(connection.listen);

/** The local address, large, with the ways to copy it. */
export function AddressBar(props: { readonly connection: Connection; readonly status: ConnectionStatus }): ReactNode {
  const { connection, status } = props;
  const host = useHost();
  const copied = useView((view) => view.copied === connection.id);
  const address = shownAddress(connection, status);
  return (
    <div className="address-bar">
      <code className="cut">{address ?? "any port"}</code>
      <span className="address-protocol">{connection.protocol.toUpperCase()}</span>
      <span className="sp" />
      {address !== null && (
        <SplitButton
          icon={copied ? "check" : "copy"}
          keys="Mod+C"
          menuLabel="Copy as"
          items={copyItems(host, connection.id, ["address", "port", "host", "command"])}
          onClick={() => {
            copy(host, connection.id);
          }}
        >
          {copied ? "Copied" : "Copy"}
        </SplitButton>
      )}
    </div>
  );
}

/** The same on the second line, where a callout has its place. */
export function SmallAddress(props: { readonly connection: Connection; readonly status: ConnectionStatus }): ReactNode {
  const { connection, status } = props;
  const host = useHost();
  const copied = useView((view) => view.copied === connection.id);
  const address = shownAddress(connection, status);
  if (address === null) return null;
  return (
    <span className="small-address">
      <code>{address}</code>
      {connection.protocol === "udp" && <span className="address-protocol">UDP</span>}
      <IconButton
        icon={copied ? "check" : "copy"}
        size="small"
        label={copied ? "Copied" : "Copy address"}
        onClick={() => {
          copy(host, connection.id);
        }}
      />
    </span>
  );
}
