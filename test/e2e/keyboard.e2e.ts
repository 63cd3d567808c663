import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { launchApp } from "./host/launch.ts";
import type { RunningApp } from "./host/running-app.ts";
import { axeClean } from "./support/axe.ts";
import { freePort } from "./support/free-port.ts";
import { rowOf, rowSays } from "./support/list.ts";
import { shot } from "./support/shot.ts";
import { folderWith, saved } from "./support/store-files.ts";
import { resize } from "./support/themes.ts";

const grid = (page: Page): Locator => page.getByRole("grid", { name: "Connections" });
const heading = (page: Page, name: string): Locator => page.getByRole("heading", { level: 1, name });

/** What has the focus, by its role and name in words of the page; "body" where it is lost. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (element === null || element === document.body) return "body";
    const label = element.getAttribute("aria-label") ?? element.textContent.trim();
    return `${element.getAttribute("role") ?? element.tagName.toLowerCase()} ${label}`;
  });
const focusIs = async (page: Page, what: string | RegExp): Promise<void> => {
  await expect.poll(() => focused(page)).toMatch(what);
};
/** What a screen reader says of where the keyboard is in the list. */
const active = (page: Page): Promise<string | null> =>
  grid(page).evaluate((list) => {
    const row = document.getElementById(list.getAttribute("aria-activedescendant") ?? "");
    return row?.getAttribute("aria-label") ?? null;
  });
const activeIs = async (page: Page, what: RegExp): Promise<void> => {
  await expect.poll(() => active(page)).toMatch(what);
};

interface Started {
  readonly app: RunningApp;
  readonly page: Page;
  readonly port: number;
}

async function start(): Promise<Started> {
  const port = await freePort();
  const connection = (name: string, tags: string[], more = {}) =>
    saved({ name, destination: `${name.toLowerCase().replace(" ", "-")}.halden.example:5432`, tags, ...more });
  const app = await launchApp({
    userData: folderWith([
      connection("Orders Postgres", ["prod", "data"], { listen: String(port), pinned: true }),
      connection("Session Redis", ["prod"]),
      connection("Catalogue Postgres", ["data"]),
      connection("Ledger Postgres", ["data"]),
    ]),
  });
  const page = await app.window();
  await rowOf(page, "Orders Postgres").waitFor();
  return { app, page, port };
}

