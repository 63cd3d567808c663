import { readFile } from "node:fs/promises";
import { protocol } from "electron";
import { appScheme, contentSecurityPolicy, fileOfUrl } from "./app-files.ts";

/** Must run before the app is ready. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    // Standard and secure give the page an origin of its own; nothing of it may be fetched or reach the network.
    { scheme: appScheme, privileges: { standard: true, secure: true } },
  ]);
}

/** Serves the built pages. @param root absolute path of the folder. */
export function serveAppFiles(root: string): void {
  protocol.handle(appScheme, async ({ url, method }) => {
    const file = method === "GET" || method === "HEAD" ? fileOfUrl(root, url) : null;
    if (file === null) return answer(404, "text/plain; charset=utf-8", "Not found");
    try {
      return answer(200, file.contentType, await readFile(file.path));
    } catch {
      return answer(404, "text/plain; charset=utf-8", "Not found");
    }
  });
}

function answer(status: number, contentType: string, body: string | Uint8Array<ArrayBuffer>): Response {
  return new Response(body, {
    status,
    headers: {
      "content-type": contentType,
      "content-security-policy": contentSecurityPolicy,
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    },
  });
}
