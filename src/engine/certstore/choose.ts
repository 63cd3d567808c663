import { X509Certificate } from "node:crypto";
import { dayOf } from "../../shared/words/format.ts";
import { acceptedOf, type Accepted } from "./accepted-cas.ts";
import { readCertificate, type CertificateFacts } from "./certificate.ts";
import { DerError } from "./der.ts";
import { matches, type NameFilter } from "./filters.ts";
import { attributesOf, comparable, quotedName } from "./names.ts";

/** A certificate of a store. */
export interface Candidate {
  readonly der: Buffer;
  readonly hasKey: boolean;
  /** Its key waits for a password or PIN that is not known. */
  readonly isLocked?: boolean;
}

export interface Wanted {
  /** Distinguished names (DER) of the CAs that the proxy accepts; none means any. */
  readonly caNames: readonly Buffer[];
  readonly issuer: NameFilter | null;
  readonly subject: NameFilter | null;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export interface Choice<C extends Candidate> {
  readonly chosen: Chosen<C> | null;
  /** How many would do, the chosen one included. */
  readonly usable: number;
  /** One sentence for each other certificate that could have been meant: which, and why it fell out. */
  readonly passedOver: readonly string[];
  /** Of those the first whose names fit: what else is wrong with it. null where no names fit. */
  readonly closest: string | null;
}

export interface Chosen<C extends Candidate> {
  readonly candidate: C;
  readonly facts: CertificateFacts;
  /** The certificate and the intermediate ones of the store behind it (DER), without a root. */
  readonly chain: readonly Buffer[];
}

/** Certificates from a leaf to its root; real chains have up to five. */
const longestChain = 8;

interface Read<C> {
  readonly candidate: C;
  readonly facts: CertificateFacts;
  readonly issuer: string;
  readonly subject: string;
}

const day = (time: number): string => (Number.isNaN(new Date(time).getTime()) ? "an impossible date" : dayOf(time));

/** `"ada" signed by "Corp CA"`, bounded and printable. */
export const titleOf = ({ subject, issuer }: Pick<CertificateFacts, "subject" | "issuer">): string =>
  `${quotedName(subject)} signed by ${quotedName(issuer)}`;

const validAt = ({ notBefore, notAfter }: CertificateFacts, now: number): boolean =>
  notBefore <= now && now <= notAfter;

function signed(certificate: CertificateFacts, issuer: CertificateFacts): boolean {
  try {
    return new X509Certificate(certificate.der).verify(new X509Certificate(issuer.der).publicKey);
  } catch {
    // A key or signature of a kind that this OpenSSL does not know.
    return false;
  }
}

/** The CA certificates of a store that can stand in a chain. */
class Issuers {
  readonly #bySubject = new Map<string, Read<unknown>[]>();

  /** @param now null takes those that have ended, or are not valid yet, as well. */
  constructor(all: readonly Read<unknown>[], now: number | null) {
    for (const one of all) {
      if (!one.facts.isCa || (now !== null && !validAt(one.facts, now))) continue;
      const same = this.#bySubject.get(one.subject) ?? [];
      // As many as a CA that was renewed or signed crosswise has; more would let a store make the search long.
      if (same.length < longestChain) this.#bySubject.set(one.subject, [...same, one]);
    }
  }

