import { createHmac, timingSafeEqual } from "node:crypto";

/** The claims as Pomerium was seen to write them: no expiry, no name, no e-mail. */
export interface JwtClaims {
  readonly aud: readonly string[];
  readonly databroker_record_version: number;
  readonly databroker_server_version: number;
  readonly iat: number;
  readonly idp_id: string;
  readonly iss: string;
  readonly jti: string;
  readonly sub: string;
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

const mac = (secret: string, text: string): Buffer => createHmac("sha256", secret).update(text).digest();

/** Signs claims with HS256. */
export function signJwt(claims: JwtClaims, secret: string): string {
  const text = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  return `${text}.${mac(secret, text).toString("base64url")}`;
}

/** The session id (`jti`) of a JWT whose signature is ours, or null. */
export function sessionIdOf(jwt: string, secret: string): string | null {
  const [header, claims, signature, ...rest] = jwt.split(".");
  if (header === undefined || claims === undefined || signature === undefined || rest.length > 0) return null;
  const given = Buffer.from(signature, "base64url");
  const wanted = mac(secret, `${header}.${claims}`);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return null;
  const parsed = JSON.parse(Buffer.from(claims, "base64url").toString("utf8")) as { jti?: unknown };
  return typeof parsed.jti === "string" ? parsed.jti : null;
}

/** Takes the JWT out of an `Authorization` header, in either of the two forms that Pomerium accepts. */
export function jwtFromAuthorization(header: string | undefined): string | null {
  if (header === undefined) return null;
  const match = /^(?:Pomerium\s+|Bearer\s+Pomerium-)(\S+)$/i.exec(header.trim());
  return match?.[1] ?? null;
}
