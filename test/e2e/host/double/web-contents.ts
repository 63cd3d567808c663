import { EventEmitter } from "node:events";
import { app } from "./app.ts";
import type { BrowserWindow } from "./browser-window.ts";
import type { DevToolsSession } from "./chromium.ts";
import { makeCodec } from "./codec.ts";
import { theHost } from "./host.ts";
import { ipcMain } from "./ipc-main.ts";
import { knownEvents, loudClass } from "./loud.ts";
import { contentsEvents } from "./contents-events.ts";
import { nativeTheme } from "./native-theme.ts";
import { answerRequest, frameOf, requestPatterns, type PausedRequest } from "./page-requests.ts";
import { binding, isolatedWorld, preloadScripts } from "./page-scripts.ts";
import type { FromPage, ToPage } from "./page-worlds.ts";
import { PreventableEvent } from "./preventable.ts";
import { innerUrl, outerUrl } from "./protocol.ts";
import { session } from "./session.ts";
import type { ContentsMembers } from "./contents-members.ts";

const codec = makeCodec();

let last = 0;

/** A page of the headless Chromium, with the app's preload in an isolated world of it. */
export class WebContents extends EventEmitter implements ContentsMembers {
  readonly id: number;
  readonly session = session.defaultSession;
  /** Set once the page exists; Playwright finds the contents of a page by it. */
  targetId: string | null = null;
  readonly #window: BrowserWindow;
  readonly #preload: string | undefined;
  readonly #page: Promise<DevToolsSession>;
  /** The isolated world of the document that is shown; null between two documents. */
  #world: { readonly id: number; readonly name: string } | null = null;
  #frameId = "";
  #url = "";
  #title = "";
  /** The address whose loading the app itself has asked for. */
  #asked: string | null = null;
  #loading: { resolve: () => void; reject: (error: Error) => void } | null = null;
  #crashed = false;
  #devTools = false;
  #zoom = 1;
  #rtcPolicy = "default";
  #openHandler: Parameters<Electron.WebContents["setWindowOpenHandler"]>[0] | null = null;

