const boundary = /-----(BEGIN|END) ([A-Z0-9 ]{1,40})-----/g;

export interface PemBlock {
  /** "CERTIFICATE" */
  readonly kind: string;
  /** With the lines that begin and end it. */
  readonly text: string;
  /** False where its end is missing, as in a file that is still being written. */
  readonly isWhole: boolean;
}

/**
 * The blocks of a PEM text in their order. Gone through once, line by line: an expression for whole blocks would look for an end
 * through the whole rest of the text at every beginning, which takes minutes for a megabyte of beginnings.
 */
export function pemBlocks(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  let open: { readonly kind: string; readonly start: number } | null = null;
  const close = (end: number, isWhole: boolean): void => {
    if (open) blocks.push({ kind: open.kind, text: text.slice(open.start, end), isWhole });
    open = null;
  };
  for (const { 0: line, 1: which, 2: kind = "", index } of text.matchAll(boundary)) {
    if (which === "BEGIN") {
      close(index, false);
      open = { kind, start: index };
    } else if (open?.kind === kind) close(index + line.length, true);
  }
  close(text.length, false);
  return blocks;
}

export interface PemParts {
  /** All certificates, one below the other; "" for none. */
  readonly certificates: string;
  /** The first private key; "" for none. */
  readonly key: string;
}

/**
 * Takes a PEM file apart, which often holds the certificate and its key. What is neither is left out. A certificate whose end is
 * missing is not, so that whoever reads them sees that there should be another.
 */
export function pemParts(text: string): PemParts {
  const blocks = pemBlocks(text);
  const certificates = blocks.filter(({ kind }) => /^(X509 |TRUSTED )?CERTIFICATE$/.test(kind));
  return {
    certificates: certificates.some(({ isWhole }) => isWhole)
      ? certificates.map((block) => `${block.text.trimEnd()}\n`).join("")
      : "",
    key: blocks.find(({ kind, isWhole }) => isWhole && kind.endsWith("PRIVATE KEY"))?.text ?? "",
  };
}

/** True for a private key that wants a passphrase. */
export const isEncryptedKey = (pem: string): boolean =>
  /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: *4, *ENCRYPTED/m.test(pem);
