import type { Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import type { Connection } from "../../../src/shared/model/connection.ts";
import { headlessSignIn, startAccessProxy, type AccessProxy } from "../../support/access-proxy/index.ts";
import { launchApp } from "../host/launch.ts";
import type { RunningApp } from "../host/running-app.ts";
import { freePort } from "./free-port.ts";
import { rowOf } from "./list.ts";
import { leadNames } from "./names.ts";
import { folderWith, saved } from "./store-files.ts";
import { startStream } from "./stream.ts";

const access = "https://access.halden.example";
/** 5 h 48 min, and most of a minute that the sign-in may take. */
const sessionMs = (5 * 60 + 48) * 60_000 + 55_000;
const openLimitMs = 10_000;
const hourMs = 3_600_000;

/** Where programs of this computer find each connection. */
const usualPorts = {
  orders: 5432,
  redis: 6379,
  kafka: 9092,
  billing: 3306,
  warehouse: 9000,
  ledger: 5434,
  reporting: 5435,
} as const;
export type HaldenPorts = Readonly<Record<keyof typeof usualPorts, number>>;

/** A company with a Pomerium and what is behind it, as in the pictures of the documentation. */
export interface Halden {
  readonly app: RunningApp;
  /** The window, with the list on screen. */
  readonly page: Page;
  readonly proxy: AccessProxy;
  readonly ports: HaldenPorts;
  /** Signs in as Ada at the page number `count` that the app has opened, counted from 1. */
  signIn: (count?: number) => Promise<void>;
}

export interface HaldenOptions {
  /** The usual port of each kind of server where it is free; else any. For one file only, since files run side by side. */
  readonly usualPorts?: boolean;
  /** Changes connections by their name before they are saved. */
  readonly change?: (name: string, ports: HaldenPorts) => Partial<Connection>;
}

function connectionsOf(caPem: string, ports: HaldenPorts, change: HaldenOptions["change"]): readonly Connection[] {
  const trust = { kind: "ca", pem: caPem, label: "halden-ca.pem" } as const;
  const one = (
    name: string,
    destination: string,
    listen: string | number,
    tags: readonly string[],
    more: Partial<Connection> = {},
  ): Connection =>
    saved({
      name,
      destination: destination.replace(/^([^.:]+)\.(\w+):/, "$1.$2.halden.example:"),
      listen: String(listen),
      tags: [...tags],
      pomeriumUrl: access,
      trust,
      ...more,
      ...change?.(name, ports),
    });
  const used = (hours: number): Partial<Connection> => ({ lastUsedAt: Date.now() - hours * hourMs });
  return [
    one("Orders Postgres", "pg-orders.prod:5432", ports.orders, ["prod", "data"], { pinned: true, ...used(26) }),
    one("Session Redis", "redis-session.prod:6379", ports.redis, ["prod"], { pinned: true, ...used(27) }),
    one("Kafka broker 1", "kafka-1.prod:9092", ports.kafka, ["prod"], { pinned: true, ...used(28) }),
    one("Jump host", "jump.ops:22", 2222, ["ops"], { pinned: true, ...used(50) }),
    one("Billing MySQL", "mysql-billing.prod:3306", ports.billing, ["data"], {
      pomeriumUrl: "https://access.billing.halden.example",
      ...used(30),
    }),
    one("Catalogue Postgres", "pg-catalogue.prod:5432", 5433, ["data"], used(29)),
    one("Ledger Postgres", "pg-ledger.prod:5432", ports.ledger, ["data"]),
    one("Reporting Postgres", "pg-reporting.dwh:5432", ports.reporting, ["data"]),
    one("Warehouse ClickHouse", "clickhouse.dwh:9000", ports.warehouse, ["data"], {
      pomeriumUrl: "https://access.dwh.halden.example",
      trust: { kind: "system" },
      ...used(31),
    }),
    one("Warehouse Spark UI", "spark.dwh:4040", "", ["data"]),
    one("Airflow database", "pg-airflow.dwh:5432", 5436, ["data"]),
    one("Feature store Redis", "redis-features.dwh:6379", 6380, ["data"]),
    one("Search OpenSearch", "opensearch.prod:9200", 9200, ["data"]),
    one("Kafka broker 2", "kafka-2.prod:9092", 9093, ["prod"]),
    one("Kafka broker 3", "kafka-3.prod:9092", 9094, ["prod"]),
    one("Mail relay", "smtp.ops:25", 2525, ["ops"]),
    one("Build cache", "cache.ops:6379", "0.0.0.0:6390", ["ops"]),
    one("Windows terminal server", "rdp.ops:3389", 13389, ["ops"]),
    one("Staging Postgres", "pg.staging:5432", 15432, ["staging"]),
    one("Staging Redis", "redis.staging:6379", 16379, ["staging"]),
    one("Staging MongoDB", "mongo.staging:27017", 17017, ["staging"], { trust: { kind: "unverified" } }),
  ];
}

/** Starts the app with Halden's connections in its list, all of them off, and Halden's Pomerium around it. */
export async function startHalden(options: HaldenOptions = {}): Promise<Halden> {
  const entries = Object.entries(usualPorts).map(async ([name, port]) => {
    return [name, await freePort(options.usualPorts === true ? port : 0)] as const;
  });
  const ports = Object.fromEntries(await Promise.all(entries)) as HaldenPorts;
  const busy = { host: "127.0.0.1", port: await startStream({ bytes: 1_200_000, everyMs: 17_000 }) };
  const calm = { host: "127.0.0.1", port: await startStream({ bytes: 30_000, everyMs: 9_000 }) };
  const proxy = await startAccessProxy({
    domain: "halden.example",
    otherDomains: ["dwh.halden.example"],
    sessionLifetimeMs: sessionMs,
    routes: [
      { host: "pg-orders.prod.halden.example", port: 5432, upstream: busy },
      { host: "redis-session.prod.halden.example", port: 6379, upstream: calm },
      { host: "kafka-1.prod.halden.example", port: 9092, upstream: calm },
      { host: "jump.ops.halden.example", port: 22, upstream: calm, policy: "deny" },
    ],
  });
  onTestFinished(() => proxy.close());
  proxy.control.setUser({ sub: "ada", email: "ada@halden.example", name: "Ada" });
  const app = await launchApp({ userData: folderWith(connectionsOf(proxy.caPem, ports, options.change)) });
  await leadNames(app, {
    // Nobody listens where the billing department's proxy was.
    ports: { ".halden.example": proxy.port, "access.billing.halden.example": await freePort() },
    silent: ["workstation.halden.example"],
  });
  const page = await app.window();
  await rowOf(page, "Orders Postgres").waitFor();
  return {
    app,
    page,
    proxy,
    ports,
    signIn: async (count = 1) => {
      await expect.poll(() => app.openedUrls(), { timeout: openLimitMs }).toHaveLength(count);
      const url = (await app.openedUrls())[count - 1] ?? "";
      const { status, body } = await headlessSignIn(url, { caPem: proxy.caPem, usualPort: proxy.port });
      if (status !== 200) throw new Error(`The sign-in ended with ${status}: ${body}`);
    },
  };
}
