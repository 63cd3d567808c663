import path from "node:path";
import { expect, test } from "vitest";
import { contentSecurityPolicy, fileOfUrl, isOwnPage } from "../../../../src/main/window/app-files.ts";

const root = path.resolve("/app/out/renderer");
const at = (...names: string[]): string => path.join(root, ...names);

test.each([
  ["app://culvert/", at("index.html"), "text/html; charset=utf-8"],
  ["app://culvert/index.html", at("index.html"), "text/html; charset=utf-8"],
  ["app://culvert/index.html?x=1#y", at("index.html"), "text/html; charset=utf-8"],
  ["app://culvert/assets/index-BATp3Hzy.js", at("assets", "index-BATp3Hzy.js"), "text/javascript; charset=utf-8"],
  ["app://culvert/assets/index-DN_wf41-ZV.css", at("assets", "index-DN_wf41-ZV.css"), "text/css; charset=utf-8"],
  ["app://culvert/assets/key.svg", at("assets", "key.svg"), "image/svg+xml"],
  ["app://culvert/assets/f%6Fnt.woff2", at("assets", "font.woff2"), "font/woff2"],
])("%s is served", (url, file, contentType) => {
  expect(fileOfUrl(root, url)).toEqual({ path: file, contentType });
});

test.each([
  "app://culvert",
  "app://culvert.example/index.html",
  "app://other/index.html",
  "app:///index.html",
  "file:///etc/passwd",
  "https://culvert/index.html",
  "app://culvert//etc/index.html",
  "app://culvert/../main/index.js",
  "app://culvert/./index.html",
  "app://culvert/assets/../../main/index.js",
  "app://culvert/assets/..%2f..%2fmain%2findex.js",
  "app://culvert/%2e%2e/main/index.js",
  "app://culvert/%2E%2E/main/index.js",
  "app://culvert/.%2e/main/index.js",
  "app://culvert/%252e%252e/main/index.js",
  "app://culvert/assets%2findex.js",
  "app://culvert/assets\\..\\..\\main\\index.js",
  "app://culvert/assets%5c..%5cmain%5cindex.js",
  "app://culvert/index.html%00.js",
  "app://culvert/index.js\0",
  "app://culvert/%ff.js",
  "app://culvert/%",
  "app://culvert/C:/windows/x.js",
  "app://culvert/C%3A/x.js",
  "app://culvert/index.html::$DATA",
  "app://culvert/.env.js",
  "app://culvert/index.html.",
  "app://culvert/index.html%20",
  "app://culvert/package.json",
  "app://culvert/index.js.map",
  "app://culvert/index",
  "app://culvert/in\u202edex.js",
])("%s is not served", (url) => {
  expect(fileOfUrl(root, url)).toBeNull();
});

test("only our page is our own", () => {
  expect(isOwnPage("app://culvert/index.html", null)).toBe(true);
  expect(isOwnPage("app://culvert.example/index.html", null)).toBe(false);
  expect(isOwnPage("http://localhost:5173/", null)).toBe(false);
  expect(isOwnPage("http://localhost:5173/index.html", "http://localhost:5173")).toBe(true);
  expect(isOwnPage("http://localhost:5173.example/", "http://localhost:5173")).toBe(false);
  expect(isOwnPage("about:blank", "http://localhost:5173")).toBe(false);
});

test("the policy allows no code but the app's files, and no network", () => {
  const rules = contentSecurityPolicy.split("; ");
  expect(rules).toContain("default-src 'none'");
  expect(rules).toContain("connect-src 'none'");
  expect(rules).toContain("frame-ancestors 'none'");
  expect(contentSecurityPolicy).not.toMatch(/unsafe|\*|https?:|data:|blob:/);
});
