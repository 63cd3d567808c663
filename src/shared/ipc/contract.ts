import * as v from "valibot";
import type { AppErrorData } from "../errors.ts";
import type { Activity } from "../model/activity.ts";
import type { CertificateFacts, StoreLock, StoreLook } from "../model/certificate.ts";
import {
  connectionIdSchema,
  connectionInputSchema,
  connectionLimits,
  tagSchema,
  type FieldProblem,
} from "../model/connection.ts";
import { settingsChangeSchema } from "../model/settings.ts";
import type { Snapshot, Update } from "./snapshot.ts";

export { channels, windowApiKey } from "./channels.ts";

/** A call that the renderer may make: what it must send, and what it gets. */
export interface CallSpec<Args extends v.GenericSchema, Result> {
  /** A strict tuple of the arguments. */
  readonly args: Args;
  /** Carries the type of the result; never read. */
  readonly result?: Result;
}

const call =
  <Result>() =>
  <const Items extends v.TupleItems>(...items: Items): CallSpec<v.StrictTupleSchema<Items, undefined>, Result> => ({
    args: v.strictTuple(items),
  });

/** How saving went. A warning never stops it. */
export type SaveResult =
  | { readonly outcome: "saved" }
  | { readonly outcome: "problems"; readonly problems: readonly FieldProblem[] }
  /** It is on, and the change would cut clients off: ask, and send again with `restart`. */
  | { readonly outcome: "asks-restart"; readonly clients: number };

/** A proxy that may take a session until it expires, though it is forgotten here. */
export interface NotSignedOut {
  /** Origin. */
  readonly proxy: string;
  readonly reason: AppErrorData;
}

/** What is in a file. */
export interface FileContent {
  /** Empty for a token file, which main reads itself at every connect. */
  readonly text: string;
  /** In the place of the text where the file is no text, such as PKCS#12: base64. */
  readonly base64?: string;
}

/** A file that the user chose. */
export interface PickedFile extends FileContent {
  readonly name: string;
  readonly path: string;
}

const id = connectionIdSchema;
const ids = v.pipe(v.array(connectionIdSchema), v.minLength(1), v.maxLength(connectionLimits.connections));
const origin = v.pipe(v.string(), v.maxLength(512), v.regex(/^https?:\/\/[^/\s]+$/));
const pemText = v.pipe(v.string(), v.maxLength(connectionLimits.pemLength));
const filterText = v.pipe(v.string(), v.maxLength(connectionLimits.filterLength));
const shortText = v.pipe(v.string(), v.maxLength(1_024));

/**
 * Everything that the renderer can ask of the main process; types, validation, preload and handlers come from this value.
 * Every call can reject with an AppError, which arrives whole.
 */
