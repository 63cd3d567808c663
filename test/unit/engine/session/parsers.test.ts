import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jwtFromPasted } from "../../../../src/engine/session/callback-url.ts";
import { isJwtShaped, jwtExpiry } from "../../../../src/engine/session/jwt.ts";
import { expiryFromPage } from "../../../../src/engine/session/pomerium-data.ts";
import { pomeriumOf, readUser } from "../../../../src/engine/session/proxy-pages.ts";
import { parseServiceAccount, serviceAccountRefused } from "../../../../src/engine/session/service-account.ts";
import { AppError } from "../../../../src/shared/errors.ts";
import { limits } from "../../../../src/shared/limits.ts";
import { newJwt } from "./fakes.ts";

const now = Date.parse("2026-11-21T08:00:00Z");
const redirectUri = `http://127.0.0.1:40123/${"p".repeat(43)}`;
const paste = (text: string): string | null => jwtFromPasted(text, redirectUri, limits.jwtBytes);
const base64url = fc.stringMatching(/^[A-Za-z0-9_-]{1,200}$/);

describe("the shape of a JWT", () => {
  it("is three base64url parts, and nothing that could end a header", () => {
    fc.assert(
      fc.property(base64url, base64url, base64url, (a, b, c) => {
        expect(isJwtShaped(`${a}.${b}.${c}`, 1_000)).toBe(true);
        for (const wrong of [`${a}.${b}`, `${a}.${b}.${c}.${a}`, `${a}..${c}`, `${a}.${b}.${c}\n`, ` ${a}.${b}.${c}`])
          expect(isJwtShaped(wrong, 1_000)).toBe(false);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        if (isJwtShaped(text, 1_000)) expect(text).toMatch(/^[\w.-]+$/);
      }),
    );
    expect(isJwtShaped("aa.bb.cc", 7)).toBe(false);
  });

  it("has an expiry only where exp is a sane number", () => {
    expect(jwtExpiry(newJwt({ exp: 1_900_000_000 }))).toBe(1_900_000_000_000);
    for (const exp of [undefined, null, "1900000000", -1, 1e300, {}]) expect(jwtExpiry(newJwt({ exp }))).toBeNull();
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const expiry = jwtExpiry(text);
        expect(expiry === null || Number.isSafeInteger(expiry)).toBe(true);
      }),
    );
  });
});

describe("the end of a session on the page", () => {
  const page = (json: string): string => `<html><script>window.POMERIUM_DATA = ${json};</script></html>`;
  const good = '{"session":{"expiresAt":"2026-11-21T22:00:00.123456789Z"}}';
  const expected = Date.parse("2026-11-21T22:00:00.123Z");

  it("is read from the script, or from a page that is JSON itself", () => {
    expect(expiryFromPage(page(good), now)).toBe(expected);
    expect(expiryFromPage(good, now)).toBe(expected);
    expect(expiryFromPage(page('{"a":"}\\"{","session":{"b":[{}],"expiresAt":"2026-11-21T22:00:00.123Z"}}'), now)).toBe(
      expected,
    );
  });

  it("is found whatever else the data holds", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (first, last) => {
        const data = { first, session: { other: first, expiresAt: "2026-11-21T22:00:00.123Z" }, last };
        expect(expiryFromPage(page(JSON.stringify(data)), now)).toBe(expected);
      }),
    );
  });

  it.each([
    "",
    "{",
    "null",
    "[]",
    "{}",
    '{"session":null}',
    '{"session":{"expiresAt":1}}',
    '{"session":{"expiresAt":"soon"}}',
    '{"session":{"expiresAt":"9999-01-01T00:00:00Z"}}',
    '{"session":{"expiresAt":"0001-01-01T00:00:00Z"}}',
    '{"__proto__":{"session":{"expiresAt":"2026-11-21T22:00:00Z"}}}',
    'alert(1) || {"session":{}}',
    `${"[".repeat(1_000)}`,
  ])("counts as not told in %j", (json) => {
    expect(expiryFromPage(page(json), now)).toBeNull();
  });

  it("never throws, runs nothing and stays quick", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expiryFromPage(text, now);
        expiryFromPage(page(text), now);
      }),
    );
    const before = performance.now();
    expiryFromPage(page('{"a":'.repeat(200_000)), now);
    expiryFromPage(page("window.POMERIUM_DATA = {".repeat(40_000)), now);
    expiryFromPage(`window.POMERIUM_DATA${" ".repeat(1_000_000)}`, now);
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});

