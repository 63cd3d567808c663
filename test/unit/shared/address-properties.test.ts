import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  authorityOf,
  formatHostPort,
  originOf,
  parseLocalAddress,
  parsePomeriumUrl,
  parseTarget,
  type ProxyAddress,
} from "../../../src/shared/address.ts";
import { AppError } from "../../../src/shared/errors.ts";

const label = fc.stringMatching(/^[a-z]([a-z0-9]{0,12}[a-z0-9])?$/);
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."));
const host = fc.oneof(name, fc.ipV4(), fc.ipV6().map(normalV6));
const port = fc.integer({ min: 1, max: 65_535 });
const proxy: fc.Arbitrary<ProxyAddress> = fc.record({ tls: fc.boolean(), host, port });

function normalV6(text: string): string {
  return new URL(`https://[${text}]/`).hostname.slice(1, -1);
}

/** Input of the kind people and attackers write: pieces of addresses between anything at all. */
const junk = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...["tcp+https://", "udp+http://", "https://", "http://", "/", ":", "[", "]", "::1", "@", "*", "?", "#", "%"],
        ...[
          "\r\n",
          "\n",
          " ",
          "\t",
          "\0",
          "\u00ad",
          "\u200b",
          "\u3002",
          "．",
          "xn--",
          "0x7f",
          "65535",
          "22",
          "pg.test",
        ],
        ...["[::1]:22", "pg.test:22", ".", "..", "é", "\ud800", "Host: x", "\u2028", "\u0085", "ß"],
      ),
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.string({ maxLength: 300 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(""));

/** What a header line, a log line or a terminal must never be given. Control characters are what it looks for. */
const unsafe = /[^\x21-\x7e]/;
const unprintable = /[\p{Cc}\xa0]/u;

/** Runs a parser; undefined where it refuses, which it may only do in one way. */
function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    const { code, message } = error as AppError;
    expect(code).toBe("address-invalid");
    expect(message.length).toBeLessThanOrEqual(500);
    expect(message).not.toMatch(unprintable);
    return undefined;
  }
}

const runs = { numRuns: 3_000 };

describe("addresses, whatever is written", () => {
  it("reads back every destination that it writes", () => {
    fc.assert(
      fc.property(host, port, proxy, fc.constantFrom("tcp", "udp"), (h, p, via, protocol) => {
        const wanted = { destination: { protocol, host: h, port: p }, proxy: via };
        const url = `${protocol}+${originOf(via)}/${formatHostPort(h, p)}`;
        expect(parseTarget(url)).toEqual(wanted);
        expect(parseTarget(`${protocol}+https://${formatHostPort(h, p)}`, originOf(via))).toEqual(wanted);
        expect(parseTarget(formatHostPort(h, p)).destination).toEqual({ protocol: "tcp", host: h, port: p });
      }),
    );
  });

  it("reads back every proxy and every local address that it writes", () => {
    fc.assert(
      fc.property(proxy, (via) => {
        expect(parsePomeriumUrl(originOf(via))).toEqual(via);
        expect(parseLocalAddress(formatHostPort(via.host, via.port))).toEqual({ host: via.host, port: via.port });
        expect(parseLocalAddress(`:${via.port}`)).toEqual({ host: null, port: via.port });
      }),
    );
  });

  it("refuses a destination only with address-invalid, and lets nothing into a header line", () => {
    fc.assert(
      fc.property(junk, (text) => {
        const target = attempt(() => parseTarget(text));
        if (!target) return;
        const written = authorityOf(target.destination);
        expect(written).not.toMatch(unsafe);
        expect(originOf(target.proxy)).not.toMatch(unsafe);
        expect(target.destination.host).not.toBe("");
        expect(parseTarget(written).destination).toEqual({ ...target.destination, protocol: "tcp" });
        expect(parsePomeriumUrl(originOf(target.proxy))).toEqual(target.proxy);
      }),
      runs,
    );
  });

  it("refuses a host of any characters only with address-invalid, and lets nothing into a header line", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 20 }), (text) => {
        const target = attempt(() => parseTarget(`${text}:22`));
        if (target) expect(authorityOf(target.destination)).not.toMatch(unsafe);
      }),
      runs,
    );
  });

  it("refuses a Pomerium URL or a local address only with address-invalid", () => {
    fc.assert(
      fc.property(junk, (text) => {
        for (const url of [text, `https://${text}`]) {
          const found = attempt(() => parsePomeriumUrl(url));
          if (found) expect(originOf(found)).not.toMatch(unsafe);
        }
        const local = attempt(() => parseLocalAddress(text));
        if (!local) return;
        expect(local.host ?? "").not.toMatch(unsafe);
        expect(local.port).toBeGreaterThanOrEqual(0);
        expect(local.port).toBeLessThanOrEqual(65_535);
      }),
      runs,
    );
  });
});