  constructor(window: BrowserWindow, preferences: Electron.WebPreferences) {
    super();
    last += 1;
    this.id = last;
    this.#window = window;
    this.#preload = preferences.preload;
    this.#page = this.#open();
    this.#page.catch((error: unknown) => {
      if (!window.isDestroyed()) console.error("The page cannot be opened:", error);
    });
  }

  get mainFrame(): Electron.WebFrameMain {
    return this.#frame();
  }

  async loadURL(url: string): Promise<void> {
    const page = await this.#page;
    const outer = outerUrl(url);
    const { browser } = await theHost().chromium();
    if (/^https?:/.test(outer)) await this.session.applyPermissions(this, browser, outer);
    this.#asked = outer;
    const loaded = new Promise<void>((resolve, reject) => (this.#loading = { resolve, reject }));
    loaded.catch(() => undefined);
    this.emit("did-start-loading");
    const { errorText } = await page.send("Page.navigate", { url: outer });
    if (errorText !== undefined) this.#failed(errorText.replace("net::", ""), url);
    await loaded;
  }

  reload(): void {
    this.#asked = outerUrl(this.#url);
    this.#quietly("Page.reload");
  }

  /** Structured clone happens now: what is sent is what there was, and a function in it throws here. */
  send(channel: string, ...args: unknown[]): void {
    if (typeof channel !== "string") throw new TypeError("Missing required channel argument");
    this.#deliver({ kind: "send", channel, args: codec.encode(args) });
  }

  getURL(): string {
    return this.#url;
  }

  getTitle(): string {
    return this.#title;
  }

  isDestroyed(): boolean {
    return this.#window.isDestroyed();
  }

  isLoading(): boolean {
    return this.#loading !== null;
  }

  isCrashed(): boolean {
    return this.#crashed;
  }

  close(_options?: Electron.CloseOpts): void {
    this.#window.close();
  }

  focus(): void {
    this.#window.focus();
  }

  async executeJavaScript(code: string): Promise<unknown> {
    const page = await this.#page;
    const { result, exceptionDetails } = await page.send("Runtime.evaluate", {
      expression: code,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value as unknown;
  }

  setWindowOpenHandler(handler: Parameters<Electron.WebContents["setWindowOpenHandler"]>[0]): void {
    this.#openHandler = handler;
  }

  openDevTools(): void {
    this.#devTools = true;
    this.emit("devtools-opened");
  }

  closeDevTools(): void {
    this.#devTools = false;
    this.emit("devtools-closed");
  }

  isDevToolsOpened(): boolean {
    return this.#devTools;
  }

  toggleDevTools(): void {
    if (this.#devTools) this.closeDevTools();
    else this.openDevTools();
  }

  forcefullyCrashRenderer(): void {
    this.#quietly("Page.crash");
  }

  setZoomFactor(factor: number): void {
    this.#zoom = factor;
  }

  getZoomFactor(): number {
    return this.#zoom;
  }

  setVisualZoomLevelLimits(_least: number, _most: number): Promise<void> {
    return Promise.resolve();
  }

  setBackgroundThrottling(_on: boolean): void {}

  /** Noted only: headless Chromium has one policy for all pages, from its start on. */
  setWebRTCIPHandlingPolicy(policy: string): void {
    this.#rtcPolicy = policy;
  }

  getWebRTCIPHandlingPolicy(): string {
    return this.#rtcPolicy;
  }

  /** For nativeTheme. */
  showTheme(): void {
    void this.#page.then((page) => this.#applyTheme(page)).catch(() => undefined);
  }

  /** For BrowserWindow: the window has another size. */
  resize({ width, height }: Electron.Rectangle): void {
    void this.#page
      .then(async (page) => {
        const { windowId } = await page.send("Browser.getWindowForTarget");
        await page.send("Browser.setWindowBounds", { windowId, bounds: { width, height } });
      })
      .catch(() => undefined);
  }

  /** For BrowserWindow: the page goes with its window. */
  destroy(): void {
    void this.#page
      .then(async () => {
        const { browser } = await theHost().chromium();
        await browser.send("Target.closeTarget", { targetId: this.targetId ?? "" });
      })
      .catch(() => undefined);
    this.emit("destroyed");
  }

  async #open(): Promise<DevToolsSession> {
    const chromium = await theHost().chromium();
    const { width, height } = this.#window.getBounds();
    const { targetId } = await chromium.browser.send("Target.createTarget", {
      url: "about:blank",
      newWindow: true,
      width,
      height,
    });
    this.targetId = targetId;
    const page = await chromium.attach(targetId);
    this.#listen(page);
    chromium.browser.on("Target.targetDestroyed", (gone) => {
      if (gone.targetId === targetId) this.#window.destroy();
    });
    // The main frame of a page has the id of its target.
    this.#frameId = targetId;
    await Promise.all([
      chromium.browser.send("Target.setDiscoverTargets", { discover: true }),
      page.send("Page.enable"),
      page.send("Inspector.enable"),
      page.send("Runtime.addBinding", { name: binding, executionContextName: isolatedWorld }),
      page.send("Runtime.enable"),
      ...preloadScripts(this.#preload, (error) => this.emit("preload-error", {}, this.#preload, error)).map((script) =>
        page.send("Page.addScriptToEvaluateOnNewDocument", script),
      ),
      page.send("Fetch.enable", { patterns: requestPatterns }),
      this.#applyTheme(page),
    ]);
    return page;
  }

  #listen(page: DevToolsSession): void {
    page.on("Runtime.executionContextCreated", ({ context }) => {
      const { frameId } = context.auxData as { frameId?: string };
      if (context.name === isolatedWorld && frameId === this.#frameId)
        this.#world = { id: context.id, name: context.uniqueId };
    });
    page.on("Runtime.executionContextDestroyed", ({ executionContextId }) => {
      if (this.#world?.id === executionContextId) this.#world = null;
    });
    page.on("Runtime.executionContextsCleared", () => (this.#world = null));
    page.on("Runtime.bindingCalled", ({ name, payload }) => {
      if (name === binding) void this.#fromPage(JSON.parse(payload) as FromPage);
    });
    page.on("Runtime.consoleAPICalled", ({ type, args }) => {
      const message = args.map((one) => String(one.value ?? one.description ?? "")).join(" ");
      const level = type === "error" || type === "warning" ? type : "info";
      this.emit("console-message", { level, message, lineNumber: 0, sourceId: "" }, 0, message, 0, "");
    });
    page.on("Page.frameNavigated", ({ frame }) => {
      if (frame.parentId !== undefined || frame.url === "about:blank") return;
      this.#url = innerUrl(frame.url);
      this.#crashed = false;
      this.emit("did-navigate", {}, this.#url, 200, "");
    });
    page.on("Page.frameStartedNavigating", ({ frameId, url, navigationType }) => {
      const isSameDocument = navigationType === "sameDocument" || navigationType === "historySameDocument";
      const details = { url: innerUrl(url), isSameDocument, isMainFrame: frameId === this.#frameId, frame: null };
      if (url !== "about:blank") this.emit("did-start-navigation", details, details.url);
    });
    page.on("Page.navigatedWithinDocument", ({ frameId, url }) => {
      if (frameId !== this.#frameId) return;
      this.#url = innerUrl(url);
      this.emit("did-navigate-in-page", {}, this.#url, true);
    });
    page.on("Page.domContentEventFired", () => {
      if (this.#url !== "") this.emit("dom-ready");
    });
    page.on("Page.loadEventFired", () => {
      if (this.#url === "") return;
      this.emit("did-finish-load");
      this.emit("did-stop-loading");
      this.#loading?.resolve();
      this.#loading = null;
      this.#window.painted();
    });
    page.on("Page.windowOpen", ({ url }) => this.#windowOpen(url));
    page.on("Fetch.requestPaused", (paused) => {
      this.#request(page, paused).catch((error: unknown) => {
        if (!this.isDestroyed()) console.error("A request cannot be answered:", error);
      });
    });
    page.on("Inspector.targetCrashed", () => {
      this.#crashed = true;
      this.#world = null;
      const details = { reason: "crashed", exitCode: 1 };
      this.emit("render-process-gone", {}, details);
      app.emit("render-process-gone", {}, this, details);
    });
  }

  async #request(page: DevToolsSession, paused: PausedRequest): Promise<void> {
    const { requestId, request } = paused;
    if (paused.resourceType === "Document" && !this.#mayNavigate(paused.frameId, request.url)) {
      await page.send("Fetch.failRequest", { requestId, errorReason: "Aborted" });
      return;
    }
    await answerRequest(page, paused);
  }

  #mayNavigate(frameId: string, outer: string): boolean {
    const isMainFrame = frameId === this.#frameId;
    if (isMainFrame && this.#asked === outer) {
      this.#asked = null;
      return true;
    }
    const details = { url: innerUrl(outer), isSameDocument: false, isMainFrame, frame: null, initiator: null };
    const event = Object.assign(new PreventableEvent(), details);
    this.emit("will-frame-navigate", event);
    if (isMainFrame && !event.defaultPrevented) this.emit("will-navigate", event, details.url);
    return !event.defaultPrevented;
  }

  /** Chromium was told to open no windows; the app is asked all the same, since it may log or open a browser. */
  #windowOpen(url: string): void {
    const answer = this.#openHandler?.({
      url: innerUrl(url),
      frameName: "",
      features: "",
      disposition: "foreground-tab",
      referrer: { url: this.#url, policy: "strict-origin-when-cross-origin" },
    });
    if (answer?.action !== "deny") console.error("The stand-in for Electron opens no windows for pages");
  }

  async #fromPage(message: FromPage): Promise<void> {
    const args = codec.decode(message.args) as unknown[];
    const frame = this.#frame();
    const event = {
      type: "frame",
      sender: this,
      senderFrame: frame,
      frameId: frame.routingId,
      processId: frame.processId,
      reply: (channel: string, ...values: unknown[]) => this.send(channel, ...values),
    };
    if (message.kind === "send") {
      ipcMain.emit(message.channel, event, ...args);
      return;
    }
    const world = this.#world;
    const invokeEvent = event as unknown as Electron.IpcMainInvokeEvent;
    const result = await ipcMain.answer(message.channel, invokeEvent, args, (value) => codec.encode(value));
    // Another document knows nothing of this question.
    if (world !== this.#world) return;
    this.#deliver(
      "value" in result
        ? { kind: "result", id: message.id, value: result.value }
        : { kind: "failure", id: message.id, message: result.message },
    );
  }

  #frame(): Electron.WebFrameMain {
    return frameOf(this, this.#url);
  }

  /** What is sent while no document is there is lost, as under Electron. */
  #deliver(message: ToPage): void {
    const world = this.#world;
    if (world === null || this.isDestroyed()) return;
    const expression = `culvertDeliver(${JSON.stringify(JSON.stringify(message))})`;
    void this.#page
      .then((page) => page.send("Runtime.evaluate", { expression, uniqueContextId: world.name }))
      .catch(() => undefined);
  }

  async #applyTheme(page: DevToolsSession): Promise<void> {
    const value = nativeTheme.shouldUseDarkColors ? "dark" : "light";
    await page.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value }] });
  }

  #failed(text: string, url: string): void {
    this.emit("did-fail-load", {}, -2, text, url, true);
    this.#loading?.reject(Object.assign(new Error(`${text} (-2) loading '${url}'`), { code: text, errno: -2, url }));
    this.#loading = null;
  }

  #quietly(command: "Page.reload" | "Page.crash"): void {
    void this.#page.then((page) => page.send(command)).catch(() => undefined);
  }
}
knownEvents("WebContents", WebContents, contentsEvents);
loudClass("WebContents", WebContents);
