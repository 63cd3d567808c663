import { createDecipheriv, createHmac, type CipherGCMTypes } from "node:crypto";

/** What a server's handshake says about client certificates. */
export interface Announced {
  /** False where the server asks for no client certificate. */
  readonly requested: boolean;
  /** Distinguished names (DER) of the CAs it accepts; none means any. */
  readonly caNames: readonly Buffer[];
}

/** What is not a TLS handshake, or one that cannot be read along. */
export class HandshakeError extends Error {
  override readonly name = "HandshakeError";
}

const recordTypes = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;
const messages = {
  serverHello: 2,
  certificate: 11,
  certificateRequest: 13,
  serverHelloDone: 14,
  finished: 20,
} as const;
const extensions = { supportedVersions: 43, certificateAuthorities: 47 } as const;
const notRequested: Announced = { requested: false, caNames: [] };

interface Suite {
  readonly hash: "sha256" | "sha384";
  readonly cipher: CipherGCMTypes | "chacha20-poly1305";
  readonly keyBytes: 16 | 32;
}

/** The cipher suites of TLS 1.3 that Node and its servers use (RFC 8446 §B.4). */
const suites: ReadonlyMap<number, Suite> = new Map([
  [0x1301, { hash: "sha256", cipher: "aes-128-gcm", keyBytes: 16 }],
  [0x1302, { hash: "sha384", cipher: "aes-256-gcm", keyBytes: 32 }],
  [0x1303, { hash: "sha256", cipher: "chacha20-poly1305", keyBytes: 32 }],
]);

/** Reads fields with their length in front, as TLS writes them; every read is checked. */
class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isDone(): boolean {
    return this.#at === this.#bytes.length;
  }

  bytes(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new HandshakeError("a message ends within a field");
    const read = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return read;
  }

  number(octets: 1 | 2): number {
    return this.bytes(octets).readUIntBE(0, octets);
  }

  /** What has not been read yet. */
  rest(): Buffer {
    return this.bytes(this.#bytes.length - this.#at);
  }

  /** A field with its length in front. */
  vector(lengthOctets: 1 | 2): Fields {
    return new Fields(this.bytes(this.number(lengthOctets)));
  }
}

