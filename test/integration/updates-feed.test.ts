import { once } from "node:events";
import http from "node:http";
import { expect, onTestFinished, test, vi } from "vitest";
import { httpsGetAll } from "../../src/main/updates/https-get.ts";
import { newSigningKey, UpdateServer } from "../support/update-feed.ts";
import { appImage as name, emptyUpdateServer, keyOf, never, updatingComputer } from "../support/updating-computer.ts";

const server = await emptyUpdateServer();
const computer = (options?: Parameters<typeof updatingComputer>[1]) => updatingComputer(server, options);

test("nothing is downloaded, nor even read, without a good signature", async () => {
  const { find } = computer();
  const refused = {
    code: "update-refused",
    message: expect.stringContaining("offers an update with a wrong signature") as string,
  };
  server.publish("1.5.0", { [name]: Buffer.from("x") });
  await expect(find({ keys: [keyOf(newSigningKey().publicKey)] })).rejects.toMatchObject(refused);
  // The signature of another system's metadata, though by the right key.
  server.publish("1.5.0", { [name]: Buffer.from("x") }, { name: "latest-mac.yml" });
  const { files } = server;
  files.set("latest-linux.yml", files.get("latest-mac.yml") ?? Buffer.alloc(0));
  files.set("latest-linux.yml.sig", files.get("latest-mac.yml.sig") ?? Buffer.alloc(0));
  await expect(find()).rejects.toMatchObject(refused);
  // Signed and changed afterwards.
  server.publish("1.5.0", { [name]: Buffer.from("x") });
  const good = files.get("latest-linux.yml") as Buffer;
  files.set("latest-linux.yml", Buffer.from(good.toString().replace("1.5.0", "1.6.0")));
  await expect(find()).rejects.toMatchObject(refused);
  files.set("latest-linux.yml.sig", Buffer.from("<html>"));
  await expect(find()).rejects.toMatchObject(refused);
  expect(server.asked.filter((one) => !one.includes("latest"))).toEqual([]);
});

test("old metadata with a good signature offers nothing", async () => {
  const { find } = computer({ running: "1.6.0" });
  server.publish("1.5.0", { [name]: Buffer.from("x") });
  expect(await find()).toBeNull();
  server.publish("1.6.0", { [name]: Buffer.from("x") });
  expect(await find()).toBeNull();
});

test("old metadata that is served for ever is noticed where it says until when it is good", async () => {
  const { find } = computer({ running: "1.5.0" });
  const publish = (validUntil: string): void =>
    server.publish("1.5.0", { [name]: Buffer.from("x") }, { metadata: { validUntil } });
  publish(new Date(Date.now() + 60_000).toISOString());
  expect(await find()).toBeNull();
  publish("2026-01-31T00:00:00.000Z");
  await expect(find()).rejects.toMatchObject({
    code: "update-failed",
    message: expect.stringContaining("was good until 2026-01-31") as string,
  });
});

test("signed metadata out of order is refused: no YAML, tricks of YAML, other hosts", async () => {
  const { find } = computer();
  for (const text of [
    "{",
    "",
    "version: !!js/function 'x'",
    `version: 1.5.0\nfiles:\n  - url: https://evil.example/a.AppImage\n    sha512: ${"A".repeat(86)}==\n    size: 1\n`,
    `version: 1.5.0\nfiles:\n  - url: ../../a.AppImage\n    sha512: ${"A".repeat(86)}==\n    size: 1\n`,
    "version: 1.5.0\nfiles: &a [*a]\n",
    "__proto__:\n  version: 1.5.0\n",
  ]) {
    server.putSigned("latest-linux.yml", text);
    await expect(find(), text).rejects.toMatchObject({ code: "update-refused" });
  }
});

test.each<[string, (response: http.ServerResponse) => void, string]>([
  ["too much", (response) => void response.end(Buffer.alloc(200_000)), "sent more than was expected"],
  [
    "without an end",
    (response) => {
      const more = (): void => void (response.writable && response.write(Buffer.alloc(16_384), more));
      more();
    },
    "sent more than was expected",
  ],
  [
    "a size that is too much",
    (response) => void response.writeHead(200, { "content-length": "99999999" }).flushHeaders(),
    "more",
  ],
  ["an error", (response) => void response.writeHead(500).end(), "answered 500"],
  ["elsewhere", (response) => void response.writeHead(302, { location: "http://localhost:1/" }).end(), "answered 302"],
  [
    "half",
    (response) => void response.writeHead(200, { "content-length": "50" }).write("x", () => response.destroy()),
    "was lost",
  ],
  ["nothing", (response) => response.destroy(), "was lost"],
])("a server that sends %s costs nothing but a message", async (_what, answer, message) => {
  const { find } = computer();
  server.files.set("latest-linux.yml", answer);
  await expect(find()).rejects.toMatchObject({
    code: "update-failed",
    message: expect.stringContaining(message) as string,
  });
});

test("a server of another name, of another CA, without TLS, or none at all is not believed", async () => {
  const { find } = computer();
  server.publish("1.5.0", { [name]: Buffer.from("x") });
  await expect(find({ url: server.url.replace("localhost", "127.0.0.1") })).rejects.toMatchObject({
    message: expect.stringMatching(/^This computer does not trust the update server 127\.0\.0\.1:\d+\.$/) as string,
  });
  const stranger = await UpdateServer.start();
  onTestFinished(() => stranger.close());
  await expect(find({ url: stranger.url })).rejects.toMatchObject({
    message: expect.stringContaining("does not trust") as string,
  });
  await expect(find({ url: server.url.replace("https:", "http:") })).rejects.toMatchObject({ code: "setting-invalid" });
  const plain = http.createServer((_request, response) => response.end()).listen(0, "127.0.0.1");
  onTestFinished(() => void plain.close());
  await once(plain, "listening");
  const { port } = plain.address() as { readonly port: number };
  await expect(find({ url: `https://localhost:${port}/` })).rejects.toMatchObject({ code: "update-failed" });
  plain.close();
  await once(plain, "close");
  await expect(find({ url: `https://localhost:${port}/` })).rejects.toMatchObject({
    message: `The update server localhost:${port} refused the connection.`,
  });
  await expect(find({ url: "https://updates.invalid/" })).rejects.toMatchObject({
    message: "DNS knows no address for the update server updates.invalid.",
  });
});

test("a variable that turns the check of certificates off for all of Node does not turn it off here", async () => {
  const { find } = computer();
  const stranger = await UpdateServer.start();
  onTestFinished(() => stranger.close());
  vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
  onTestFinished(() => void vi.unstubAllEnvs());
  await expect(find({ url: stranger.url })).rejects.toMatchObject({
    message: expect.stringContaining("does not trust") as string,
  });
  expect(stranger.asked).toEqual([]);
});

test("a server that goes silent in the middle is said to have gone silent", async () => {
  server.files.set("half", (response) => void response.writeHead(200).write("x"));
  const limits = { maxBytes: 100, totalMs: 60_000, silenceMs: 200, roots: [server.caPem], signal: never };
  await expect(httpsGetAll(new URL("half", server.url), limits)).rejects.toMatchObject({
    code: "update-failed",
    message: expect.stringMatching(/^The update server localhost:\d+ has gone silent\.$/) as string,
  });
});