export const contract = {
  /** All there is now. Also starts the updates for the window that asks. */
  snapshot: call<Snapshot>()(),
  /** The activity of the connection whose detail is shown, with news of it from now on; null watches nothing. */
  watch: call<Activity | null>()(v.nullable(id)),

  /** What is wrong with it, as far as can be known without the network. */
  "check-connection": call<readonly FieldProblem[]>()(connectionInputSchema),
  /** What is to be shown of the client certificate in a file; null where it cannot be read, which `check-connection` explains. */
  "describe-certificate": call<CertificateFacts | null>()(
    v.variant("kind", [
      v.strictObject({ kind: v.literal("pem"), certificate: pemText }),
      v.strictObject({ kind: v.literal("pkcs12"), file: pemText, passphrase: shortText }),
    ]),
  ),
  /** What a search in the certificate store of this computer would have to choose from; filters are `attribute=value`. */
  "look-into-store": call<StoreLook>()(
    v.strictObject({ issuer: v.nullable(filterText), subject: v.nullable(filterText) }),
  ),
  /** Tries and keeps the password of that store; one that does not open it is not kept. "" forgets it. */
  "enter-store-password": call<StoreLock>()(shortText),
  "save-connection": call<SaveResult>()(
    connectionInputSchema,
    v.strictObject({
      /** Turns it on afterwards. */
      turnOn: v.boolean(),
      /** The user has agreed that clients are cut off. */
      restart: v.boolean(),
      /** Set for a duplicate: secrets that are kept come from this connection. */
      secretsFrom: v.nullable(id),
    }),
  ),
  "delete-connections": call<void>()(ids),
  /** Brings back what was deleted last, with its secrets and place; false when there is nothing to bring back. */
  "undo-delete": call<boolean>()(),
  /** Turns on or off; resolves when every wish is noted, not when the tunnels stand. */
  "set-on": call<void>()(ids, v.boolean()),
  /** Ends the wait of a retry, or tries an error again. */
  "try-again": call<void>()(id),
  /** The port that `use-next-port` would take now, to show it beforehand. */
  "next-port": call<number>()(id),
  /** Sets another local port on a connection and turns it on; for "Use port 5433". Resolves to the port. */
  "use-next-port": call<number>()(id),
  "disconnect-client": call<void>()(id, v.pipe(v.number(), v.integer(), v.minValue(1))),
  "set-pinned": call<void>()(id, v.boolean()),
  /** The whole order of connections; ids that are unknown or missing leave the rest where it is. */
  "order-connections": call<void>()(ids),
  "add-tag": call<void>()(ids, tagSchema),
  "rename-tag": call<void>()(tagSchema, tagSchema),

  /** Opens the page of a waiting sign-in in the browser (again). */
  "open-sign-in-page": call<void>()(origin),
  "copy-sign-in-link": call<void>()(origin),
  /** Turns off this connection; the sign-in ends when nobody waits for it any more. null: turns off all that wait. */
  "cancel-sign-in": call<void>()(origin, v.nullable(id)),
  /** Signs in because the user asked for it, with the settings of a connection that uses this proxy. */
  "sign-in": call<void>()(origin),
  /** Ends and forgets the session of a proxy, or all of them. Resolves to the proxies where none has ended, so far as is known. */
  "sign-out": call<readonly NotSignedOut[]>()(v.nullable(origin)),

  "change-settings": call<void>()(settingsChangeSchema),
  /** Looks again at what is decided outside the app: the policy, and what the system starts at sign-in. */
  "look-outside": call<void>()(),
  /** Looks for a newer version now; how it went becomes the status of updates. */
  "check-for-update": call<void>()(),
  "download-update": call<void>()(),
  /** The update that is ready waits until `install-update`, also beyond the next quit. */
  "postpone-update": call<void>()(),
  /** Restarts into the update; asks in a dialog of the system where clients would be cut off. */
  "install-update": call<void>()(),
  "dismiss-notice": call<void>()(shortText),
  "notice-action": call<void>()(shortText),

  /** Main owns the clipboard, since every permission of the page is denied. */
  "copy-text": call<void>()(v.pipe(v.string(), v.maxLength(4 * 1024 * 1024))),
  /** Lets the user choose a file; null when the dialog is cancelled. */
  "pick-file": call<PickedFile | null>()(v.picklist(["ca", "certificate", "key", "token"])),
  /** Takes a file that was dropped and is no text, in base64, as `pick-file` takes one. */
  "read-dropped": call<FileContent>()(v.picklist(["ca", "certificate", "key"]), pemText),
  /** Lets the user choose where to, and writes there; false when the dialog is cancelled. */
  "save-text": call<boolean>()(
    v.strictObject({
      suggestedName: v.pipe(v.string(), v.maxLength(100), v.regex(/^[\w .-]+\.(json|txt)$/)),
      text: v.pipe(v.string(), v.maxLength(16 * 1024 * 1024)),
    }),
  ),
  "open-log-folder": call<void>()(),
  /** A failure of the page itself, for the log. */
  "report-failure": call<void>()(v.pipe(v.string(), v.maxLength(8 * 1024))),
  quit: call<void>()(),
};

export type Contract = typeof contract;
export type CallName = keyof Contract;
export type CallArgs<N extends CallName> = v.InferOutput<Contract[N]["args"]> & readonly unknown[];
export type CallResult<N extends CallName> =
  Contract[N] extends CallSpec<v.GenericSchema, infer Result> ? Result : never;

export const callNames = Object.keys(contract) as readonly CallName[];

/**
 * What a host gives to the renderer. Preload is one way to make it; nothing in the renderer but one file knows which.
 * A rejected call rejects with an AppError.
 */
export interface Bridge {
  call<N extends CallName>(name: N, ...args: CallArgs<N>): Promise<CallResult<N>>;
  /** Calls back for every update from now on; returns the way to stop that. */
  subscribe(listener: (update: Update) => void): () => void;
}

/** What an `invoke` carries back: errors cross whole, which a rejection would not. */
export type CallOutcome<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: AppErrorData };

/** What preload puts on the page's window: the same as `Bridge`, but with outcomes, since errors lose their class there. */
export interface WindowApi {
  readonly call: (name: string, args: readonly unknown[]) => Promise<CallOutcome<unknown>>;
  readonly subscribe: (listener: (update: Update) => void) => () => void;
}