test("the list by keys: move, letters, groups, switch, copy, pin, filters and search", async () => {
  const { app, page, port } = await start();
  const keys = page.keyboard;
  await keys.press("F6");
  // The first pane is the toolbar, then the list.
  await focusIs(page, /Search connections/);
  await keys.press("F6");
  await focusIs(page, /^grid Connections/);
  await activeIs(page, /^Pinned, 0 of 1 on$/);
  await keys.press("ArrowDown");
  await activeIs(page, new RegExp(`^Orders Postgres, off, :${port}, prod, data$`));
  await heading(page, "Orders Postgres").waitFor();
  await keys.press("End");
  await activeIs(page, /^Session Redis, /);
  await keys.press("Home");
  await activeIs(page, /^Pinned/);
  await keys.type("ledg");
  await activeIs(page, /^Ledger Postgres, /);
  await keys.press("ArrowLeft");
  await activeIs(page, /^data, 0 of 3 on$/);
  await keys.press("ArrowLeft");
  await activeIs(page, /^data, 0 of 3 on, closed$/);
  await keys.press("ArrowRight");
  await activeIs(page, /^data, 0 of 3 on$/);

  await keys.press("Home");
  await keys.press("ArrowDown");
  await keys.press("Space");
  await rowSays(page, "Orders Postgres", `listening, 127\\.0\\.0\\.1:${port}, prod, data$`);
  expect(await grid(page).getByRole("switch", { name: "Orders Postgres" }).first().getAttribute("aria-checked")).toBe(
    "true",
  );
  await keys.press("Control+c");
  await expect.poll(() => app.clipboard()).toBe(`127.0.0.1:${port}`);
  await keys.press("Control+Shift+C");
  await expect.poll(() => app.clipboard()).toBe(String(port));
  await keys.press("Control+2");
  await page.getByRole("radio", { name: /On 1/, checked: true }).waitFor();
  await keys.press("Control+3");
  await page.getByText("Nothing needs your attention.").waitFor();
  await keys.press("Control+1");
  const pinned = grid(page).getByRole("row", { name: /^Pinned, / });
  await keys.press("Control+p");
  await pinned.waitFor({ state: "detached" });
  await keys.press("Control+p");
  await pinned.waitFor();

  // The search: "/" goes there, arrows move in the list, Esc clears, Tab goes to the list.
  await grid(page).focus();
  await keys.press("/");
  await focusIs(page, /Search connections/);
  await keys.type("postgres data");
  await heading(page, "Orders Postgres").waitFor();
  await expect
    .poll(() =>
      grid(page)
        .getByRole("row", { name: /^Session Redis/ })
        .count(),
    )
    .toBe(0);
  await keys.press("ArrowDown");
  await heading(page, "Catalogue Postgres").waitFor();
  await keys.press("Escape");
  await expect.poll(() => page.getByRole("searchbox", { name: "Search connections" }).inputValue()).toBe("");
  await focusIs(page, /Search connections/);
  await keys.press("Tab");
  await focusIs(page, /^grid Connections/);

  // All in view, after a question whose focus starts on the way back.
  await keys.press("Control+Shift+O");
  const question = page.getByRole("dialog", { name: "Turn on 3 connections?" });
  await question.waitFor();
  await focusIs(page, "button Cancel");
  await keys.press("Escape");
  await question.waitFor({ state: "hidden" });
  await focusIs(page, /^grid Connections/);
  await keys.press("Control+Shift+X");
  await page.getByRole("dialog", { name: "Turn off 1 connection?" }).waitFor();
  await keys.press("Tab");
  await keys.press("Enter");
  await page.getByText("Nothing on").waitFor();
  await focusIs(page, /^grid Connections/);
});

