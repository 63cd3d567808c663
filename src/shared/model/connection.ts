import * as v from "valibot";

/** Bounds of what is saved, so that neither a file nor a renderer can make the app grow without end. */
export const connectionLimits = {
  connections: 5_000,
  nameLength: 200,
  addressLength: 512,
  tags: 32,
  tagLength: 64,
  /** PEM texts, characters. */
  pemLength: 256 * 1024,
  tokenLength: 16 * 1024,
  /** Certificates of all connections, characters; they are held in memory and written as a whole. */
  certificatesLength: 64 * 1024 * 1024,
  /** Private keys and tokens of all connections, characters. */
  secretsLength: 16 * 1024 * 1024,
  pathLength: 4_096,
  filterLength: 512,
  /** A day. */
  idleSeconds: 24 * 60 * 60,
} as const;

/** As `limits.udpIdleMs`. */
export const usualIdleSeconds = 120;

const text = (length: number) => v.pipe(v.string(), v.maxLength(length));

export const connectionIdSchema = v.pipe(v.string(), v.uuid());
export const tagSchema = v.pipe(
  v.string(),
  v.trim(),
  v.minLength(1, "Write a tag"),
  v.maxLength(connectionLimits.tagLength),
);
const tagsSchema = v.pipe(v.array(tagSchema), v.maxLength(connectionLimits.tags));

/** How the proxy's certificate is judged. */
export const trustSchema = v.variant("kind", [
  v.strictObject({ kind: v.literal("system") }),
  /** The system's roots and these PEM certificates. `label` is the file's name, or "" for pasted text. */
  v.strictObject({
    kind: v.literal("ca"),
    pem: text(connectionLimits.pemLength),
    label: text(connectionLimits.nameLength),
  }),
  v.strictObject({ kind: v.literal("unverified") }),
]);

const passphraseLength = 1_024;
const certificateText = text(connectionLimits.pemLength);
const label = text(connectionLimits.nameLength);

/**
 * One of the system's certificate store is chosen for each proxy. Both are ATTRIBUTE=VALUE (name-filter.ts); "" is no filter.
 */
const searchSchema = v.strictObject({
  kind: v.literal("search"),
  issuer: text(connectionLimits.filterLength),
  subject: text(connectionLimits.filterLength),
});

/**
 * Where a client certificate was chosen; the same path twice where one file holds both. It is read again there when it is renewed.
 * Left out where it was pasted or dropped.
 */
const certificateFilesSchema = v.strictObject({
  certificate: text(connectionLimits.pathLength),
  key: text(connectionLimits.pathLength),
});
export type CertificateFiles = v.InferOutput<typeof certificateFilesSchema>;

const plainFields = {
  id: connectionIdSchema,
  /** "" shows the destination's host. */
  name: text(connectionLimits.nameLength),
  protocol: v.picklist(["tcp", "udp"]),
  /** host:port */
  destination: text(connectionLimits.addressLength),
  /** "" any free port, "5433", or "host:port". */
  listen: text(connectionLimits.addressLength),
  tags: tagsSchema,
  startAtLaunch: v.boolean(),
  /** UDP: a client is forgotten after this long without a datagram. Files from before UDP do not have it. */
  idleSeconds: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(connectionLimits.idleSeconds)),
    usualIdleSeconds,
  ),
  /** "" goes to the destination's own host on port 443. */
  pomeriumUrl: text(connectionLimits.addressLength),
  trust: trustSchema,
};

/** A saved connection as every side but the secret store sees it: secrets are only known to be there. */
export const connectionSchema = v.strictObject({
  ...plainFields,
  pinned: v.boolean(),
  clientCertificate: v.variant("kind", [
    v.strictObject({ kind: v.literal("none") }),
    /** The private key and its passphrase are in the secret store, under the connection's id. */
    v.strictObject({
      kind: v.literal("pem"),
      certificate: certificateText,
      label,
      files: v.optional(certificateFilesSchema),
    }),
    searchSchema,
  ]),
  auth: v.variant("kind", [
    v.strictObject({ kind: v.literal("browser") }),
    /** The token is in the secret store. */
    v.strictObject({ kind: v.literal("token") }),
    v.strictObject({ kind: v.literal("token-file"), path: text(connectionLimits.pathLength) }),
  ]),
  /** Milliseconds since 1970; null when never turned on. */
  lastUsedAt: v.nullable(v.number()),
});
export type Connection = v.InferOutput<typeof connectionSchema>;
export type Trust = Connection["trust"];

/** A secret of the editor: what is there stays, or this takes its place. */
const secretInput = (length: number) =>
  v.variant("kind", [
    v.strictObject({ kind: v.literal("keep") }),
    v.strictObject({ kind: v.literal("set"), value: text(length) }),
  ]);

/** What the editor sends. `id` of a connection that exists changes it; another one adds it. */
export const connectionInputSchema = v.strictObject({
  ...plainFields,
  clientCertificate: v.variant("kind", [
    v.strictObject({ kind: v.literal("none") }),
    v.strictObject({
      kind: v.literal("pem"),
      certificate: certificateText,
      label,
      key: secretInput(connectionLimits.pemLength),
      /** "" where the key is not encrypted. */
      passphrase: secretInput(passphraseLength),
      files: v.optional(certificateFilesSchema),
    }),
    /** What it holds is saved as `pem`: so its certificate can be shown without a secret, and the passphrase is not kept. */
    v.strictObject({
      kind: v.literal("pkcs12"),
      /** Base64. */
      file: certificateText,
      label,
      passphrase: text(passphraseLength),
    }),
    searchSchema,
  ]),
  auth: v.variant("kind", [
    v.strictObject({ kind: v.literal("browser") }),
    v.strictObject({ kind: v.literal("token"), token: secretInput(connectionLimits.tokenLength) }),
    v.strictObject({ kind: v.literal("token-file"), path: text(connectionLimits.pathLength) }),
  ]),
});
export type ConnectionInput = v.InferOutput<typeof connectionInputSchema>;

/** Secrets of one connection, as the secret store keeps them. Never leaves the main process. */
export const connectionSecretsSchema = v.strictObject({
  key: v.optional(v.string()),
  passphrase: v.optional(v.string()),
  token: v.optional(v.string()),
  /**
   * Origin of the proxy that the token was given for. The list and the secrets are two files: after a crash between two writes the
   * list may lead elsewhere.
   */
  proxy: v.optional(v.string()),
});
export type ConnectionSecrets = v.InferOutput<typeof connectionSecretsSchema>;

/** The fields of the editor that can have a problem. */
export const connectionFields = [
  "name",
  "destination",
  "listen",
  "idle",
  "tags",
  "pomeriumUrl",
  "ca",
  "certificate",
  "key",
  "passphrase",
  "issuer",
  "subject",
  "token",
  "tokenFile",
] as const;
export type ConnectionField = (typeof connectionFields)[number];

/** A problem beside its field. A warning does not stop Save. */
export interface FieldProblem {
  readonly field: ConnectionField;
  readonly level: "error" | "warning";
  readonly message: string;
}

/** A new, empty connection. */
export function emptyConnectionInput(id: string): ConnectionInput {
  return {
    id,
    name: "",
    protocol: "tcp",
    destination: "",
    listen: "",
    tags: [],
    startAtLaunch: false,
    idleSeconds: usualIdleSeconds,
    pomeriumUrl: "",
    trust: { kind: "system" },
    clientCertificate: { kind: "none" },
    auth: { kind: "browser" },
  };
}
