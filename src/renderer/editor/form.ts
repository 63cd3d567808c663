import { isIdleTime } from "../../shared/model/connection-rules.ts";
import {
  emptyConnectionInput,
  usualIdleSeconds,
  type CertificateFiles,
  type Connection,
  type ConnectionField,
  type ConnectionInput,
} from "../../shared/model/connection.ts";
import { nameOf } from "../../shared/words/connection.ts";
import { filterOf, filterText, noFilter, type FilterDraft } from "./filter.ts";

/** A secret in the form: what is saved stays, or this takes its place. */
export type SecretDraft =
  { readonly kind: "kept" } | { readonly kind: "new"; readonly value: string; readonly label: string };

/** A text from a file, by the file's name; "" where it was pasted. */
export interface TextDraft {
  readonly pem: string;
  readonly label: string;
}

/**
 * What the form holds. Unlike the input that is saved it remembers what belongs to a choice that is not chosen now, so that
 * looking at another choice loses nothing.
 */
export interface Draft {
  readonly id: string;
  readonly name: string;
  readonly protocol: ConnectionInput["protocol"];
  readonly destination: string;
  readonly listen: string;
  readonly tags: readonly string[];
  readonly startAtLaunch: boolean;
  /** UDP: seconds of silence after which a client is forgotten, as they are written. */
  readonly idle: string;
  readonly pomeriumUrl: string;
  readonly trust: ConnectionInput["trust"]["kind"];
  readonly ca: TextDraft;
  /** Of files a PKCS#12 file is one as well; see `pkcs12`. */
  readonly clientCertificate: Exclude<ConnectionInput["clientCertificate"]["kind"], "pkcs12">;
  readonly certificate: TextDraft;
  readonly key: SecretDraft;
  /** Where the two were chosen; "" for what was pasted or dropped. */
  readonly files: CertificateFiles;
  readonly passphrase: SecretDraft;
  /** In the place of certificate and key: base64, "" for none. */
  readonly pkcs12: { readonly file: string; readonly label: string };
  /** Of the certificate store. */
  readonly issuer: FilterDraft;
  readonly subject: FilterDraft;
  readonly auth: ConnectionInput["auth"]["kind"];
  readonly token: SecretDraft;
  readonly tokenPath: string;
}

const nothing = { kind: "new", value: "", label: "" } as const satisfies SecretDraft;
export const noFiles: CertificateFiles = { certificate: "", key: "" };
export const noPkcs12: Draft["pkcs12"] = { file: "", label: "" };
const kept: SecretDraft = { kind: "kept" };

const secretOf = (secret: { kind: "keep" } | { kind: "set"; value: string }): SecretDraft =>
  secret.kind === "keep" ? kept : { kind: "new", value: secret.value, label: "" };

const inputOf = (secret: SecretDraft): { kind: "keep" } | { kind: "set"; value: string } =>
  secret.kind === "kept" ? { kind: "keep" } : { kind: "set", value: secret.value };

/** The form of an input. */
export function draftFromInput(input: ConnectionInput): Draft {
  const { trust, clientCertificate, auth } = input;
  const pem = clientCertificate.kind === "pem" ? clientCertificate : null;
  const pkcs12 = clientCertificate.kind === "pkcs12" ? clientCertificate : null;
  const search = clientCertificate.kind === "search" ? clientCertificate : null;
  return {
    id: input.id,
    name: input.name,
    protocol: input.protocol,
    destination: input.destination,
    listen: input.listen,
    tags: input.tags,
    startAtLaunch: input.startAtLaunch,
    idle: String(input.idleSeconds),
    pomeriumUrl: input.pomeriumUrl,
    trust: trust.kind,
    ca: trust.kind === "ca" ? { pem: trust.pem, label: trust.label } : { pem: "", label: "" },
    clientCertificate: clientCertificate.kind === "pkcs12" ? "pem" : clientCertificate.kind,
    certificate: pem ? { pem: pem.certificate, label: pem.label } : { pem: "", label: "" },
    key: pem ? secretOf(pem.key) : nothing,
    files: pem?.files ?? noFiles,
    passphrase: pem ? secretOf(pem.passphrase) : pkcs12 ? { ...nothing, value: pkcs12.passphrase } : nothing,
    pkcs12: pkcs12 ? { file: pkcs12.file, label: pkcs12.label } : noPkcs12,
    issuer: search ? filterOf(search.issuer) : noFilter,
    subject: search ? filterOf(search.subject) : noFilter,
    auth: auth.kind,
    token: auth.kind === "token" ? secretOf(auth.token) : nothing,
    tokenPath: auth.kind === "token-file" ? auth.path : "",
  };
}

/** A saved connection as the input that changes nothing. */
export function inputFromConnection(connection: Connection): ConnectionInput {
  const { pinned: _pinned, lastUsedAt: _lastUsedAt, clientCertificate, auth, tags, ...rest } = connection;
  return {
    ...rest,
    tags: [...tags],
    clientCertificate:
      clientCertificate.kind === "pem"
        ? { ...clientCertificate, key: { kind: "keep" }, passphrase: { kind: "keep" } }
        : clientCertificate,
    auth: auth.kind === "token" ? { kind: "token", token: { kind: "keep" } } : auth,
  };
}

/** Where the form starts, and whose secrets are kept. */
export interface Start {
  readonly draft: Draft;
  readonly secretsFrom: string | null;
}