test("layers give the focus back, Esc closes the innermost first, deleting moves on and can be undone", async () => {
  const { page } = await start();
  const keys = page.keyboard;
  await grid(page).focus();
  await keys.press("ArrowDown");
  await keys.type("cat");
  await heading(page, "Catalogue Postgres").waitFor();

  await keys.press("Control+k");
  await focusIs(page, "combobox Find a connection or a command");
  await keys.type("ledger");
  await keys.press("Tab");
  await focusIs(page, "combobox Actions of Ledger Postgres");
  await keys.press("Escape");
  await focusIs(page, "combobox Find a connection or a command");
  await keys.press("Escape");
  await focusIs(page, /^grid Connections/);

  await keys.press("Shift+F10");
  await focusIs(page, /^menuitem Turn on/);
  await keys.press("Escape");
  await focusIs(page, /^grid Connections/);
  await heading(page, "Catalogue Postgres").waitFor();

  await keys.press("Delete");
  await page.getByText("Deleted Catalogue Postgres").waitFor();
  await heading(page, "Ledger Postgres").waitFor();
  await focusIs(page, /^grid Connections/);
  await activeIs(page, /^Ledger Postgres, /);
  await keys.press("Control+z");
  await rowOf(page, "Catalogue Postgres").waitFor();
  await focusIs(page, /^grid Connections/);

  // The detail: Enter goes there, Ctrl+Tab to its next tab.
  await keys.press("Enter");
  await focusIs(page, /^section Ledger Postgres/);
  await keys.press("Control+Tab");
  await page.getByRole("tab", { name: /^Log/, selected: true }).waitFor();
  await keys.press("Control+Tab");
  await page.getByRole("tab", { name: "Configuration", selected: true }).waitFor();
  await keys.press("Control+Shift+Tab");
  await keys.press("Control+Shift+Tab");
  await page.getByRole("tab", { name: "Overview", selected: true }).waitFor();

  // Editor: focus starts in the form; Esc leaves, with a question where something was changed.
  await keys.press("Control+e");
  await heading(page, "Edit Ledger Postgres").waitFor();
  await expect
    .poll(() => page.getByRole("textbox", { name: "Name" }).evaluate((e) => e === document.activeElement))
    .toBe(true);
  await keys.press("End");
  await keys.type(" 2");
  await keys.press("Escape");
  const leave = page.getByRole("dialog", { name: "Leave without saving?" });
  await leave.waitFor();
  await focusIs(page, "button Keep editing");
  await keys.press("Escape");
  await leave.waitFor({ state: "hidden" });
  await expect
    .poll(() => page.getByRole("textbox", { name: "Name" }).evaluate((e) => e === document.activeElement))
    .toBe(true);
  await keys.press("Control+s");
  await heading(page, "Ledger Postgres 2").waitFor();
  expect(await focused(page)).not.toBe("body");

  await keys.press("Control+d");
  await heading(page, "New connection").waitFor();
  expect(await page.getByRole("textbox", { name: "Name" }).inputValue()).toBe("Ledger Postgres 2 copy");
  expect(await page.getByRole("textbox", { name: "Local address" }).inputValue()).toBe("");
  await keys.press("Escape");
  await grid(page).waitFor();
  await expect.poll(() => focused(page)).not.toBe("body");
  await keys.press("Control+,");
  await heading(page, "Settings").waitFor();
  await keys.press("Escape");
  await grid(page).waitFor();
  await expect.poll(() => focused(page)).not.toBe("body");

  // F6 goes round all panes, and back.
  const round: string[] = [];
  await grid(page).focus();
  for (let step = 0; step < 4; step += 1) {
    await keys.press("F6");
    round.push(
      await page.evaluate(() => document.activeElement?.closest<HTMLElement>("[data-pane]")?.dataset["pane"] ?? "none"),
    );
  }
  expect(round).toEqual(["detail", "status", "bar", "list"]);
  await keys.press("Shift+F6");
  expect(await page.evaluate(() => document.activeElement?.closest<HTMLElement>("[data-pane]")?.dataset["pane"])).toBe(
    "bar",
  );
});

test("every stop of Tab shows its focus, in both panes and in the pages", async () => {
  const { page } = await start();
  await grid(page).focus();
  await page.keyboard.press("ArrowDown");
  const seen = new Set<string>();
  for (const open of ["", "Control+n", "Control+,"]) {
    if (open !== "") await page.keyboard.press(open);
    await page.locator("[data-pane]").first().waitFor();
    for (let stop = 0; stop < 30; stop += 1) {
      await page.keyboard.press("Tab");
      const now = await page.evaluate(() => {
        const element = document.activeElement;
        if (element === null || element === document.body) return null;
        const { top, left, width, height } = element.getBoundingClientRect();
        const near = [
          element,
          element.parentElement,
          element.querySelector(".switch-track, .row-active, [class*=active]"),
        ];
        const marked = near.some((one) => {
          if (one === null) return false;
          const style = getComputedStyle(one);
          return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none";
        });
        return {
          what: element.outerHTML.slice(0, 160),
          marked,
          visible: width > 0 && height > 0 && top > -1 && left > -1,
        };
      });
      if (now === null) continue;
      seen.add(now.what);
      expect(now).toEqual({ ...now, marked: true, visible: true });
    }
    if (open !== "") await page.keyboard.press("Escape");
  }
  expect(seen.size).toBeGreaterThan(30);
});

