import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { icnsOf, icnsSizes, icoOf, icoSizes } from "./icon-containers.ts";

/**
 * Renders the pictures of the tray and the icon of the app from their SVGs; run by hand after changing one, the PNGs are
 * committed. Needs `rsvg-convert` (Debian: librsvg2-bin; macOS: brew install librsvg).
 */
const assets = path.join(import.meta.dirname, "../assets");

/** Which picture is for which background: macOS colours its template itself. */
const variants = [
  { name: (state: string) => `${state}Template`, color: "#000000" },
  { name: (state: string) => `${state}-light`, color: "#15191c" },
  { name: (state: string) => `${state}-dark`, color: "#ffffff" },
];
const scales = [
  { suffix: "", size: 16 },
  { suffix: "@2x", size: 32 },
];

const render = (svg: string, size: number): Buffer =>
  execFileSync("rsvg-convert", ["--width", String(size), "--height", String(size)], { input: svg });

for (const state of ["off", "on", "attention"]) {
  const svg = readFileSync(path.join(assets, "tray", `${state}.svg`), "utf8");
  for (const { name, color } of variants) {
    for (const { suffix, size } of scales)
      writeFileSync(
        path.join(assets, "tray", `${name(state)}${suffix}.png`),
        render(svg.replaceAll("currentColor", color), size),
      );
  }
}

const iconFile = (name: string): string => path.join(assets, "icon", name);
const icon = readFileSync(iconFile("icon.svg"), "utf8");
// Icons of the Dock keep a wider margin: 80 % of the side is theirs.
const macIcon = icon.replace('viewBox="0 0 512 512"', 'viewBox="-24 -24 560 560"');
if (macIcon === icon) throw new Error("icon.svg has another viewBox than 0 0 512 512.");

/** Sizes that desktops on Linux look for; the window's own icon is among them. */
for (const size of [16, 24, 32, 48, 64, 128, 256, 512, 1024])
  writeFileSync(iconFile(`${size}x${size}.png`), render(icon, size));
writeFileSync(iconFile("icon.ico"), icoOf(icoSizes.map((size) => ({ size, png: render(icon, size) }))));
writeFileSync(iconFile("icon.icns"), icnsOf(icnsSizes.map((size) => ({ size, png: render(macIcon, size) }))));