describe("a pasted URL", () => {
  const jwt = newJwt();

  it("may have white space, quotes and other parameters around", () => {
    const space = fc.stringMatching(/^[ \t\r\n"'<>]{0,5}$/).map((text) => text.replaceAll(">", "").replaceAll("<", ""));
    fc.assert(
      fc.property(space, space, fc.boolean(), (before, behind, whole) => {
        const url = whole ? redirectUri : redirectUri.slice("http://".length);
        expect(paste(`${before}${url}?a=b&pomerium_jwt=${jwt}&state=1${behind}`)).toBe(jwt);
      }),
    );
    expect(paste(`<${redirectUri}?pomerium_jwt=${jwt}>`)).toBe(jwt);
    expect(paste(`“${redirectUri}?pomerium_jwt=${jwt}#x”`)).toBe(jwt);
  });

  it.each([
    ["", ""],
    ["only the JWT", jwt],
    ["another port", `http://127.0.0.1:40124/${"p".repeat(43)}?pomerium_jwt=${jwt}`],
    ["another host", `http://localhost:40123/${"p".repeat(43)}?pomerium_jwt=${jwt}`],
    ["another path", `http://127.0.0.1:40123/${"p".repeat(42)}?pomerium_jwt=${jwt}`],
    ["https", `https://127.0.0.1:40123/${"p".repeat(43)}?pomerium_jwt=${jwt}`],
    ["a user name", `http://x@127.0.0.1:40123/${"p".repeat(43)}?pomerium_jwt=${jwt}`],
    ["two JWTs", `${redirectUri}?pomerium_jwt=${jwt}&pomerium_jwt=${jwt}`],
    ["none", redirectUri],
    ["a space inside", `${redirectUri}?a= b&pomerium_jwt=${jwt}`],
    ["much too much", `${redirectUri}?pomerium_jwt=${jwt}&x=${"y".repeat(100_000)}`],
  ])("is not taken with %s", (_, text) => {
    expect(paste(text)).toBeNull();
  });

  it("never throws and gives nothing but well-shaped JWTs", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const found = paste(`${redirectUri}?pomerium_jwt=${text}`);
        expect(paste(text)).toBeNull();
        expect(found === null || isJwtShaped(found, limits.jwtBytes)).toBe(true);
      }),
    );
  });
});

describe("what the proxy says", () => {
  it("about a user is cut to what can be shown", () => {
    expect(readUser('{"email":"a@b","name":"A\\u202eda\\n\\u0007","groups":[]}')).toEqual({
      email: "a@b",
      name: "Ada",
    });
    expect(readUser('{"email":"","name":null}')).toEqual({});
    expect(readUser(JSON.stringify({ name: "x".repeat(1_000) }))?.name).toHaveLength(200);
    for (const body of ["", "<html>", "1", '{"name":{}}']) expect(readUser(body)).toBeNull();
  });

  it("about its Pomerium is an https origin or nothing", () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl(), fc.string({ unit: "binary" })), (endpoint) => {
        const origin = pomeriumOf(JSON.stringify({ authentication_callback_endpoint: endpoint }));
        expect(origin === null || new URL(origin).origin === origin).toBe(true);
        expect(origin === null || origin.startsWith("https://")).toBe(true);
      }),
    );
  });
});

describe("the token of a service account", () => {
  it("is trimmed", () => {
    const jwt = newJwt();
    expect(parseServiceAccount(`\n ${jwt}\r\n`)).toBe(jwt);
  });

  it("never stands in the error", () => {
    const wrong = fc.string({ unit: "binary", minLength: 8 }).filter((text) => !isJwtShaped(text.trim(), 1_000));
    fc.assert(
      fc.property(wrong, (text) => {
        try {
          parseServiceAccount(text);
          expect.unreachable();
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(AppError);
          const error = thrown as AppError;
          expect(error.code).toBe("setting-invalid");
          expect(text.trim() !== "" && JSON.stringify(error.toData()).includes(text.trim())).toBe(false);
          expect(error.cause).toBeUndefined();
        }
      }),
    );
    expect(() => parseServiceAccount(`a.b.${"c".repeat(20_000)}`)).toThrow("too long");
    expect(serviceAccountRefused("pg.corp.example").message).toBe(
      "pg.corp.example did not accept the service account token. It may have expired.",
    );
  });
});
