import { isLoopback, parseLocalAddress, parsePomeriumUrl, parseTarget } from "../address.ts";
import { AppError } from "../errors.ts";
import { filterAttribute, filterParts } from "../name-filter.ts";
import { addressKey, nameOf, targetKey, wantedPort } from "../words/connection.ts";
import { connectionLimits, type Connection, type ConnectionInput, type FieldProblem } from "./connection.ts";

const error = (field: FieldProblem["field"], message: string): FieldProblem => ({ field, level: "error", message });
const warning = (field: FieldProblem["field"], message: string): FieldProblem => ({ field, level: "warning", message });

/** The sentence of a refused address, without what the user wrote: it stands in the field. */
const refusal = (thrown: unknown): string =>
  (thrown instanceof AppError ? thrown.message : "This is not an address")
    .replace(/[.:]? Got: .*$/s, "")
    // What the command line explains besides; the editor has the route beside the field.
    .replace(/(:\d+)\. It is the port .*$/s, "$1")
    .replace(/^(Leave out [^:]*): .*$/s, "$1")
    .replace(/\.$/, "");

const certificateStart = "-----BEGIN CERTIFICATE-----";

/** Looked for and not matched: an expression would go through a long text once for every line that begins a certificate. */
function holdsCertificate(pem: string): boolean {
  const start = pem.indexOf(certificateStart);
  return start >= 0 && pem.includes("-----END CERTIFICATE-----", start + certificateStart.length + 1);
}
const holdsKey = (pem: string): boolean => /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem);

function addressProblems(input: ConnectionInput): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const destination = input.destination.trim();
  const example = input.protocol === "udp" ? "dns.example.com:53" : "pg.example.com:5432";
  if (destination === "") problems.push(error("destination", `Enter a destination, for example ${example}`));
  else {
    try {
      const { protocol } = parseTarget(destination, undefined, input.protocol).destination;
      if (protocol !== input.protocol)
        problems.push(
          error(
            "destination",
            `This link is for ${protocol.toUpperCase()}: choose that, or leave out ${protocol}+https://`,
          ),
        );
    } catch (thrown) {
      problems.push(error("destination", refusal(thrown)));
    }
  }
  try {
    parseLocalAddress(input.listen);
  } catch (thrown) {
    problems.push(error("listen", refusal(thrown)));
  }
  if (input.pomeriumUrl.trim() !== "") {
    try {
      parsePomeriumUrl(input.pomeriumUrl);
    } catch (thrown) {
      problems.push(error("pomeriumUrl", refusal(thrown)));
    }
  }
  return problems;
}

/** True for a time that fits: whole seconds, a day at most. */
export const isIdleTime = (seconds: number): boolean =>
  Number.isInteger(seconds) && seconds >= 1 && seconds <= connectionLimits.idleSeconds;

/** What the engine would not take, in words for a choice and a field. */
function filterProblems(field: "issuer" | "subject", filter: string): FieldProblem[] {
  if (filter === "") return [];
  const { attribute, value } = filterParts(filter) ?? { attribute: filter, value: "" };
  if (!filterAttribute(attribute)) return [error(field, "Choose what of the name to filter by")];
  // No certificate has a name of nothing but spaces; some have spaces around it.
  return value.trim() === "" ? [error(field, "Enter a value, or choose No filter")] : [];
}

function credentialProblems(input: ConnectionInput): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const { trust, clientCertificate, auth } = input;
  if (trust.kind === "ca" && !holdsCertificate(trust.pem))
    problems.push(
      error("ca", trust.pem.trim() === "" ? "Add the CA certificate" : "This is not a certificate in PEM form"),
    );
  if (clientCertificate.kind === "pem") {
    const { certificate, key } = clientCertificate;
    if (certificate.trim() === "") problems.push(error("certificate", "Add the certificate"));
    else if (!holdsCertificate(certificate))
      problems.push(error("certificate", "This is not a certificate in PEM form"));
    if (key.kind === "set" && key.value.trim() === "") problems.push(error("key", "Add the private key"));
    else if (key.kind === "set" && !holdsKey(key.value))
      problems.push(error("key", "This is not a private key in PEM form"));
  }
  if (clientCertificate.kind === "search")
    for (const field of ["issuer", "subject"] as const)
      problems.push(...filterProblems(field, clientCertificate[field]));
  if (clientCertificate.kind === "pkcs12" && clientCertificate.file === "")
    problems.push(error("certificate", "Add the certificate"));
  if (auth.kind === "token" && auth.token.kind === "set" && auth.token.value.trim() === "")
    problems.push(error("token", "Enter the token"));
  if (auth.kind === "token-file" && auth.path.trim() === "") problems.push(error("tokenFile", "Choose the token file"));
  return problems;
}

