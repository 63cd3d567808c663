const shape = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** The latest time that a Date can hold, in milliseconds since 1970. */
const lastDate = 8_640_000_000_000_000;

/** True for three base64url parts of at most `mostBytes` bytes together: safe in a header, and perhaps a JWT. */
export function isJwtShaped(text: string, mostBytes: number): boolean {
  return text.length <= mostBytes && shape.test(text);
}

/** The `exp` claim in milliseconds since 1970, or null: most JWTs of Pomerium have none. The signature is not checked. */
export function jwtExpiry(jwt: string): number | null {
  try {
    const claims: unknown = JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString("utf8"));
    if (typeof claims !== "object" || claims === null || !("exp" in claims)) return null;
    const { exp } = claims;
    return typeof exp === "number" && exp > 0 && exp * 1_000 <= lastDate ? Math.floor(exp * 1_000) : null;
  } catch {
    return null;
  }
}
