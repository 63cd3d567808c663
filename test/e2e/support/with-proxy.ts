import { randomUUID } from "node:crypto";
import { expect, onTestFinished } from "vitest";
import { emptyConnectionInput, type ConnectionInput } from "../../../src/shared/model/connection.ts";
import {
  headlessSignIn,
  startAccessProxy,
  type AccessProxy,
  type AccessProxyOptions,
} from "../../support/access-proxy/index.ts";
import { MiniRedis } from "../../support/mini-redis.ts";
import type { RunningApp } from "../host/running-app.ts";

/** How long the app may take to open the sign-in page, in milliseconds. */
const openLimitMs = 10_000;

/** A stand-in for a Pomerium with a small Redis behind it. */
export interface ProxyWorld {
  readonly proxy: AccessProxy;
  readonly redis: MiniRedis;
  /** The route to the Redis. */
  readonly destination: string;
  /** A new connection to the Redis with all it needs to reach this proxy. */
  connection(changes?: Partial<ConnectionInput>): ConnectionInput;
  /**
   * Waits until the app has opened its sign-in page number `count`, counted from 1, and signs in there as Alice would in her
   * browser. Resolves to the address of the page.
   */
  signIn(app: RunningApp, count?: number): Promise<string>;
}

/** Starts the proxy and the Redis; both end with the test. */
export async function withProxy(options: Partial<AccessProxyOptions> = {}): Promise<ProxyWorld> {
  const redis = await MiniRedis.start();
  onTestFinished(() => redis.close());
  const host = "redis.corp.test";
  const route = { host, port: 6379, upstream: { host: "127.0.0.1", port: redis.port } };
  const proxy = await startAccessProxy({ ...options, routes: [route, ...(options.routes ?? [])] });
  onTestFinished(() => proxy.close());
  const destination = `${host}:6379`;
  return {
    proxy,
    redis,
    destination,
    connection: (changes = {}) => ({
      ...emptyConnectionInput(randomUUID()),
      destination,
      // Names of the proxy lead nowhere outside the tests, so the app goes to it by this one.
      pomeriumUrl: proxy.origin,
      trust: { kind: "ca", pem: proxy.caPem, label: "corp-ca.pem" },
      ...changes,
    }),
    signIn: async (app, count = 1) => {
      await expect.poll(() => app.openedUrls(), { timeout: openLimitMs }).toHaveLength(count);
      const url = (await app.openedUrls())[count - 1] ?? "";
      const { status, body } = await headlessSignIn(url, { caPem: proxy.caPem });
      if (status !== 200) throw new Error(`The sign-in ended with ${status}: ${body}`);
      return url;
    },
  };
}
