import http from "node:http";
import { originOf, parsePomeriumUrl, type ProxyAddress } from "../../../../src/shared/address.ts";
import { AppError } from "../../../../src/shared/errors.ts";
import type { EngineEvent } from "../../../../src/shared/events.ts";
import { limits as defaults, type Limits } from "../../../../src/shared/limits.ts";
import type {
  ApiAnswer,
  ProxyApi,
  Session,
  SessionStore,
  SignInBrowser,
  SignInPage,
  TlsChoice,
} from "../../../../src/engine/ports.ts";
import { MemorySessionStore } from "../../../../src/engine/session/memory-session-store.ts";
import { Sessions, type SessionContext } from "../../../../src/engine/session/sessions.ts";

export const verified: TlsChoice = { key: "system", verify: true };
export const unverified: TlsChoice = { key: "none", verify: false };
export const never: AbortSignal = new AbortController().signal;

export const context = (url: string, tls = verified): SessionContext => ({ proxy: parsePomeriumUrl(url), tls });

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
let made = 0;

/** A JWT as Pomerium writes them; no two are the same. */
export function newJwt(claims: Record<string, unknown> = {}): string {
  made += 1;
  return `${part({ alg: "HS256", typ: "JWT" })}.${part({ jti: `id-${made}`, ...claims })}.c2lnbmF0dXJl`;
}

export function sessionOf(proxy: string, more: Partial<Session> = {}): Session {
  return { proxy, jwt: newJwt(), createdAt: 1_000, pomerium: null, verified: true, ...more };
}

/** Resolves when `check` holds for something that was added. */
export class Log<T> {
  readonly all: T[] = [];
  readonly #waiting = new Set<() => void>();

  add(value: T): void {
    this.all.push(value);
    for (const look of [...this.#waiting]) look();
  }

  async until(check: (all: readonly T[]) => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!check(this.all)) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  async nth(index: number): Promise<T> {
    await this.until((all) => all.length > index);
    return this.all[index] as T;
  }
}

type Handler = (call: Call) => ApiAnswer | Promise<ApiAnswer>;

export interface Call {
  readonly origin: string;
  readonly path: string;
  readonly jwt: string | null;
  readonly signal: AbortSignal;
}

export const answer = (status: number, body = ""): ApiAnswer => ({ status, headers: {}, body });
export const hang: Handler = () => new Promise<ApiAnswer>(() => undefined);

export const wellKnown = (pomerium: string): ApiAnswer =>
  answer(200, JSON.stringify({ authentication_callback_endpoint: `${pomerium}/oauth2/callback` }));

/** A Pomerium in this process: every host answers alike unless told otherwise by "origin path". */
export class FakeApi implements ProxyApi {
  readonly calls = new Log<Call>();
  readonly handlers = new Map<string, Handler>();
  /** JWTs that the proxies no longer know. */
  readonly ended = new Set<string>();

  on(where: string, handler: Handler | ApiAnswer): void {
    this.handlers.set(where, typeof handler === "function" ? handler : () => handler);
  }

  count(path: string, origin?: string): number {
    return this.calls.all.filter((call) => call.path.startsWith(path) && (origin ?? call.origin) === call.origin)
      .length;
  }

  async get(
    proxy: ProxyAddress,
    _tls: TlsChoice,
    target: string,
    jwt: string | null,
    signal: AbortSignal,
  ): Promise<ApiAnswer> {
    const origin = originOf(proxy);
    const call = { origin, path: target, jwt, signal };
    // Replied first, so that who waits for a call finds what the handler left.
    const reply = this.#reply(call);
    this.calls.add(call);
    return await reply;
  }

  async #reply(call: Call): Promise<ApiAnswer> {
    const { origin, path: target, jwt } = call;
    const path = target.split("?")[0] ?? "";
    const handler = this.handlers.get(`${origin} ${path}`) ?? this.handlers.get(path);
    if (handler !== undefined) return await handler(call);
    switch (path) {
      case "/.pomerium/api/v1/login":
        return answer(200, `https://authenticate.corp.example/.pomerium/sign_in?${target.split("?")[1] ?? ""}`);
      case "/.pomerium/user":
        if (jwt === null || this.ended.has(jwt)) return answer(401, '{"error":"Unauthenticated"}');
        return answer(200, '{"email":"ada@corp.example","name":"Ada"}');
      case "/.pomerium/sign_out":
        if (jwt !== null) this.ended.add(jwt);
        return answer(302);
      case "/.pomerium/":
        return answer(200, '<script>window.POMERIUM_DATA = {"session":{"expiresAt":"2030-01-02T03:04:05Z"}};</script>');
      default:
        return answer(404);
    }
  }
}

/** The redirect URI inside a sign-in page's address. */
export const redirectOf = (url: string): string => new URL(url).searchParams.get("pomerium_redirect_uri") ?? "";

/** What a browser gets that is sent back with a JWT. */
export function comeBack(redirectUri: string, jwt: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = http.get(`${redirectUri}?pomerium_jwt=${jwt}`, { agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => (body += text));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.on("error", reject);
  });
}

