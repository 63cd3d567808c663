import { expect, test } from "vitest";
import type { Connection } from "../../src/shared/model/connection.ts";
import { launchApp } from "./host/launch.ts";
import { callMain } from "./support/call.ts";
import { folderWith, saved } from "./support/store-files.ts";
import { looksRight } from "./support/themes.ts";

const two = (n: number): string => String(n).padStart(2, "0");

/** 1,000 connections: 20 in each of 50 tags, but for 100 that share the tag of their fleet instead. */
function many(): readonly Connection[] {
  return Array.from({ length: 1_000 }, (_, index) => {
    const [tag, member] = [Math.floor(index / 20) + 1, (index % 20) + 1];
    // Five tags' worth of them are one fleet, so that one group has a hundred.
    const fleet = tag > 45;
    return saved({
      name: `Service ${two(tag)}-${two(member)}`,
      destination: `svc-${two(tag)}-${two(member)}.prod.halden.example:5432`,
      pomeriumUrl: "https://access.halden.example",
      tags: [fleet ? "fleet" : `team ${two(tag)}`],
    });
  });
}

test("a thousand connections: few rows are drawn, search narrows, groups count and turn on", async () => {
  const connections = many();
  const app = await launchApp({ userData: folderWith(connections) });
  const page = await app.window();
  const list = page.getByRole("grid", { name: "Connections" });
  const rows = list.getByRole("row");
  const group = (name: string) => list.getByRole("row", { name: new RegExp(`^${name}, `) });
  await group("fleet").waitFor();
  await page.getByRole("radio", { name: /All 1000/ }).waitFor();
  await page.getByRole("searchbox", { name: "Search connections" }).waitFor();
  expect(await page.getByRole("searchbox", { name: "Search connections" }).getAttribute("placeholder")).toBe(
    "Search 1000 connections",
  );

  // 46 groups: the fleet and 45 teams. What is drawn has nothing to do with how many there are.
  expect(await list.getAttribute("aria-rowcount")).toBe("1046");
  expect(await rows.count()).toBeLessThan(60);
  await expect.poll(() => group("fleet").getAttribute("aria-label")).toBe("fleet, 0 of 100 on");
  await list.hover();
  await page.mouse.wheel(0, 1_000_000);
  await list.getByRole("row", { name: /^Service 45-20, off, any port, team 45$/ }).waitFor();
  expect(await rows.count()).toBeLessThan(60);
  await looksRight(app, page, "many-end");

  const search = page.getByRole("searchbox", { name: "Search connections" });
  await search.fill("svc-07 tag:team");
  await expect.poll(() => list.getAttribute("aria-rowcount")).toBe("21");
  expect(await group("team 07").getAttribute("aria-label")).toBe("team 07, 0 of 20 on");
  await page.getByRole("heading", { level: 1, name: "Service 07-01" }).waitFor();
  await search.fill("halden 12-1");
  await expect.poll(() => list.getAttribute("aria-rowcount")).toBe("11");
  await search.fill("");
  await expect.poll(() => list.getAttribute("aria-rowcount")).toBe("1046");

  await page.mouse.wheel(0, -1_000_000);
  await list.hover();
  await page.mouse.wheel(0, -1_000_000);
  await group("fleet").hover();
  await group("fleet").getByRole("button", { name: "Turn all on" }).click();
  await page.getByRole("radio", { name: /On 100/ }).waitFor();
  await page.getByRole("contentinfo").getByText("100 on").waitFor();
  await expect
    .poll(
      async () => {
        const { statuses } = await callMain(page, "snapshot");
        return Object.values(statuses).filter(({ kind }) => kind === "listening").length;
      },
      { timeout: 20_000 },
    )
    .toBe(100);
  const fleet = connections.filter(({ tags }) => tags.includes("fleet")).map(({ id }) => id);
  expect(Object.keys((await callMain(page, "snapshot")).statuses).sort()).toEqual([...fleet].sort());
  await expect.poll(() => group("fleet").getAttribute("aria-label")).toBe("fleet, 100 of 100 on");
  await group("fleet").getByRole("button", { name: "Turn all off" }).waitFor();
  expect((await app.tray()).tooltip).toBe("Culvert: 100 on");
  expect(await rows.count()).toBeLessThan(60);

  await page.keyboard.press("Control+k");
  const palette = page.getByRole("combobox", { name: "Find a connection or a command" });
  await palette.fill("service 33-07");
  await expect
    .poll(() => page.getByRole("option", { selected: true }).innerText())
    .toMatch(/^Service 33-07\s+team 33\s+Turn on and copy/);
  expect(await page.getByRole("option").count()).toBeLessThan(100);
  await looksRight(app, page, "many-palette");
  await palette.fill("turn off fleet");
  await page.getByRole("option", { name: /Turn off all 100 in fleet/ }).click();
  await page.getByRole("contentinfo").getByText("Nothing on").waitFor();
  await expect.poll(() => group("fleet").getAttribute("aria-label")).toBe("fleet, 0 of 100 on");
});