  of(one: Read<unknown>): Read<unknown>[] {
    if (one.issuer === one.subject) return [];
    return (this.#bySubject.get(one.issuer) ?? []).filter((issuer) => signed(one.facts, issuer.facts));
  }
}

/** The shortest chain that leads to one of the CAs (null: to any), made complete as far as the store goes; null without. */
function chainTo(leaf: Read<unknown>, accepted: ReadonlySet<string> | null, issuers: Issuers): Read<unknown>[] | null {
  const seen = new Set<Read<unknown>>([leaf]);
  let ends: Link[] = [{ one: leaf, chain: [leaf] }];
  while (ends.length > 0) {
    const found = ends.find(({ one }) => accepted === null || accepted.has(one.issuer));
    if (found) return completed(found, issuers);
    ends = ends.flatMap(({ one, chain }) => {
      const next = chain.length < longestChain ? issuers.of(one).filter((issuer) => !seen.has(issuer)) : [];
      for (const issuer of next) seen.add(issuer);
      return next.map((issuer) => ({ one: issuer, chain: [...chain, issuer] }));
    });
  }
  return null;
}

interface Link {
  readonly one: Read<unknown>;
  readonly chain: readonly Read<unknown>[];
}

function completed({ one, chain }: Link, issuers: Issuers): Read<unknown>[] {
  const all = [...chain];
  for (let last = one; all.length < longestChain;) {
    const issuer = issuers.of(last).find((next) => !all.includes(next));
    if (!issuer) break;
    all.push(issuer);
    last = issuer;
  }
  return all;
}

function read<C extends Candidate>(candidate: C): Read<C> | null {
  try {
    const facts = readCertificate(candidate.der);
    // Both are read here, so that no name can fail later.
    attributesOf(facts.issuer);
    attributesOf(facts.subject);
    return { candidate, facts, issuer: comparable(facts.issuer), subject: comparable(facts.subject) };
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}

const fits = (facts: CertificateFacts, { issuer, subject }: Pick<Wanted, "issuer" | "subject">): boolean =>
  (issuer === null || matches(issuer, attributesOf(facts.issuer))) &&
  (subject === null || matches(subject, attributesOf(facts.subject)));

/** Why a certificate cannot be used whatever the others are, or null. */
function flaw({ facts, candidate }: Read<Candidate>, { issuer, subject, now }: Wanted): string | null {
  if (!candidate.hasKey) return "its private key is not in the store";
  const date = dateFlaw(facts, now);
  if (date !== null) return `it ${date}`;
  if (!facts.forClients) return "it is not for client authentication";
  if (issuer && !matches(issuer, attributesOf(facts.issuer))) return `its issuer is not ${issuer.text}`;
  if (subject && !matches(subject, attributesOf(facts.subject))) return `its subject is not ${subject.text}`;
  return null;
}

/** What a date says against a certificate, or null. */
function dateFlaw({ notBefore, notAfter }: CertificateFacts, now: number): string | null {
  if (notAfter < now) return `ended on ${day(notAfter)}`;
  return notBefore > now ? `is not valid before ${day(notBefore)}` : null;
}

/** Why no way leads from a certificate to a CA that the proxy accepts: a CA in between whose time it is not, or there is none. */
function lostWay(one: Read<unknown>, { names, words }: Accepted, every: Issuers, now: number): string {
  for (const { facts } of chainTo(one, names, every)?.slice(1) ?? []) {
    const why = dateFlaw(facts, now);
    if (why !== null) return `the CA ${quotedName(facts.subject)} above it ${why}`;
  }
  const top = completed({ one, chain: [one] }, every).at(-1) ?? one;
  const mayGoOn = top.issuer !== top.subject && every.of(top).length === 0;
  const missing = `, and no certificate of ${quotedName(top.facts.issuer)} in the store links it to one of them`;
  const which = words === "" ? "" : ` (${words})`;
  return `none of the CAs that the proxy accepts${which} has signed it${mayGoOn ? missing : ""}`;
}

/** A certificate that is in a store twice, with its key and without, is the one with its key. */
function eachOnce<C extends Candidate>(candidates: readonly C[]): C[] {
  const byDer = new Map<string, C>();
  for (const candidate of candidates) {
    const id = candidate.der.toString("base64");
    const known = byDer.get(id);
    if (!known || (candidate.hasKey && !known.hasKey)) byDer.set(id, candidate);
  }
  return [...byDer.values()];
}

/** Certificates of people before those of CAs, keys that can be used before those that wait for a PIN, then the one that is valid longest, then the newest. */
function better(a: Read<Candidate>, b: Read<Candidate>): number {
  return (
    Number(a.facts.isCa) - Number(b.facts.isCa) ||
    Number(a.candidate.isLocked ?? false) - Number(b.candidate.isLocked ?? false) ||
    b.facts.notAfter - a.facts.notAfter ||
    b.facts.notBefore - a.facts.notBefore ||
    Buffer.compare(a.facts.der, b.facts.der)
  );
}

/** Chooses the certificate to show to a proxy among those of a store. Knows no store and no network. */
export function choose<C extends Candidate>(candidates: readonly C[], wanted: Wanted): Choice<C> {
  const passedOver: string[] = [];
  // Told last: an address book of other people's certificates must not hide what is wrong with one's own.
  const withoutKey: string[] = [];
  let closest: string | null = null;
  const all: Read<C>[] = [];
  for (const candidate of eachOnce(candidates)) {
    const one = read(candidate);
    if (one) all.push(one);
    else if (candidate.hasKey) passedOver.push("A certificate cannot be read.");
  }
  const accepted = acceptedOf(wanted.caNames);
  const issuers = new Issuers(all, wanted.now);
  const every = new Issuers(all, null);
  const usable: { readonly one: Read<C>; readonly chain: readonly Read<unknown>[] }[] = [];
  for (const one of all) {
    // The CA certificates that every store is full of are nobody's client certificates.
    if (one.facts.isCa && !one.candidate.hasKey) continue;
    const why = flaw(one, wanted);
    const chain = why === null ? chainTo(one, accepted.names, issuers) : null;
    if (chain) usable.push({ one, chain });
    else {
      const reasons = one.candidate.hasKey ? passedOver : withoutKey;
      const told = `${titleOf(one.facts)}: ${why ?? lostWay(one, accepted, every, wanted.now)}.`;
      reasons.push(told);
      if (one.candidate.hasKey && fits(one.facts, wanted)) closest ??= told;
    }
  }
  const [best, ...others] = usable.sort((a, b) => better(a.one, b.one));
  for (const { one } of others) {
    const isSooner = best !== undefined && one.facts.notAfter < best.one.facts.notAfter;
    const isWaiting = one.candidate.isLocked === true && best?.one.candidate.isLocked !== true;
    const why = isWaiting
      ? "its key waits for a password or PIN"
      : isSooner
        ? `it ends sooner, on ${day(one.facts.notAfter)}`
        : "another one was preferred";
    passedOver.push(`${titleOf(one.facts)}: ${why}.`);
  }
  passedOver.push(...withoutKey);
  if (!best) return { chosen: null, usable: 0, passedOver, closest };
  const { one, chain } = best;
  const sent = chain.filter((link, index) => index === 0 || link.issuer !== link.subject);
  return {
    chosen: { candidate: one.candidate, facts: one.facts, chain: sent.map(({ facts }) => facts.der) },
    usable: usable.length,
    passedOver,
    closest,
  };
}