/**
 * The form at its start: a new connection, one that exists, or a copy of one, which listens on no port of its own yet.
 * @param newId the id of what is new or a copy, a UUID.
 * @param given what is filled in beforehand.
 */
export function startOf(
  saved: Connection | null,
  copyOf: Connection | null,
  newId: string,
  given: Partial<ConnectionInput> = {},
): Start {
  if (saved) return { draft: draftFromInput({ ...inputFromConnection(saved), ...given }), secretsFrom: null };
  if (copyOf) {
    const copy = { ...inputFromConnection(copyOf), id: newId, name: `${nameOf(copyOf)} copy`, listen: "" };
    return { draft: draftFromInput({ ...copy, ...given, id: newId }), secretsFrom: copyOf.id };
  }
  return { draft: draftFromInput({ ...emptyConnectionInput(newId), ...given, id: newId }), secretsFrom: null };
}

/** NaN for what is no whole number. Over TCP it has no use, so there the usual takes the place of what is wrong. */
function idleSecondsOf({ protocol, idle }: Pick<Draft, "protocol" | "idle">): number {
  const seconds = /^\d{1,9}$/.test(idle.trim()) ? Number(idle) : Number.NaN;
  return protocol === "udp" || isIdleTime(seconds) ? seconds : usualIdleSeconds;
}

function clientCertificateOf(draft: Draft): ConnectionInput["clientCertificate"] {
  const { certificate, key, passphrase, pkcs12, files } = draft;
  if (draft.clientCertificate === "none") return { kind: "none" };
  if (draft.clientCertificate === "search")
    return { kind: "search", issuer: filterText(draft.issuer), subject: filterText(draft.subject) };
  if (pkcs12.file !== "")
    return { kind: "pkcs12", ...pkcs12, passphrase: passphrase.kind === "new" ? passphrase.value : "" };
  return {
    kind: "pem",
    certificate: certificate.pem,
    label: certificate.label,
    key: inputOf(key),
    passphrase: inputOf(passphrase),
    ...(isFollowed(draft) ? { files } : {}),
  };
}

/** True where certificate and key are read again in the files that they were chosen in. */
export const isFollowed = ({ files, pkcs12 }: Pick<Draft, "files" | "pkcs12">): boolean =>
  files.certificate !== "" && files.key !== "" && pkcs12.file === "";

/** What would be saved. Spaces around addresses and the name are left out. */
export function inputFromDraft(draft: Draft): ConnectionInput {
  return {
    id: draft.id,
    name: draft.name.trim(),
    protocol: draft.protocol,
    destination: draft.destination.trim(),
    listen: draft.listen.trim(),
    tags: [...draft.tags],
    startAtLaunch: draft.startAtLaunch,
    idleSeconds: idleSecondsOf(draft),
    pomeriumUrl: draft.pomeriumUrl.trim(),
    trust: draft.trust === "ca" ? { kind: "ca", ...draft.ca } : { kind: draft.trust },
    clientCertificate: clientCertificateOf(draft),
    auth:
      draft.auth === "browser"
        ? { kind: "browser" }
        : draft.auth === "token"
          ? { kind: "token", token: inputOf(draft.token) }
          : { kind: "token-file", path: draft.tokenPath },
  };
}

/** True where leaving would lose something. */
export const isDirty = (start: Draft, now: Draft): boolean =>
  JSON.stringify(inputFromDraft(start)) !== JSON.stringify(inputFromDraft(now));

function isOtherIdle(draft: Draft): boolean {
  const seconds = idleSecondsOf(draft);
  return isIdleTime(seconds) && seconds !== usualIdleSeconds;
}

/** What differs from the usual in the part that can be closed, for its own line: "Pomerium URL, custom CA". */
export function advancedSummary(draft: Draft): string {
  const parts = [
    draft.pomeriumUrl.trim() !== "" && "Pomerium URL",
    draft.protocol === "udp" && isOtherIdle(draft) && `clients forgotten after ${idleSecondsOf(draft)} s`,
    draft.trust === "ca" && "custom CA",
    draft.trust === "unverified" && "TLS not verified",
    draft.clientCertificate === "search" && "store certificate",
    draft.clientCertificate === "pem" && "client certificate",
    draft.auth === "token" && "service account token",
    draft.auth === "token-file" && "token file",
  ];
  return parts.filter((part) => part !== false).join(", ");
}

const inAdvanced: ReadonlySet<ConnectionField> = new Set([
  "pomeriumUrl",
  "idle",
  "ca",
  "certificate",
  "key",
  "passphrase",
  "issuer",
  "subject",
  "token",
  "tokenFile",
]);

/** True for a field of the part that can be closed. */
export const isAdvanced = (field: ConnectionField): boolean => inAdvanced.has(field);

/** The fields in the order in which they stand on the page. */
const order: readonly ConnectionField[] = [
  "name",
  "destination",
  "listen",
  "tags",
  "pomeriumUrl",
  "idle",
  "ca",
  "certificate",
  "key",
  "passphrase",
  "issuer",
  "subject",
  "token",
  "tokenFile",
];

/** The one of these fields that stands first on the page. */
export const firstField = (fields: readonly ConnectionField[]): ConnectionField | undefined =>
  order.find((field) => fields.includes(field));
