import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { findBrowser } from "../../e2e/host/browser/find-browser.ts";
import { inTurn, table } from "../report.ts";
import { percentile } from "../statistics.ts";
import { installBenchHost } from "./bench-host.ts";
import { idOf, snapshotOf, statusOf } from "./many-connections.ts";
import { framesIn, keyCosts, type KeyCost, type TraceEvent } from "./trace.ts";

/**
 * `npm run bench:renderer`: the built renderer in a real browser, with a host of its own in place of Electron. 1,000
 * connections in 50 tags stand beside 20 in 5, so that what grows with the list can be told from what does not.
 */
const built = path.join(import.meta.dirname, "../../../out/renderer");
const sizes = new Map([
  ["20 connections", { connections: 20, tags: 5 }],
  ["1,000 connections", { connections: 1_000, tags: 50 }],
]);
const rounds = process.argv.includes("--quick") ? 2 : 5;
const typed = "postgres 17";
const changesPerSecond = 100;
const changingMs = 3_000;

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

async function openPage(context: BrowserContext, size: { connections: number; tags: number }): Promise<Page> {
  const page = await context.newPage();
  await page.route("https://culvert.test/**", async (route) => {
    const file = path.join(built, new URL(route.request().url()).pathname);
    await route.fulfill({ body: await readFile(file), contentType: types[path.extname(file)] ?? "text/plain" });
  });
  await page.addInitScript(installBenchHost, snapshotOf(size.connections, size.tags, Date.now()));
  await page.goto("https://culvert.test/index.html");
  return page;
}

/** From the snapshot to the frame that shows the first row, milliseconds. */
async function firstPaint(page: Page): Promise<number> {
  return await page.evaluate(async () => {
    while (document.querySelector('[role="row"] [role="switch"]') === null) await new Promise(requestAnimationFrame);
    // A task behind a frame's callback runs when that frame has been painted.
    await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted, 0)));
    return performance.now() - window.benchHost.snapshotAt;
  });
}

async function traced(browser: Browser, page: Page, work: () => Promise<void>): Promise<TraceEvent[]> {
  await browser.startTracing(page, {
    categories: [
      "toplevel",
      "devtools.timeline",
      "disabled-by-default-devtools.timeline",
      "devtools.timeline.frame",
      "disabled-by-default-devtools.timeline.frame",
    ],
  });
  await work();
  const trace = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  return trace.traceEvents;
}

async function typeSlowly(page: Page): Promise<void> {
  await page.getByRole("searchbox").focus();
  await page.keyboard.type(typed, { delay: 150 });
  await page.waitForTimeout(150);
}

/** Ten updates a second, as main sends them, with a tenth of the changes each. */
async function changeStatuses(page: Page, connections: number): Promise<void> {
  const updates = changingMs / 100;
  for (let update = 0; update < updates; update += 1) {
    const now = Date.now();
    const changes = Array.from({ length: changesPerSecond / 10 }, (_, index) => {
      // Those at the top of the list are on the screen.
      const n = (update * 10 + index) % Math.min(connections, 40);
      return { type: "status" as const, id: idOf(n), status: statusOf(n, update, now) };
    });
    await page.evaluate((sent) => window.benchHost.push(sent), changes);
    await page.waitForTimeout(100);
  }
}

async function measure(browser: Browser, size: { connections: number; tags: number }): Promise<Record<string, number>> {
  const context = await browser.newContext({ viewport: { width: 960, height: 640 } });
  try {
    const page = await openPage(context, size);
    const paint = await firstPaint(page);
    const keys = keyCosts(await traced(browser, page, () => typeSlowly(page)));
    const ofKeys = (of: keyof KeyCost, share: number): number =>
      percentile(
        keys.map((key) => key[of]),
        share,
      );
    await page.getByRole("searchbox").fill("");
    const frames = framesIn(await traced(browser, page, () => changeStatuses(page, size.connections)));
    return {
      paint,
      keyShown: ofKeys("shown", 0.5),
      worstKeyShown: ofKeys("shown", 1),
      keyWork: ofKeys("work", 0.5),
      worstKeyWork: ofKeys("work", 1),
      keyProcessor: ofKeys("processor", 0.5),
      worstKeyProcessor: ofKeys("processor", 1),
      dropped: frames.dropped,
      drawn: frames.drawn,
      longestTask: frames.longestTask,
      busy: 100 * frames.busy,
    };
  } finally {
    await context.close();
  }
}

const figures = [
  ["paint", "snapshot to first paint, ms (aim: under 300)"],
  ["keyShown", "one key of the search until its letter's frame, ms, median (aim: under 16)"],
  ["worstKeyShown", "one key of the search until its letter's frame, ms, worst"],
  ["keyWork", "one key of the search, ms of work in all, median (aim: under 16)"],
  ["worstKeyWork", "one key of the search, ms of work in all, worst"],
  ["keyProcessor", "one key of the search, ms of processor time, median"],
  ["worstKeyProcessor", "one key of the search, ms of processor time, worst"],
  ["longestTask", "100 status changes a second: longest task, ms"],
  ["busy", "100 status changes a second: main thread busy, %"],
  ["drawn", "100 status changes a second: frames drawn in 3 s"],
  ["dropped", "100 status changes a second: frames dropped in 3 s"],
] as const;

if (!existsSync(built)) {
  console.error("There is no built renderer: run npm run build first.");
  process.exit(2);
}
const found = await findBrowser();
const browser = await chromium.launch({ executablePath: found.path, args: [...found.args], env: found.env });
try {
  console.log(
    `${browser.version()}, ${os.availableParallelism()} cores, load ${os.loadavg()[0]?.toFixed(2)}, headless, no GPU\n`,
  );
  const variants = new Map([...sizes].map(([name, size]) => [name, () => measure(browser, size)]));
  const samples = await inTurn(rounds, variants);
  for (const [name, title] of figures) {
    console.log(table({ title, samples: samples(name), ratios: [["1,000 connections", "20 connections"]] }));
  }
} finally {
  await browser.close();
}
