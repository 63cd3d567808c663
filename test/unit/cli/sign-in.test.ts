import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Log } from "../../../src/cli/log/log.ts";
import { BrowserOrTerminal } from "../../../src/cli/sign-in/browser-or-terminal.ts";
import { OpenBrowser } from "../../../src/cli/sign-in/open-browser.ts";
import { chosenOpener, systemOpener } from "../../../src/cli/sign-in/opener.ts";
import type { Opener } from "../../../src/engine/index.ts";
import type { PastedLines } from "../../../src/cli/sign-in/pasted-lines.ts";
import { checkedSignInUrl } from "../../../src/shared/sign-in-url.ts";
import { TerminalSignIn } from "../../../src/cli/sign-in/terminal-sign-in.ts";
import type { SignInPage } from "../../../src/engine/index.ts";
import { AppError } from "../../../src/shared/errors.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "culvert-sign-in-"));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

const url = "https://authenticate.x/sign_in?a=1&b=$(touch%20x)&secret=s3cret";
const page = (more: Partial<SignInPage> = {}): SignInPage => ({
  proxy: "https://redis.x",
  url,
  freshUrl: () => Promise.resolve(`${url}&fresh=1`),
  submit: () => false,
  ...more,
});
const never = new AbortController().signal;

function script(name: string, body: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
}

function written(file: string): Promise<string> {
  return new Promise((resolve) => {
    const look = (): void => {
      // A shell makes the file before it writes to it.
      const text = existsSync(file) ? readFileSync(file, "utf8") : "";
      if (text === "") return;
      watcher.close();
      resolve(text);
    };
    const watcher = watch(folder, look);
    look();
  });
}

const opener = (command: string, ...args: string[]): Opener => ({ command, args, name: path.basename(command) });

describe("sign-in URLs", () => {
  test.each([url, "http://127.0.0.1:1/x", "http://localhost/x", "http://[::1]:9/"])("%s may be shown", (text) => {
    expect(checkedSignInUrl(text)).toBe(text);
  });

  test.each([
    "http://authenticate.x/",
    "http://127.0.0.1.evil.x/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "-a Calculator",
    "https://user:pw@x/",
    "",
  ])("%j may not", (text) => {
    expect(() => checkedSignInUrl(text)).toThrow("not an https address");
  });

  test("nothing that a terminal obeys is left in one", () => {
    expect(checkedSignInUrl("https://x/\u001b[2J?\u009b\u202e")).toMatch(/^[\x21-\x7e]+$/);
  });
});

describe("opening a browser", () => {
  test("hands the URL over as one last argument, untouched by any shell", async () => {
    const program = script("browser", `printf '%s\\n' "$@" > "${folder}/tmp" && mv "${folder}/tmp" "${folder}/args"`);
    await new OpenBrowser(opener(program, "-P", "my work")).show(page(), never);
    expect(await written(path.join(folder, "args"))).toBe(`-P\nmy work\n${url}\n`);
    expect(existsSync("x")).toBe(false);
  });

  test.each([
    ["ends with an error", () => opener(script("broken", "exit 3"))],
    ["is not there", () => opener(path.join(folder, "missing"))],
    ["may not be run", () => opener(folder)],
  ])("a program that %s is told without the URL", async (_what, make) => {
    const used = make();
    const failure = new OpenBrowser(used).show(page(), never);
    await expect(failure).rejects.toMatchObject({
      code: "sign-in-failed",
      message: `Culvert could not open ${used.name}.`,
      userAction: "Open the link yourself.",
    });
    const thrown: unknown = await failure.catch((error: unknown) => error);
    expect(`${String(thrown)} ${JSON.stringify(thrown)}`).not.toContain("s3cret");
    expect((thrown as AppError).cause).toBeUndefined();
  });

  test("does not wait for a browser that runs on, nor beyond the sign-in", async () => {
    // Renamed into place, so that the file never is without the number: an empty one once ended the whole test run.
    const program = script(
      "slow",
      `echo $$ > "${folder}/pid.new"; mv "${folder}/pid.new" "${folder}/pid"; exec sleep 60`,
    );
    const over = new AbortController();
    const shown = new OpenBrowser(opener(program)).show(page(), over.signal);
    await written(path.join(folder, "pid"));
    over.abort();
    await shown;
    const pid = Number(readFileSync(path.join(folder, "pid"), "utf8"));
    expect(pid).toBeGreaterThan(1);
    process.kill(pid, "SIGKILL");
  });

  test("an unsafe URL reaches neither the browser nor the terminal", async () => {
    const lines: string[] = [];
    const log = new Log({ json: false, color: false, now: () => new Date(), write: (line) => lines.push(line) });
    const program = script("browser", `touch "${folder}/ran"`);
    const browser = new BrowserOrTerminal(
      new OpenBrowser(opener(program)),
      new TerminalSignIn(log, { listen: () => false }, 1_000),
    );
    await expect(browser.show(page({ url: "file:///etc/passwd" }), never)).rejects.toThrow("not an https address");
    expect([existsSync(path.join(folder, "ran")), lines]).toEqual([false, []]);
  });
});

