import type { ReactNode } from "react";
import type { CertificateFacts as Facts } from "../../shared/model/certificate.ts";
import { dayOf } from "../../shared/words/format.ts";
import "./certificate-facts.css";

/** "valid to 4 March 2031", or since when it is not. */
export const validityWords = ({ validFrom, validTo }: Facts, now: number): string => {
  if (validTo < now) return `ended on ${dayOf(validTo)}`;
  return validFrom > now ? `valid from ${dayOf(validFrom)}` : `valid to ${dayOf(validTo)}`;
};

const Fact = ({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactNode => (
  <div>
    <dt>{name}</dt>
    <dd className="selectable">{children}</dd>
  </div>
);

export interface CertificateFactsProps {
  readonly facts: Facts;
  /** Also what few people look for. */
  readonly all?: boolean;
}

/** What a certificate says of itself. */
export function CertificateFacts({ facts, all = false }: CertificateFactsProps): ReactNode {
  const { subject, issuer, serial, names, validFrom, validTo, uses, fingerprint } = facts;
  return (
    <dl className="certificate-facts" aria-label="Certificate">
      <Fact name="Subject">{subject === "" ? "None" : subject}</Fact>
      <Fact name="Issuer">{issuer === "" ? "None" : issuer}</Fact>
      {all && names.length > 0 && <Fact name="Names">{names.join(", ")}</Fact>}
      <Fact name="Valid">
        {dayOf(validFrom)} to {dayOf(validTo)}
      </Fact>
      {all && uses.length > 0 && <Fact name="Key use">{uses.join(", ")}</Fact>}
      {all && <Fact name="Serial">{<code>{serial}</code>}</Fact>}
      <Fact name="SHA-256">
        <code>{fingerprint}</code>
      </Fact>
    </dl>
  );
}
