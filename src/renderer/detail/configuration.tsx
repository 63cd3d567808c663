import { useState, type ReactNode } from "react";
import type { Connection } from "../../shared/model/connection.ts";
import { proxyOriginOf } from "../../shared/words/connection.ts";
import { count } from "../../shared/words/format.ts";
import { Button } from "../controls/button.tsx";
import { CertificateFacts, validityWords } from "../controls/certificate-facts.tsx";
import { Chip } from "../controls/chip.tsx";
import { deleteConnections, duplicate, edit, plannedAddress } from "../store/actions.ts";
import { useNow } from "../store/clock.ts";
import { useHost } from "../store/host.tsx";
import { useCertificate } from "../store/use-certificate.ts";

const trustWords = ({ trust }: Connection): ReactNode => {
  switch (trust.kind) {
    case "system":
      return "System certificates";
    case "ca":
      return `Custom CA, ${trust.label === "" ? "pasted text" : trust.label}`;
    case "unverified":
      return <Chip kind="warn">Unverified</Chip>;
  }
};

function searchWords({ issuer, subject }: Record<"issuer" | "subject", string>): ReactNode {
  const filters = [issuer !== "" && `issuer ${issuer}`, subject !== "" && `subject ${subject}`].filter(Boolean);
  return ["Certificate store", ...(filters.length === 0 ? ["no filter"] : filters)].join(", ");
}

function ClientCertificate({ clientCertificate }: Pick<Connection, "clientCertificate">): ReactNode {
  const pem = clientCertificate.kind === "pem" ? clientCertificate : null;
  const facts = useCertificate(pem && { kind: "pem", certificate: pem.certificate });
  const [open, setOpen] = useState(false);
  const now = useNow(facts !== null);
  if (clientCertificate.kind === "search") return searchWords(clientCertificate);
  if (pem === null) return "None";
  const ended = facts !== null && facts.validTo < now;
  return (
    <>
      <div className="setting-line">
        <span>
          {[facts?.name, pem.label === "" ? "pasted text" : pem.label].filter(Boolean).join(", ")}
          {facts && <span className={ended ? "err" : "t3"}> {validityWords(facts, now)}</span>}
        </span>
        {facts && (
          <Button
            variant="link"
            size="small"
            aria-expanded={open}
            onClick={() => {
              setOpen(!open);
            }}
          >
            Details
          </Button>
        )}
      </div>
      {open && facts && <CertificateFacts all facts={facts} />}
    </>
  );
}

const signInWords = ({ auth }: Connection): ReactNode => {
  switch (auth.kind) {
    case "browser":
      return "Browser";
    case "token":
      return "Service account token";
    case "token-file":
      return (
        <>
          Token file, <code>{auth.path}</code>
        </>
      );
  }
};

const Setting = ({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactNode => (
  <div className="setting">
    <dt>{name}</dt>
    <dd className="selectable">{children}</dd>
  </div>
);

/** Every setting of one connection, and what can be done with it. */
export function Configuration({ connection }: { readonly connection: Connection }): ReactNode {
  const host = useHost();
  const { id } = connection;
  const planned = plannedAddress(connection.listen);
  return (
    <div className="configuration">
      <dl>
        <Setting name="Protocol">{connection.protocol.toUpperCase()}</Setting>
        <Setting name="Destination">
          <code>{connection.destination}</code>
        </Setting>
        <Setting name="Local address">{planned === null ? "Any port" : <code>{planned}</code>}</Setting>
        {connection.protocol === "udp" && (
          <Setting name="Forget clients after">{count(connection.idleSeconds, "second")} without a datagram</Setting>
        )}
        <Setting name="Tags">{connection.tags.length === 0 ? "None" : connection.tags.join(", ")}</Setting>
        <Setting name="Turn on at start">{connection.startAtLaunch ? "Yes" : "No"}</Setting>
        <Setting name="Pomerium URL">
          <code>{connection.pomeriumUrl === "" ? proxyOriginOf(connection) : connection.pomeriumUrl}</code>
          {connection.pomeriumUrl === "" && <span className="t3"> from the destination</span>}
        </Setting>
        <Setting name="Server trust">{trustWords(connection)}</Setting>
        <Setting name="Client certificate">
          <ClientCertificate clientCertificate={connection.clientCertificate} />
        </Setting>
        <Setting name="Sign in with">{signInWords(connection)}</Setting>
      </dl>
      <div className="configuration-acts">
        <Button
          icon="edit"
          keys="Mod+E"
          onClick={() => {
            edit(id);
          }}
        >
          Edit
        </Button>
        <Button
          onClick={() => {
            duplicate(id);
          }}
        >
          Duplicate
        </Button>
        <span className="sp" />
        <Button
          variant="danger"
          onClick={() => {
            deleteConnections(host, [id]);
          }}
        >
          Delete
        </Button>
      </div>
    </div>
  );
}
