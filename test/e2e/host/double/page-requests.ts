import type { DevToolsSession } from "./chromium.ts";
import { loud } from "./loud.ts";
import { answerOf, innerUrl, outerHeader, outerPattern } from "./protocol.ts";
import type { WebContents } from "./web-contents.ts";

/** A request that Chromium holds back until it is answered here. */
export interface PausedRequest {
  readonly requestId: string;
  readonly frameId: string;
  readonly resourceType: string;
  readonly request: { readonly url: string; readonly method: string; readonly postData?: string };
}

/** What the app answers itself, and every document, since the app may forbid going there. */
export const requestPatterns = [{ urlPattern: outerPattern }, { urlPattern: "*", resourceType: "Document" as const }];

/** Answers what is the app's own from its protocol handler, and lets go what is not. */
export async function answerRequest(page: DevToolsSession, { requestId, request }: PausedRequest): Promise<void> {
  const url = innerUrl(request.url);
  if (url === request.url) {
    await page.send("Fetch.continueRequest", { requestId });
    return;
  }
  let answer: Response;
  try {
    const { method, postData } = request;
    answer = await answerOf(url, { method, ...(postData === undefined ? {} : { body: postData }) });
  } catch (error) {
    console.error(`The handler of ${url} failed:`, error);
    await page.send("Fetch.failRequest", { requestId, errorReason: "Failed" });
    return;
  }
  await page.send("Fetch.fulfillRequest", {
    requestId,
    responseCode: answer.status,
    responseHeaders: [...answer.headers].map(([name, value]) => ({ name, value: outerHeader(value) })),
    body: Buffer.from(await answer.arrayBuffer()).toString("base64"),
  });
}

/** The main frame of a page, as the app sees it. */
export function frameOf(contents: WebContents, url: string): Electron.WebFrameMain {
  return loud("WebFrameMain", {
    url,
    origin: url.split("/").slice(0, 3).join("/"),
    parent: null,
    routingId: 1,
    processId: 1,
    frameTreeNodeId: 1,
    name: "",
    detached: false,
    isDestroyed: () => contents.isDestroyed(),
    send: (channel: string, ...args: unknown[]) => contents.send(channel, ...args),
  } satisfies Partial<Electron.WebFrameMain>) as unknown as Electron.WebFrameMain;
}
