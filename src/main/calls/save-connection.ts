import { parseServiceAccount } from "../../engine/index.ts";
import { asAppError } from "../../shared/errors.ts";
import type { SaveResult } from "../../shared/ipc/contract.ts";
import { problemsOf, sameTunnel } from "../../shared/model/connection-rules.ts";
import {
  connectionLimits,
  type Connection,
  type ConnectionField,
  type ConnectionInput,
  type ConnectionSecrets,
  type FieldProblem,
} from "../../shared/model/connection.ts";
import { managedProblems, type PolicyRules } from "../../shared/model/policy.ts";
import { clientsOf, isOn } from "../../shared/model/status.ts";
import { proxyOriginOf } from "../../shared/words/connection.ts";
import { readTextFile } from "../state/text-file.ts";
import { tlsSettingsOf } from "../state/tunnel-settings.ts";
import type { CallContext } from "./context.ts";
import { isHere } from "./local-address.ts";
import { asRenewed, openInput, type Opened, type OpenedInput } from "./opened-input.ts";
import { startPoint, type ChosenFiles, type StartPoint } from "./start-point.ts";
import { tlsProblems } from "./tls-problems.ts";
import { turnOn } from "./turn-on.ts";

type SecretInput = { readonly kind: "keep" } | { readonly kind: "set"; readonly value: string };

const secretOf = (input: SecretInput, kept: string | undefined): string | undefined =>
  input.kind === "keep" ? kept : input.value === "" ? undefined : input.value;

/** The secrets that the connection is to have: those that its settings have a use for, and no others. */
export function secretsOf(input: OpenedInput, kept: ConnectionSecrets): ConnectionSecrets {
  const { clientCertificate: certificate, auth } = input;
  const token = auth.kind === "token" ? secretOf(auth.token, kept.token) : undefined;
  const wanted = {
    key: certificate.kind === "pem" ? secretOf(certificate.key, kept.key) : undefined,
    passphrase: certificate.kind === "pem" ? secretOf(certificate.passphrase, kept.passphrase) : undefined,
    token,
    proxy: token === undefined ? undefined : (proxyOriginOf(input) ?? undefined),
  };
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
}

/** What is saved in the list: the input without its secrets. */
export function connectionOf(input: OpenedInput, existing: Connection | undefined): Connection {
  const { clientCertificate: certificate, auth } = input;
  return {
    ...input,
    pinned: existing?.pinned ?? false,
    lastUsedAt: existing?.lastUsedAt ?? null,
    clientCertificate:
      certificate.kind === "pem"
        ? {
            kind: "pem",
            certificate: certificate.certificate,
            label: certificate.label,
            ...(certificate.files ? { files: certificate.files } : {}),
          }
        : certificate,
    auth: auth.kind === "token" ? { kind: "token" } : auth,
  };
}

/**
 * Everything that is wrong with an input, as far as it can be known without the network. Errors stop saving.
 * @param start what the input may take over from the connection that it changes or copies.
 * @param rules what the organisation allows.
 */
export async function checkConnection(
  { input, problems: unopened }: Opened,
  others: readonly Connection[],
  start: StartPoint,
  rules: PolicyRules,
): Promise<FieldProblem[]> {
  const problems = [...unopened, ...problemsOf(input, others)];
  const fine = (...fields: readonly ConnectionField[]): boolean =>
    !problems.some(({ field, level }) => level === "error" && fields.includes(field));
  const add = (field: ConnectionField, message: string): void => {
    problems.push({ field, level: "error", message: message.replace(/\.$/, "") });
  };
  // It may come and go with a network, so it stops nobody from saving.
  if (fine("listen") && !isHere(input.listen))
    problems.push({ field: "listen", level: "warning", message: "This is not an address of this computer" });
  const secrets = secretsOf(input, start.secrets);
  const { clientCertificate: certificate } = input;
  if (certificate.kind === "pem" && secrets.key === undefined && fine("key")) add("key", "Add the private key");
  if (certificate.kind === "pem" && certificate.files && fine("certificate") && !start.mayFollow(certificate.files))
    add("certificate", "Choose the certificate and its key again");
  if (fine("ca", "certificate", "key"))
    problems.push(...tlsProblems(tlsSettingsOf(connectionOf(input, undefined), secrets)));
  if (input.auth.kind === "token" && fine("token")) {
    try {
      parseServiceAccount(secrets.token ?? "");
    } catch (thrown) {
      const missing = start.tokenIsForOther
        ? "Enter the token again: it was given for another proxy"
        : "Enter the token";
      add("token", secrets.token === undefined ? missing : asAppError(thrown).message);
    }
  }
  if (input.auth.kind === "token-file" && fine("tokenFile") && !start.mayRead(input.auth.path))
    add("tokenFile", "Choose the token file again");
  if (input.auth.kind === "token-file" && fine("tokenFile")) {
    try {
      parseServiceAccount(await readTextFile(input.auth.path, connectionLimits.tokenLength));
    } catch (thrown) {
      add("tokenFile", asAppError(thrown).message);
    }
  }
  return [...problems, ...managedProblems(input, rules)];
}

export interface SaveOptions {
  readonly turnOn: boolean;
  readonly restart: boolean;
  readonly secretsFrom: string | null;
}

/** Saves what the editor sent; a tunnel that runs goes on as it is where nothing of it has changed, and else starts anew. */
export async function saveConnection(
  context: CallContext,
  given: ConnectionInput,
  options: SaveOptions,
  chosen: ChosenFiles,
): Promise<SaveResult> {
  const { connections, secrets, state, tunnels } = context;
  const from = options.secretsFrom ?? given.id;
  await context.followed.refresh(from);
  // Both of the same moment: a renewal gives certificate and key at once.
  const [base, kept] = [connections.get(from), secrets.get(from)];
  const opened = await openInput(given, base);
  const start = startPoint(opened.input, base, kept, chosen);
  const problems = await checkConnection(opened, connections.all(), start, context.outside.policy.rules);
  if (problems.some(({ level }) => level === "error")) return { outcome: "problems", problems };

  // One that came while this was checked is good, and neither half of it fits the other half of what was checked.
  const clientCertificate = asRenewed(opened.input.clientCertificate, connections.get(from));
  const isRenewed = clientCertificate !== opened.input.clientCertificate;
  const input = { ...opened.input, clientCertificate };
  const existing = connections.get(input.id);
  const status = tunnels.status(input.id);
  const restarts = existing !== undefined && isOn(status) && !sameTunnel(existing, input);
  const clients = clientsOf(status);
  if (restarts && clients > 0 && !options.restart) return { outcome: "asks-restart", clients };

  const wanted = secretsOf(input, { ...start.secrets, ...(isRenewed ? { key: secrets.get(from).key } : {}) });
  secrets.checkRoom(input.id, wanted);
  connections.put(connectionOf(input, existing));
  const stored = secrets.get(input.id);
  const names = ["key", "passphrase", "token", "proxy"] as const;
  // What the keychain does not show now was given for the proxy of then as well.
  const isOutdated = start.isMoved && secrets.isLocked(input.id);
  if (isOutdated || names.some((name) => wanted[name] !== stored[name])) {
    // They stand in memory already, which is what the tunnel starts with; the user hears where the disk failed.
    void secrets.set(input.id, wanted).catch((thrown: unknown) => context.notSaved(thrown));
  }
  state.connectionChanged(input.id);
  if (existing) tunnels.noteLog(input.id, "changed");
  if (restarts) void tunnels.restart(input.id);
  else if (options.turnOn && !isOn(status)) turnOn(context, [input.id]);
  return { outcome: "saved" };
}
