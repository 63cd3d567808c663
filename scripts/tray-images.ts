import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

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

function render(svg: string, size: number, file: string): void {
  const png = execFileSync("rsvg-convert", ["--width", String(size), "--height", String(size)], { input: svg });
  writeFileSync(file, png);
}

for (const state of ["off", "on", "attention"]) {
  const svg = readFileSync(path.join(assets, "tray", `${state}.svg`), "utf8");
  for (const { name, color } of variants) {
    for (const { suffix, size } of scales)
      render(svg.replaceAll("currentColor", color), size, path.join(assets, "tray", `${name(state)}${suffix}.png`));
  }
}

const icon = readFileSync(path.join(assets, "icon", "icon.svg"), "utf8");
for (const size of [32, 256, 512]) render(icon, size, path.join(assets, "icon", `icon-${size}.png`));
