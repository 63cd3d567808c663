import { once } from "node:events";
import net from "node:net";
import dgram from "node:dgram";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { launchApp } from "./host/launch.ts";
import { callNames, type CallOutcome } from "../../src/shared/ipc/contract.ts";
import type { RunningApp } from "./host/running-app.ts";
import { rawCall } from "./support/call.ts";

/** What a page that has been taken over could still do without a call of ours: all of this the browser offers to every page. */
let app: RunningApp;
let page: Page;

beforeAll(async () => {
  app = await launchApp();
  page = await app.window();
});
afterAll(() => app.close());

/** Ports of this computer that note who comes. */
async function listeners(): Promise<{ readonly tcp: number; readonly udp: number; readonly heard: string[] }> {
  const heard: string[] = [];
  const server = net.createServer((socket) => {
    heard.push("tcp");
    socket.on("error", () => undefined).on("data", (data) => heard.push(data.toString("latin1")));
  });
  server.listen(0, "127.0.0.1");
  const udp = dgram.createSocket("udp4").on("message", () => heard.push("udp"));
  udp.bind(0, "127.0.0.1");
  await Promise.all([once(server, "listening"), once(udp, "listening")]);
  onTestFinished(() => void (server.close(), udp.close()));
  return { tcp: (server.address() as net.AddressInfo).port, udp: udp.address().port, heard };
}

/** Lets the page look for ways to a peer until it has tried them all. */
const gather = (servers: readonly RTCIceServer[]): Promise<string> =>
  page.evaluate(async (iceServers) => {
    const peer = new RTCPeerConnection({ iceServers: [...iceServers] });
    const done = new Promise<string>((resolve) => {
      const look = (): void => {
        if (peer.iceGatheringState === "complete") resolve("complete");
      };
      peer.addEventListener("icegatheringstatechange", look);
      setTimeout(() => resolve(peer.iceGatheringState), 5_000);
    });
    peer.createDataChannel("x");
    await peer.setLocalDescription(await peer.createOffer());
    const state = await done;
    peer.close();
    return state;
  }, servers);

test("the page sends nothing by a way that the policy for content does not know", async () => {
  const { tcp, heard } = await listeners();
  await gather([{ urls: `turn:127.0.0.1:${tcp}?transport=tcp`, username: "a token", credential: "x" }]);
  await page.evaluate((port) => {
    for (const rel of ["preconnect", "dns-prefetch", "prefetch"]) {
      const link = Object.assign(document.createElement("link"), { rel, href: `http://127.0.0.1:${port}/` });
      document.head.append(link);
    }
    navigator.sendBeacon(`http://127.0.0.1:${port}/`, "a token");
  }, tcp);
  // What was sent before this arrives before it.
  net.connect(tcp, "127.0.0.1", function (this: net.Socket) {
    this.end("the last");
  });
  await expect.poll(() => heard.at(-1)).toBe("the last");
  expect(heard).toEqual(["tcp", "the last"]);
});

test("no packet leaves the page without a connection", async () => {
  const policies = await app.evaluateMain(({ webContents }) =>
    webContents.getAllWebContents().map((one) => one.getWebRTCIPHandlingPolicy()),
  );
  expect(policies).toEqual(["disable_non_proxied_udp"]);
  // The stand-in's browser has one policy for all pages, from its start on.
  if (app.runtime === "stand-in") return;
  const { udp, heard } = await listeners();
  await gather([{ urls: `stun:127.0.0.1:${udp}` }]);
  expect(heard).toEqual([]);
});

test("names are not looked up for the page", async () => {
  const found = await app.evaluateMain(({ app: electron }) => [
    electron.commandLine.getSwitchValue("host-resolver-rules"),
    electron.commandLine.getSwitchValue("proxy-bypass-list"),
  ]);
  expect(found).toEqual(["MAP * ~NOTFOUND", "<-loopback>"]);
});

test("the page opens no dialog, prints nothing and downloads nothing", async () => {
  const seen: string[] = [];
  const said: string[] = [];
  page.on("dialog", (dialog) => {
    seen.push(dialog.type());
    void dialog.dismiss();
  });
  page.on("console", (message) => said.push(message.text()));
  const inspector = await page.context().newCDPSession(page);
  inspector.on("Page.downloadWillBegin", ({ suggestedFilename }) => seen.push(suggestedFilename));
  await inspector.send("Page.enable");
  await page.evaluate(() => {
    for (const href of ["data:text/plain,x", URL.createObjectURL(new Blob(["x"]))])
      Object.assign(document.createElement("a"), { href, download: "x.txt" }).click();
    alert("Your session has ended");
    confirm("Go on?");
    prompt("Your token");
    print();
  });
  for (const what of ["alert", "confirm", "prompt", "print"])
    await expect.poll(() => said.filter((text) => text.includes(`'${what}()'`))).not.toEqual([]);
  await inspector.detach();
  expect(seen).toEqual([]);
});

test("no call of the contract takes what is not its arguments", async () => {
  const junk = [[{}, {}, {}, {}, {}], [[[]]], [0, 0, 0, 0], ["\0", "../..", -1]];
  for (const name of callNames) {
    for (const args of junk) {
      const outcome = await rawCall(page, name, args);
      expect(outcome, `${name} ${JSON.stringify(args)}`).toMatchObject({
        ok: false,
        error: { code: "request-refused" },
      });
    }
  }
});

test("what comes over the bridge belongs to the page, and frames get no bridge", async () => {
  const found = await page.evaluate(async () => {
    const { culvert } = window;
    const heard = new Promise<readonly unknown[]>((resolve) => {
      // It notes all that it is given: the event of Electron's own would be a way out.
      const stop = culvert.subscribe((...given: readonly unknown[]) => {
        stop();
        resolve(given);
      });
    });
    const outcome = culvert.call("snapshot", []);
    await culvert.call("change-settings", [{ theme: "dark" }]);
    const frame = document.createElement("iframe");
    document.body.append(frame);
    const ours = [culvert, culvert.call, culvert.subscribe, outcome, await outcome, ...(await heard)];
    return {
      foreign: ours.filter((one) => !(one instanceof Object)).length,
      heard: (await heard).map((one) => Object.keys(one as object).toSorted()),
      frame: frame.contentWindow !== null && "culvert" in frame.contentWindow,
    };
  });
  expect(found).toEqual({ foreign: 0, heard: [["changes", "seq"]], frame: false });
});

test("folders and pages of the browser are not opened without end", async () => {
  const outcomes = await Promise.all(Array.from({ length: 60 }, () => rawCall(page, "open-log-folder", [])));
  expect((await app.shownPaths()).length).toBeLessThanOrEqual(11);
  expect(outcomes.find(({ ok }) => !ok)).toMatchObject({
    ok: false,
    error: { code: "request-refused", retryable: true },
  });
});

test("dialogs are not opened without end, nor by a window that nobody sees", async () => {
  const outcomes: CallOutcome<unknown>[] = [];
  for (let times = 0; times < 20; times += 1) {
    // Closed as soon as it opens.
    await app.dialogs.cancel();
    outcomes.push(await rawCall(page, "pick-file", ["key"]));
  }
  expect((await app.dialogs.asked()).length).toBeLessThanOrEqual(12);
  expect(outcomes.at(-1)).toMatchObject({ ok: false, error: { code: "request-refused", retryable: true } });
  await app.closeWindow();
  expect(await rawCall(page, "save-text", [{ suggestedName: "x.txt", text: "" }])).toMatchObject({
    ok: false,
    error: { code: "request-refused", message: "Culvert's window is not open." },
  });
});
