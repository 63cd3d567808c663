import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { askRedis } from "../support/mini-redis.ts";
import { makePkcs12, openssl } from "../support/pkcs12.ts";
import { lacks } from "../support/services/programs.ts";
import { launchApp } from "./host/launch.ts";
import { choose } from "./support/list.ts";
import { folderWith } from "./support/store-files.ts";
import { looksRight } from "./support/themes.ts";
import { saveAll } from "./support/turned-on.ts";
import { button, description, field, openEditor, openPort, signedIn } from "./support/window.ts";
import { withProxy } from "./support/with-proxy.ts";

/** Drops a file where a certificate can be dropped. */
async function dropCertificate(page: Page, name: string, bytes: Buffer): Promise<void> {
  const transfer = await page.evaluateHandle(
    ({ fileName, base64 }) => {
      const data = new DataTransfer();
      const octets = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
      data.items.add(new File([octets], fileName));
      return data;
    },
    { fileName: name, base64: bytes.toString("base64") },
  );
  await page.locator('.file-card:has([data-field="certificate"])').dispatchEvent("drop", { dataTransfer: transfer });
}

test.skipIf(lacks(openssl))(
  "a PKCS#12 file is dropped, opened with its passphrase, shown, saved and used; nothing of its secrets is in clear",
  async () => {
    const world = await withProxy({ clientCertificates: "reject-connection" });
    const { certPem, keyPem } = world.proxy.pki.client;
    const passphrase = "open sesame, please";
    const bytes = await makePkcs12({ cert: certPem, key: keyPem, passphrase, legacy: true });
    const { fingerprint256 } = new X509Certificate(certPem);
    const userData = folderWith([]);
    const app = await launchApp({ userData });
    const page = await app.window();
    const input = signedIn(world, { name: "Cache", listen: "127.0.0.1:0" });
    await saveAll(page, [input]);

    await openEditor(page, "Cache");
    await page.getByRole("radio", { name: "File", exact: true }).click();
    await dropCertificate(page, "alice.p12", bytes);
    await page.getByText("alice.p12 (PKCS#12)").waitFor();
    await field(page, "Passphrase").fill("wrong");
    await field(page, "Passphrase").blur();
    await expect.poll(() => description(field(page, "Passphrase"))).toBe("The passphrase does not open alice.p12");
    await looksRight(app, page, "editor-pkcs12-wrong");
    await field(page, "Passphrase").fill(passphrase);
    const facts = page.getByLabel("Certificate", { exact: true });
    await facts.getByText(fingerprint256).waitFor();
    await facts.getByText("CN=alice").waitFor();
    expect(await description(field(page, "Passphrase"))).not.toContain("does not open");
    await looksRight(app, page, "editor-pkcs12");
    await button(page, "Save and turn on").click();
    const port = await openPort(page, input.id);
    expect(await askRedis({ host: "127.0.0.1", port }, ["PING"])).toBe("PONG");

    await choose(page, "Cache");
    await page.getByRole("tab", { name: "Configuration" }).click();
    await page.getByText("alice, alice.p12").waitFor();
    await button(page, "Details").click();
    await facts.getByText(fingerprint256).waitFor();
    await looksRight(app, page, "configuration-certificate");

    const saved = readFileSync(path.join(userData, "connections.json"), "utf8");
    expect(saved).toContain("alice.p12");
    const keyLine = keyPem.split("\n")[1] ?? "";
    for (const secret of ["PRIVATE KEY", keyLine, passphrase, bytes.toString("base64").slice(40, 100)]) {
      expect(saved).not.toContain(secret);
      expect(app.logs()).not.toContain(secret);
    }
    expect(await app.quit()).toBe(0);
    const secrets = readFileSync(path.join(userData, "secrets.json"), "utf8");
    for (const secret of ["PRIVATE KEY", keyLine, passphrase]) expect(secrets).not.toContain(secret);

    // After a restart the key is there, and the passphrase is not asked for.
    const next = await launchApp({ userData });
    const nextPage = await next.window();
    await choose(nextPage, "Cache");
    await nextPage.keyboard.press("Control+E");
    await nextPage.getByText("Key saved in the system keychain").waitFor();
    expect(await field(nextPage, "Passphrase").count()).toBe(0);
  },
);

test("files that were chosen are followed: a renewed certificate is used by the next client, and shown", async () => {
  const world = await withProxy({ clientCertificates: "policy" });
  world.proxy.control.setPolicy(world.destination, "client-certificate");
  const { strangerClient, client } = world.proxy.pki;
  const folder = mkdtempSync(path.join(os.tmpdir(), "culvert-renewal-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [certFile, keyFile] = [path.join(folder, "alice.crt"), path.join(folder, "alice.key")];
  const put = ({ certPem, keyPem }: { readonly certPem: string; readonly keyPem: string }): void => {
    writeFileSync(certFile, certPem);
    writeFileSync(keyFile, keyPem);
  };
  put(strangerClient);
  const app = await launchApp();
  const page = await app.window();
  const input = signedIn(world, { name: "Cache", listen: "127.0.0.1:0" });
  await saveAll(page, [input]);

  await openEditor(page, "Cache");
  await page.getByRole("radio", { name: "File", exact: true }).click();
  await button(page, "Choose certificate…").click();
  await app.pickFile(certFile);
  await button(page, "Choose private key…").click();
  await app.pickFile(keyFile);
  await page.getByText("When this file is renewed, Culvert uses the new one.").waitFor();
  await looksRight(app, page, "editor-followed");
  await button(page, "Save and turn on").click();
  const port = await openPort(page, input.id);
  await expect(askRedis({ host: "127.0.0.1", port }, ["PING"])).rejects.toThrow();

  // Only the issuer's program touches the files from here on, and nobody the app.
  put(client);
  expect(await askRedis({ host: "127.0.0.1", port }, ["PING"])).toBe("PONG");
  await choose(page, "Cache");
  await page.getByRole("tab", { name: "Log" }).click();
  await page.getByText("The client certificate was renewed; new clients use the new one").waitFor();
  await page.getByRole("tab", { name: "Configuration" }).click();
  await page.getByText("alice, alice.crt").waitFor();
});
