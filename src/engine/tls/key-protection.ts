import { pemBlocks } from "../../shared/pem.ts";
import { BerError, child, integer, octets, oid, readBer, tags, type Ber } from "./ber.ts";

/** As for PKCS#12 files (pkcs12/passphrase.ts): some seconds, during which nothing else runs. */
const mostRounds = 5_000_000;

/** N × r × p; programs use 131,072. */
const mostScryptWork = 4_194_304;

const scrypt = "1.3.6.1.4.1.11591.4.11";

/** MD2, MD5 and SHA-1 with DES and RC2 (PKCS#5 1.5, the default of OpenSSL until 1.0), and those of PKCS#12 with RC4 and RC2. */
const oldProtection = /^1\.2\.840\.113549\.1\.(5\.(1|3|4|6|10|11)|12\.1\.(1|2|5|6))$/;

/**
 * How a PEM text protects its private key:
 * "none"; "old": in a way that few programs still know; "damaged": it cannot be read, so nor can how; "too-slow": opening it would take so
 * many rounds that the app would stand still.
 */
export type KeyProtection = "none" | "passphrase" | "old" | "damaged" | "too-slow";

/** Looks at how the keys of a PEM text are encrypted. Never throws. */
export function keyProtectionOf(pem: string): KeyProtection {
  const found = pemBlocks(pem).map(({ kind, text, isWhole }): KeyProtection => {
    // OpenSSL takes an encrypted key under either name.
    if (kind === "ENCRYPTED PRIVATE KEY" || kind === "PRIVATE KEY") return isWhole ? protectionIn(text) : "damaged";
    return kind.endsWith(" PRIVATE KEY") && /^Proc-Type: *4, *ENCRYPTED/m.test(text) ? "passphrase" : "none";
  });
  // The worst of several, since it is not known which of them OpenSSL takes.
  const order = ["too-slow", "damaged", "old", "passphrase"] as const;
  return order.find((one) => found.includes(one)) ?? "none";
}

function protectionIn(block: string): KeyProtection {
  try {
    const body = block.split(/\r?\n/).slice(1, -1).join("").replace(/\s/g, "");
    if (!/^[A-Za-z0-9+/]+=*$/.test(body)) return "damaged";
    const file = readBer(Buffer.from(body, "base64"));
    // A key that is not encrypted begins with its version.
    if (child(file, 0).tag === tags.integer) return "none";
    const algorithm = child(file, 0, tags.sequence);
    octets(child(file, 1, tags.octetString));
    if (isTooSlow(algorithm)) return "too-slow";
    return oldProtection.test(oid(child(algorithm, 0))) ? "old" : "passphrase";
  } catch (error) {
    if (error instanceof BerError) return "damaged";
    throw error;
  }
}

/** Whatever way it is: the rounds of all of them are a number among the parameters, and no other one there is large. */
function isTooSlow(algorithm: Ber): boolean {
  const all = elementsOf(algorithm);
  const numbers = all.filter(({ tag }) => tag === tags.integer).map(integer);
  if (all.some((one) => one.tag === tags.oid && oid(one) === scrypt))
    // Cost, block size, parallelism; the length of the key may come behind them.
    return numbers.slice(0, 3).reduce((product, one) => product * one, 1) > mostScryptWork;
  return numbers.some((one) => one > mostRounds);
}

const elementsOf = (ber: Ber): Ber[] => [ber, ...ber.children.flatMap(elementsOf)];
