import { useEffect, useState } from "react";
import type { CallArgs } from "../../shared/ipc/contract.ts";
import type { CertificateFacts } from "../../shared/model/certificate.ts";
import { useBridge } from "./host.tsx";

/** A pause in typing the passphrase after which the file is opened with it, milliseconds. */
const pauseMs = 300;

/**
 * What is to be shown of a certificate, which the main process reads; null until it has, and where it cannot.
 * @param asked null for none.
 */
export function useCertificate(asked: CallArgs<"describe-certificate">[0] | null): CertificateFacts | null {
  const bridge = useBridge();
  const [known, setKnown] = useState<{ readonly text: string; readonly facts: CertificateFacts | null } | null>(null);
  const text = JSON.stringify(asked);
  const wait = asked?.kind === "pkcs12" ? pauseMs : 0;
  useEffect(() => {
    let over = false;
    const timer = setTimeout(() => {
      const parsed = JSON.parse(text) as typeof asked;
      if (parsed === null) return;
      bridge.call("describe-certificate", parsed).then(
        (facts) => {
          if (!over) setKnown({ text, facts });
        },
        // Only a help: what is wrong with it is told where it is checked.
        () => undefined,
      );
    }, wait);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [bridge, text, wait]);
  return known?.text === text ? known.facts : null;
}
