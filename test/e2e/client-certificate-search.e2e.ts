import { expect, onTestFinished, test } from "vitest";
import { Authority } from "../support/certificates.ts";
import { askRedis } from "../support/mini-redis.ts";
import { NssDatabase, nssTools } from "../support/nss-database.ts";
import { lacks } from "../support/services/programs.ts";
import { launchApp } from "./host/launch.ts";
import { choose } from "./support/list.ts";
import { looksRight } from "./support/themes.ts";
import { saveAll } from "./support/turned-on.ts";
import { button, description, field, openEditor, openPort, signedIn } from "./support/window.ts";
import { withProxy } from "./support/with-proxy.ts";

test.skipIf(lacks(nssTools))(
  "a certificate of the system's store is searched for: a wrong filter is told and put right, and the log says which was chosen",
  async () => {
    const [corp, partner] = await Promise.all([Authority.root("CN=Corp CA, O=Corp"), Authority.root("CN=Partner CA")]);
    const nss = await NssDatabase.create();
    onTestFinished(() => nss.remove());
    await nss.add(await corp.issue({ subject: "CN=ada, O=Corp", toDays: 20 }));
    await nss.add(await partner.issue({ subject: "CN=ada elsewhere", toDays: 90 }));
    const world = await withProxy({ clientCertificates: "reject-connection", clientCas: corp.pem });
    const app = await launchApp({ env: { HOME: nss.home } });
    const page = await app.window();
    const input = signedIn(world, { name: "Cache", listen: "127.0.0.1:0" });
    await saveAll(page, [input]);

    await openEditor(page, "Cache");
    await page.getByRole("radio", { name: "Certificate store", exact: true }).click();
    await page.getByRole("combobox", { name: "Issuer" }).selectOption("Common name (CN)");
    const value = field(page, "Issuer value");
    await button(page, "Save").click();
    await expect.poll(() => description(value)).toBe("Enter a value, or choose No filter");
    await looksRight(app, page, "editor-certificate-store-wrong");
    await value.fill("Corp");
    await expect.poll(() => description(value)).toBe("");
    await page.getByText("A value has to match exactly.").scrollIntoViewIfNeeded();
    await looksRight(app, page, "editor-certificate-store");
    await button(page, "Save and turn on").click();
    const port = await openPort(page, input.id);
    const ping = (): Promise<string> => askRedis({ host: "127.0.0.1", port }, ["PING"]);

    await choose(page, "Cache");
    await expect(ping()).rejects.toThrow();
    await page.getByRole("heading", { name: /^No certificate in ~\/\.pki\/nssdb has issuer CN=Corp$/ }).waitFor();
    await page.getByText(/or change the filter/).waitFor();
    await looksRight(app, page, "certificate-store-no-match");
    await button(page, "Edit filter").click();
    await expect.poll(() => value.evaluate((element) => element === document.activeElement)).toBe(true);
    await value.fill("Corp CA");
    await button(page, "Save").click();
    await choose(page, "Cache");
    const again = await openPort(page, input.id);
    expect(await askRedis({ host: "127.0.0.1", port: again }, ["PING"])).toBe("PONG");

    await page.getByRole("tab", { name: /^Log/ }).click();
    await page.getByText(/^Client certificate for .*: "ada" signed by "Corp CA", valid to /).waitFor();
    await page.getByRole("tab", { name: "Configuration" }).click();
    await page.getByText("Certificate store, issuer CN=Corp CA").waitFor();
    await looksRight(app, page, "configuration-certificate-store");
    expect(app.logs()).not.toContain("PRIVATE KEY");
  },
);