test("reduced motion stands still, forced colours keep shapes and focus, 200 % zoom loses no control", async () => {
  const { app, page } = await start();
  await grid(page).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Space");
  await rowSays(page, "Orders Postgres", "listening");

  const longest = (): Promise<number> =>
    page.evaluate(() =>
      Math.max(
        ...[...document.querySelectorAll("*")].flatMap((element) => {
          const style = getComputedStyle(element);
          const times = `${style.transitionDuration}, ${style.animationDuration}`.split(", ");
          return times.map((time) => parseFloat(time) * (time.endsWith("ms") ? 1 : 1_000));
        }),
      ),
    );
  expect(await longest()).toBeGreaterThan(100);
  await page.emulateMedia({ reducedMotion: "reduce" });
  expect(await longest()).toBeLessThanOrEqual(1);

  await page.emulateMedia({ forcedColors: "active" });
  await axeClean(page);
  await shot(page, "forced-colours");
  const outline = await rowOf(page, "Orders Postgres").evaluate((row) => getComputedStyle(row).outlineStyle);
  expect(outline).not.toBe("none");
  await page.emulateMedia({ forcedColors: "none" });

  // Twice as large is half as wide for the page: 960 pixels have room for 480.
  await resize(app, page, 480, 400);
  await shot(page, "zoom-list");
  const inSight = async (
    name: RegExp | string,
    role: "button" | "searchbox" | "radio" | "tab" | "grid",
  ): Promise<void> => {
    const box = await page.getByRole(role, { name }).first().boundingBox();
    expect(box, String(name)).not.toBeNull();
    expect((box?.x ?? -1) >= 0 && (box?.x ?? 0) + (box?.width ?? 999) <= 480, String(name)).toBe(true);
  };
  await inSight("Search connections", "searchbox");
  await inSight("New connection", "button");
  await inSight("More", "button");
  for (const name of [/^All/, /^On/, /^Attention/]) await inSight(name, "radio");
  await page.keyboard.press("Enter");
  await heading(page, "Orders Postgres").waitFor();
  for (const name of ["Connections", "Turn off", /^Copy/]) await inSight(name, "button");
  for (const name of ["Overview", /^Log/, "Configuration"]) await inSight(name, "tab");
  await axeClean(page);
  await shot(page, "zoom-detail");
  await page.keyboard.press("Escape");
  await focusIs(page, /^grid Connections/);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(480);
});

test("from the first run to a connection that is on by keys alone; a new one is in sight, wherever it stands", async () => {
  const first = await launchApp();
  const page = await first.window();
  const keys = page.keyboard;
  await heading(page, "Open your first connection").waitFor();
  await focusIs(page, /^button New connection/);
  await keys.press("Enter");
  await heading(page, "New connection").waitFor();
  // Past the protocol.
  await keys.press("Tab");
  await keys.press("Tab");
  await keys.type("redis.halden.example:6379");
  await keys.press("Control+s");
  await heading(page, "redis.halden.example").waitFor();
  await focusIs(page, /^grid Connections/);
  await activeIs(page, /^redis\.halden\.example, off, any port$/);
  await keys.press("Space");
  await rowSays(page, "redis.halden.example", "listening");
  await first.close();

  const names = Array.from({ length: 40 }, (_, index) => `Service ${index}`);
  const app = await launchApp({
    userData: folderWith(names.map((name, index) => saved({ name, destination: `s-${index}.halden.example:5432` }))),
  });
  const many = await app.window();
  await rowOf(many, "Service 0").waitFor();
  await many.keyboard.press("ArrowDown");
  await focusIs(many, /^grid Connections/);
  await many.keyboard.press("Control+n");
  await heading(many, "New connection").waitFor();
  await many.keyboard.type("Zebra");
  await many.keyboard.press("Tab");
  await many.keyboard.press("Tab");
  await many.keyboard.type("zebra.halden.example:5432");
  await many.keyboard.press("Control+s");
  await heading(many, "Zebra").waitFor();
  await activeIs(many, /^Zebra, /);
  await expect
    .poll(async () => {
      const list = await grid(many).boundingBox();
      const row = await rowOf(many, "Zebra").boundingBox();
      return list !== null && row !== null && row.y >= list.y && row.y + row.height <= list.y + list.height;
    })
    .toBe(true);
});
