import { expect, test } from "vitest";
import { localAddressOf } from "../../../../src/engine/tunnel/local-host.ts";

/** A computer whose hosts file has "::1 localhost" before "127.0.0.1 localhost", as Debian makes it. */
const debian = (_host: string, { order }: { readonly order?: string }): Promise<{ readonly address: string }> =>
  Promise.resolve({ address: order === "ipv4first" ? "127.0.0.1" : "::1" });

test("localhost is where programs look that are told 127.0.0.1", async () => {
  expect(await localAddressOf("localhost", debian)).toBe("127.0.0.1");
});

test.each(["127.0.0.1", "::1", "::", "0.0.0.0"])("%s stays what it is", async (address) => {
  expect(await localAddressOf(address, debian)).toBe(address);
});

test("a name of no address fails as a listener would", async () => {
  await expect(localAddressOf("no-such-name.invalid")).rejects.toMatchObject({ syscall: "getaddrinfo" });
});