describe("which program opens it", () => {
  test("the system's, where there is a screen", () => {
    expect(systemOpener("darwin", {})?.command).toBe("/usr/bin/open");
    expect(systemOpener("win32", { SystemRoot: "D:\\W" })).toMatchObject({
      command: "D:\\W\\System32\\rundll32.exe",
      args: ["url.dll,FileProtocolHandler"],
    });
    expect(systemOpener("linux", {})).toBeNull();
    expect(systemOpener("linux", { DISPLAY: "" })).toBeNull();
    for (const name of ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"]) {
      expect(systemOpener("linux", { [name]: ":0" })?.command).toBe("xdg-open");
    }
  });

  test("--browser-cmd as words, as one program, or as a macOS application", () => {
    expect(chosenOpener("firefox -P 'my work'", "linux", {})).toEqual({
      command: "firefox",
      args: ["-P", "my work"],
      name: "firefox",
    });
    const spaced = script("my browser", "true");
    expect(chosenOpener(spaced, "linux", {})).toEqual({ command: spaced, args: [], name: "my browser" });
    expect(chosenOpener("Google Chrome", "darwin", { PATH: folder })).toEqual({
      command: "/usr/bin/open",
      args: ["-a", "Google Chrome"],
      name: "Google Chrome",
    });
    script("firefox", "true");
    expect(chosenOpener("firefox -x", "darwin", { PATH: folder }).args).toEqual(["-x"]);
  });

  test.each(["", "  ", "''", `"open`])("%j is a usage error that names the flag", (text) => {
    expect(() => chosenOpener(text, "linux", {})).toThrow("--browser-cmd");
  });
});

describe("signing in at the terminal", () => {
  function atTerminal(json = false) {
    const lines: string[] = [];
    let paste = (_line: string): void => undefined;
    const keyboard: PastedLines = {
      listen: (take, signal) => {
        paste = take;
        signal.addEventListener("abort", () => (paste = () => lines.push("late")));
        return true;
      },
    };
    const log = new Log({ json, color: false, now: () => new Date(), write: (line) => lines.push(line) });
    return { lines, terminal: new TerminalSignIn(log, keyboard, 1_000), paste: (line: string) => paste(line) };
  }

  test("shows the URL and takes the callback back", async () => {
    const { lines, terminal, paste } = atTerminal();
    const submit = vi.fn((line: string) => line.startsWith("http://127.0.0.1"));
    const over = new AbortController();
    await terminal.show(page({ submit }), over.signal);
    expect(lines.join("\n")).toContain(`\n  ${url}\n`);
    expect(lines.join("\n")).toContain("paste it here");
    paste("http://elsewhere/");
    expect(lines.at(-1)).toContain("not the address that the sign-in at https://redis.x ends at");
    const said = lines.length;
    paste("http://127.0.0.1:1/?pomerium_jwt=a.b.c");
    expect(submit.mock.results.map(({ value }) => value as unknown)).toEqual([false, true]);
    expect(lines).toHaveLength(said);
    expect(lines.join()).not.toContain("a.b.c");
    over.abort();
  });

  test("replaces the URL when it goes stale, until the sign-in is over", async () => {
    vi.useFakeTimers();
    const { lines, terminal } = atTerminal();
    const over = new AbortController();
    const freshUrl = vi.fn(() => Promise.resolve(`${url}&fresh=1`));
    await terminal.show(page({ freshUrl }), over.signal);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(lines.join("\n")).toContain(`${url}&fresh=1`);
    freshUrl.mockRejectedValueOnce(new AppError("no-answer", "The proxy is away."));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(lines.at(-1)).toContain("there is no fresh one yet: The proxy is away.");
    over.abort();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(freshUrl).toHaveBeenCalledTimes(2);
  });

  test("with --json the URL is a line for programs", async () => {
    const { lines, terminal } = atTerminal(true);
    await terminal.show(page(), AbortSignal.timeout(1));
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({ event: "sign-in-page", proxy: "https://redis.x", url }),
    ]);
  });

  test("is where a browser that does not open leads to", async () => {
    const { lines, terminal } = atTerminal();
    const browser = new BrowserOrTerminal(new OpenBrowser(opener(path.join(folder, "missing"))), terminal);
    const over = new AbortController();
    await expect(browser.show(page(), over.signal)).rejects.toThrow("Culvert could not open missing.");
    expect(lines.join("\n")).toContain(url);
    over.abort();
  });
});
