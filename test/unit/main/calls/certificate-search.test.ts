import { expect, test, vi } from "vitest";
import { connectionInput } from "../connections.ts";
import { rig } from "./rig.ts";

const search = { kind: "search", issuer: "CN=Corp CA", subject: "" } as const;

test("a search is saved with its filters; one that the engine would refuse is not", async () => {
  const { calls, connections } = await rig();
  const options = { turnOn: false, restart: false, secretsFrom: null };
  const input = connectionInput({ clientCertificate: search });
  expect(await calls["check-connection"](input)).toEqual([]);
  expect(await calls["save-connection"](input, options)).toEqual({ outcome: "saved" });
  expect(connections.get(input.id)?.clientCertificate).toEqual(search);
  const bad = { ...input, clientCertificate: { ...search, issuer: "DC=corp" } };
  expect(await calls["save-connection"](bad, options)).toMatchObject({
    outcome: "problems",
    problems: [{ field: "issuer", level: "error" }],
  });
  expect(connections.get(input.id)?.clientCertificate).toEqual(search);
});

test.each([
  ["darwin", "the macOS keychain"],
  ["win32", "the Windows certificate store"],
])("on %s its status says that this store cannot be searched", async (platform, name) => {
  const { calls, tunnels } = await rig({ platform });
  const input = connectionInput({ clientCertificate: search });
  await calls["save-connection"](input, { turnOn: true, restart: false, secretsFrom: null });
  await vi.waitFor(() => expect(tunnels.status(input.id).kind).toBe("error"));
  expect(tunnels.status(input.id)).toMatchObject({
    error: {
      code: "not-available-yet",
      message: `Searching ${name} needs the program culvert-tls, which is missing from this installation.`,
    },
  });
});
