import { readFileSync, rmSync, statSync } from "node:fs";
import { createRequire, registerHooks } from "node:module";
import net from "node:net";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { Chromium } from "../double/chromium.ts";
import { setHost, switchValue } from "../double/host.ts";

/**
 * The stand-in for the Electron program: takes its command line, and runs the app's main script under Node with
 * `electron` replaced by the double.
 */
const argv = process.argv.slice(2);
const preloads: string[] = [];
let appArgument = ".";
for (let at = 0; at < argv.length; at += 1) {
  const one = argv[at] ?? "";
  if (one === "-r" || one === "--require") {
    at += 1;
    preloads.push(argv[at] ?? "");
  } else if (!one.startsWith("-")) {
    appArgument = one;
    break;
  }
}

const appPath = path.resolve(appArgument);
const packageFile = path.join(appPath, "package.json");
const about = JSON.parse(readFileSync(packageFile, "utf8")) as {
  readonly name: string;
  readonly productName?: string;
  readonly version: string;
  readonly main: string;
};
if (!statSync(appPath).isDirectory()) throw new Error(`The stand-in starts apps by their folder, not ${appPath}`);

const needed = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`The stand-in is started by launchApp, which sets ${name}`);
  return value;
};

const withPort = switchValue(argv, "remote-debugging-port") !== null;
/** What of the app's switches is passed on to the browser. Electron has more. */
const networkSwitches = ["host-resolver-rules", "proxy-server", "proxy-bypass-list"];
const launch = (): Chromium =>
  new Chromium({
    network: networkSwitches
      .filter((name) => app.commandLine.hasSwitch(name))
      .map((name) => `--${name}=${app.commandLine.getSwitchValue(name)}`),
    executable: needed("CULVERT_TEST_BROWSER"),
    profile: path.join(needed("CULVERT_TEST_FOLDER"), `browser-${process.pid}`),
    env: JSON.parse(needed("CULVERT_TEST_BROWSER_ENV")) as NodeJS.ProcessEnv,
    withPort,
  });
let chromium: Chromium | undefined;
let answers: Promise<Chromium> | undefined;
let ending = false;

const exit = (code: number): void => {
  if (ending) return;
  ending = true;
  void Promise.resolve(chromium?.close()).finally(() => process.exit(code));
};

async function ready(): Promise<Chromium> {
  const browser = (chromium ??= launch());
  void browser.ended.then(() => {
    if (ending) return;
    console.error("Chromium has ended by itself");
    process.exit(1);
  });
  await browser.browser.send("Browser.getVersion");
  return browser;
}

const electronVersion = (createRequire(import.meta.url)("electron/package.json") as { version: string }).version;
Object.defineProperty(process.versions, "electron", { value: electronVersion, enumerable: true });
Object.defineProperty(process.versions, "chrome", { value: "stand-in", enumerable: true });
Object.assign(process, { type: "browser", defaultApp: true, resourcesPath: path.join(appPath, "resources") });
process.argv = [process.argv[0] ?? "", ...argv];

setHost({
  appPath,
  name: about.productName ?? about.name,
  version: about.version,
  argv: process.argv,
  folder: needed("CULVERT_TEST_FOLDER"),
  chromium: () => (answers ??= ready()),
  exit,
});

const double = new URL("../double/electron.ts", import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    /^electron(\/(main|common))?$/.test(specifier) ? { url: double, shortCircuit: true } : next(specifier, context),
});
const { app } = await import("../double/electron.ts");

// Electron quits on these, unless the app listens to them itself.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
  process.on(signal, () => void (process.listenerCount(signal) === 1 && app.quit()));
// Playwright and secondLaunch give a pipe in this place. Its end says that whoever started this process is gone, and that
// nobody else will clean up.
const orphaned = (): void => {
  if (ending) return;
  ending = true;
  void Promise.resolve(chromium?.close()).finally(() => {
    rmSync(needed("CULVERT_TEST_FOLDER"), { recursive: true, force: true, maxRetries: 5 });
    process.exit(1);
  });
};
new net.Socket({ fd: 3, readable: true, writable: false }).on("error", orphaned).on("close", orphaned).resume().unref();

const require = createRequire(packageFile);
for (const file of preloads) require(path.resolve(file));
try {
  await import(pathToFileURL(path.resolve(appPath, about.main)).href);
} catch (error) {
  console.error("App threw an error during load");
  console.error(error);
  exit(1);
}
// The app may append switches until now. Starts at once where a test waits for it; a second process mostly ends without one.
if (withPort && !ending) chromium = launch();
// An app that has asked to end is heard in the next turn: a second process needs no browser.
await new Promise(setImmediate);
if (!ending) {
  await (answers ??= ready());
  app.start();
}