/** What does not stop Save. A field that is wrong has no warning besides; what is right in the others is said all the same. */
function warnings(
  input: ConnectionInput,
  others: readonly Connection[],
  wrong: ReadonlySet<FieldProblem["field"]>,
): FieldProblem[] {
  const found: FieldProblem[] = [];
  if (!wrong.has("listen")) {
    const port = wantedPort(input.listen);
    const samePort =
      port === null
        ? undefined
        : others.find(
            (other) => other.protocol === input.protocol && addressKey(other.listen) === addressKey(input.listen),
          );
    if (samePort)
      found.push(warning("listen", `Port ${port} is also used by ${nameOf(samePort)}. Only one of them can be on.`));
    if (!isLoopback(parseLocalAddress(input.listen)))
      found.push(warning("listen", "Other computers on your network can use this port."));
  }
  // The same destination behind another Pomerium is another one.
  if (!wrong.has("destination") && !wrong.has("pomeriumUrl")) {
    const key = targetKey(input);
    const sameTarget = others.find((other) => targetKey(other) === key);
    if (sameTarget) found.push(warning("destination", `This has the same destination as ${nameOf(sameTarget)}.`));
  }
  if (
    !wrong.has("pomeriumUrl") &&
    /^http:/i.test(input.pomeriumUrl.trim()) &&
    !isLoopback({ host: parsePomeriumUrl(input.pomeriumUrl).host, port: 0 })
  )
    found.push(warning("pomeriumUrl", "Without https your session and your data go over the network in clear text."));
  return found;
}

/**
 * Everything about a connection that can be known from its text alone; certificates are checked by the main process.
 * Errors stop Save, warnings do not.
 * @param others every saved connection; the one with the same id is left out.
 */
export function problemsOf(input: ConnectionInput, others: readonly Connection[]): FieldProblem[] {
  const problems = [...addressProblems(input), ...credentialProblems(input)];
  if (input.protocol === "udp" && !isIdleTime(input.idleSeconds))
    problems.push(error("idle", `Enter whole seconds, from 1 to ${connectionLimits.idleSeconds}`));
  if (input.tags.length > connectionLimits.tags)
    problems.push(error("tags", `At most ${connectionLimits.tags} tags fit on one connection`));
  const wrong = new Set(problems.map(({ field }) => field));
  const rest = others.filter(({ id }) => id !== input.id);
  return [...problems, ...warnings(input, rest, wrong)];
}

/** True where a running tunnel may go on as it is: only its name, tags, pin or start setting differ. */
export function sameTunnel(saved: Connection, input: ConnectionInput): boolean {
  const { clientCertificate: certificate, auth } = input;
  if (certificate.kind === "pem" && (certificate.key.kind === "set" || certificate.passphrase.kind === "set"))
    return false;
  if (auth.kind === "token" && auth.token.kind === "set") return false;
  if (certificate.kind === "pkcs12") return false;
  const certificateOf = ({ clientCertificate: by }: Connection | ConnectionInput): unknown =>
    by.kind === "pem"
      ? [by.certificate, by.files?.certificate, by.files?.key]
      : by.kind === "search"
        ? [by.issuer, by.subject]
        : null;
  const authOf = ({ auth: by }: Connection | ConnectionInput): unknown => (by.kind === "token-file" ? by : by.kind);
  const trustOf = ({ trust }: Connection | ConnectionInput): unknown => (trust.kind === "ca" ? trust.pem : trust.kind);
  const parts = (one: Connection | ConnectionInput): unknown => [
    targetKey(one),
    addressKey(one.listen),
    one.protocol === "udp" ? one.idleSeconds : null,
    trustOf(one),
    certificateOf(one),
    authOf(one),
  ];
  return JSON.stringify(parts(saved)) === JSON.stringify(parts(input));
}