/** HKDF-Expand-Label (RFC 8446 §7.1) with an empty context, for no more than one hash. */
function expandLabel({ hash }: Suite, secret: Buffer, label: string, bytes: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`, "latin1");
  const info = Buffer.concat([Buffer.from([0, bytes, name.length]), name, Buffer.from([0, 1])]);
  return createHmac(hash, secret).update(info).digest().subarray(0, bytes);
}

/** Opens the records that a TLS 1.3 server sends under its handshake keys. */
class RecordOpener {
  readonly #suite: Suite;
  readonly #key: Buffer;
  readonly #iv: Buffer;
  #sequence = 0n;

  constructor(suite: Suite, secret: Buffer) {
    this.#suite = suite;
    this.#key = expandLabel(suite, secret, "key", suite.keyBytes);
    this.#iv = expandLabel(suite, secret, "iv", 12);
  }

  /** @throws HandshakeError when the record is not what the server sealed. */
  open(header: Buffer, sealed: Buffer): { type: number; content: Buffer } {
    if (sealed.length < 17) throw new HandshakeError("a sealed record that is too short");
    const nonce = Buffer.from(this.#iv);
    nonce.writeBigUInt64BE(nonce.readBigUInt64BE(4) ^ this.#sequence, 4);
    this.#sequence += 1n;
    const { cipher } = this.#suite;
    const text = sealed.subarray(0, -16);
    try {
      const opened =
        cipher === "chacha20-poly1305"
          ? createDecipheriv(cipher, this.#key, nonce, { authTagLength: 16 })
          : createDecipheriv(cipher, this.#key, nonce, { authTagLength: 16 });
      opened.setAAD(header, { plaintextLength: text.length }).setAuthTag(sealed.subarray(-16));
      return innerOf(Buffer.concat([opened.update(text), opened.final()]));
    } catch (cause) {
      if (cause instanceof HandshakeError) throw cause;
      throw new HandshakeError("a record that its key does not open", { cause });
    }
  }
}

/** Takes the padding off (RFC 8446 §5.4). */
function innerOf(plain: Buffer): { type: number; content: Buffer } {
  let end = plain.length;
  while (end > 0 && plain[end - 1] === 0) end -= 1;
  const type = plain[end - 1];
  if (type === undefined) throw new HandshakeError("a record of nothing but padding");
  return { type, content: plain.subarray(0, end - 1) };
}

function namesIn(list: Fields): Buffer[] {
  const names: Buffer[] = [];
  while (!list.isDone) names.push(Buffer.from(list.vector(2).rest()));
  return names;
}

/**
 * Reads along what a TLS server sends until it is known which client certificates it wants (RFC 5246 §7.4.4, RFC 8446
 * §4.3.2). TLS 1.3 needs the secret of the server's handshake traffic, which may come before or after the records.
 */
export class HandshakeReader {
  readonly #most: number;
  /** Records that could not be read yet. */
  #records: Buffer = Buffer.alloc(0);
  /** Handshake bytes of a message that is not whole yet. */
  #partial: Buffer = Buffer.alloc(0);
  #taken = 0;
  #isTls13 = false;
  #suite: Suite | null = null;
  #secret: Buffer | null = null;
  #opener: RecordOpener | null = null;
  #announced: Announced | null = null;

  /** @param most bytes of the handshake that are taken in. */
  constructor(most: number) {
    this.#most = most;
  }

  /** What the server wants; null while that is not known yet. */
  get announced(): Announced | null {
    return this.#announced;
  }

  /** Takes bytes as they came from the server, cut anywhere. @throws HandshakeError */
  bytes(chunk: Buffer): void {
    if (this.#announced) return;
    this.#taken += chunk.length;
    if (this.#taken > this.#most) throw new HandshakeError("the handshake is too long");
    this.#records = Buffer.concat([this.#records, chunk]);
    this.#read();
  }

  /** Takes a line of the NSS key log format; those of other secrets are left alone. @throws HandshakeError */
  keyLog(line: string): void {
    const secret = /^SERVER_HANDSHAKE_TRAFFIC_SECRET [0-9a-f]+ ([0-9a-f]{64,96})\s*$/i.exec(line)?.[1];
    if (secret === undefined || this.#announced) return;
    this.#secret = Buffer.from(secret, "hex");
    this.#read();
  }

  #read(): void {
    while (!this.#announced && this.#records.length >= 5) {
      const header = this.#records.subarray(0, 5);
      const [type = 0, major] = header;
      const length = header.readUInt16BE(3);
      if (major !== 3 || length > 16_384 + 256) throw new HandshakeError("not a TLS record");
      if (this.#records.length < 5 + length) return;
      const content = this.#records.subarray(5, 5 + length);
      if (type === recordTypes.applicationData && !this.#canOpen()) return;
      this.#records = this.#records.subarray(5 + length);
      this.#record(type, header, content);
    }
  }

  #canOpen(): boolean {
    if (!this.#suite) throw new HandshakeError("a sealed record before it is known how");
    if (this.#secret) this.#opener ??= new RecordOpener(this.#suite, this.#secret);
    return this.#opener !== null;
  }

  #record(type: number, header: Buffer, content: Buffer): void {
    if (type === recordTypes.handshake) this.#handshake(content);
    else if (type === recordTypes.applicationData) {
      const inner = this.#opener?.open(header, content);
      if (inner?.type === recordTypes.handshake) this.#handshake(inner.content);
    } else if (type === recordTypes.changeCipherSpec) {
      // In TLS 1.3 it means nothing; before, everything behind it is sealed, and the request would have come by now.
      if (!this.#isTls13) this.#announced = notRequested;
    } else if (type !== recordTypes.alert) throw new HandshakeError("a record of an unknown type");
  }

  #handshake(content: Buffer): void {
    this.#partial = Buffer.concat([this.#partial, content]);
    while (!this.#announced && this.#partial.length >= 4) {
      const length = this.#partial.readUIntBE(1, 3);
      if (length > this.#most) throw new HandshakeError("a message that is too long");
      if (this.#partial.length < 4 + length) return;
      const body = this.#partial.subarray(4, 4 + length);
      const type = this.#partial[0] ?? 0;
      this.#partial = this.#partial.subarray(4 + length);
      this.#message(type, new Fields(body));
    }
  }

  #message(type: number, body: Fields): void {
    switch (type) {
      case messages.serverHello:
        return this.#serverHello(body);
      case messages.certificateRequest:
        this.#announced = { requested: true, caNames: this.#isTls13 ? names13(body) : names12(body) };
        return;
      // TLS 1.3 sends its request before its certificate, TLS 1.2 after it.
      case messages.certificate:
        if (this.#isTls13) this.#announced = notRequested;
        return;
      case messages.serverHelloDone:
      case messages.finished:
        this.#announced = notRequested;
    }
  }

  /** Also the one that asks for another key share: the next one replaces what this one said. */
  #serverHello(body: Fields): void {
    body.bytes(2 + 32);
    body.vector(1);
    const suite = body.number(2);
    body.bytes(1);
    this.#isTls13 = false;
    for (const fields = body.isDone ? body : body.vector(2); !fields.isDone;) {
      const extension = fields.number(2);
      const value = fields.vector(2);
      if (extension === extensions.supportedVersions) this.#isTls13 = value.number(2) === 0x0304;
    }
    if (!this.#isTls13) return;
    this.#suite = suites.get(suite) ?? null;
    if (!this.#suite) throw new HandshakeError("a cipher suite that is not known here");
  }
}

function names12(body: Fields): Buffer[] {
  body.vector(1);
  body.vector(2);
  return namesIn(body.vector(2));
}

function names13(body: Fields): Buffer[] {
  body.vector(1);
  for (const fields = body.vector(2); !fields.isDone;) {
    const extension = fields.number(2);
    const value = fields.vector(2);
    if (extension === extensions.certificateAuthorities) return namesIn(value.vector(2));
  }
  return [];
}