/** A browser that a test drives, or that signs in by itself. */
export class FakeBrowser implements SignInBrowser {
  readonly pages = new Log<{ readonly page: SignInPage; readonly signal: AbortSignal }>();
  /** When set, every page is signed in at once with the JWT that it makes. */
  approve: (() => string) | null = newJwt;
  failure: Error | null = null;

  async show(page: SignInPage, signal: AbortSignal): Promise<void> {
    this.pages.add({ page, signal });
    if (this.failure !== null) throw this.failure;
    if (this.approve !== null) await comeBack(redirectOf(page.url), this.approve());
  }
}

/** A store that can be broken. */
export class BreakableStore implements SessionStore {
  readonly inner = new MemorySessionStore();
  readonly puts = new Log<Session>();
  readonly removed: Session[] = [];
  readonly names: string[] = [];
  broken: "no" | "read" | "write" | "all" = "no";

  #check(kind: "read" | "write"): void {
    if (this.broken === kind || this.broken === "all") throw new AppError("storage-failed", "The disk is full.");
  }

  async list(): Promise<Session[]> {
    this.#check("read");
    return await this.inner.list();
  }

  async put(session: Session): Promise<void> {
    this.#check("write");
    await this.inner.put(session);
    this.puts.add(session);
  }

  async remove(session: Session): Promise<void> {
    this.#check("write");
    this.removed.push(session);
    await this.inner.remove(session);
  }

  async exclusive<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    this.#check("write");
    this.names.push(name);
    return await this.inner.exclusive(name, signal, work);
  }
}

export interface Bench {
  readonly api: FakeApi;
  readonly browser: FakeBrowser;
  readonly store: BreakableStore;
  readonly events: Log<EngineEvent>;
  readonly sessions: Sessions;
  /** What happened, without "session-changed": that comes with most of it, and has its own tests. */
  readonly types: () => string[];
}

const started: Bench[] = [];

/** Closes every bench of the test; for afterEach. */
export async function closeBenches(): Promise<void> {
  await Promise.all(started.splice(0).map(({ sessions }) => sessions.close()));
}

/** The AppError that some work ends with; anything else fails the test. */
export async function errorOf(work: Promise<unknown>): Promise<AppError> {
  const thrown: unknown = await work.then(
    () => "nothing was thrown",
    (error: unknown) => error,
  );
  if (!(thrown instanceof AppError)) throw new Error(`Not an AppError: ${String(thrown)}`);
  return thrown;
}

/** Everything around a `Sessions`; two benches with one store are two processes. */
export function bench(
  options: { limits?: Partial<Limits>; share?: boolean; store?: BreakableStore; api?: FakeApi } = {},
): Bench {
  const api = options.api ?? new FakeApi();
  const browser = new FakeBrowser();
  const store = options.store ?? new BreakableStore();
  const events = new Log<EngineEvent>();
  const sessions = new Sessions({
    api,
    browser,
    store,
    events: (event) => events.add(event),
    limits: { ...defaults, ...options.limits },
    share: options.share ?? true,
  });
  const types = (): string[] =>
    events.all.map(({ type }) => type as string).filter((type) => type !== "session-changed");
  const made = { api, browser, store, events, sessions, types };
  started.push(made);
  return made;
}
