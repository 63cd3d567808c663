import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test, vi } from "vitest";
import { autostartEntry } from "../../../../src/main/lifecycle/start-at-sign-in.ts";
import { everythingAllowed, noPolicy, type Policy } from "../../../../src/shared/model/policy.ts";
import { connectionInput } from "../connections.ts";
import { rig } from "./rig.ts";

const plain = { turnOn: false, restart: false, secretsFrom: null } as const;
const soon = { timeout: 5_000 };
const strict: Policy = {
  ...noPolicy,
  found: "values",
  rules: {
    ...everythingAllowed,
    allowUnverifiedTls: false,
    allowNetworkListen: false,
    allowServiceAccountTokens: false,
    allowedProxies: ["access.example.com"],
  },
};

test("a locked setting holds, cannot be changed, and gives the user's own back when it is free", async () => {
  const { calls, settings, outside, administrator, state, changes, desktop } = await rig();
  await calls["change-settings"]({ theme: "light", density: "compact" });
  state.snapshot();
  administrator.policy = { ...noPolicy, locked: { theme: "dark", openSignInPage: false } };
  await calls["look-outside"]();
  expect(settings.current).toMatchObject({ theme: "dark", openSignInPage: false, density: "compact" });
  expect(desktop.applied.at(-1)?.theme).toBe("dark");
  await vi.waitFor(() => {
    expect(changes()).toContainEqual({ type: "settings", settings: settings.current });
    expect(changes()).toContainEqual({ type: "outside", outside: outside.outside });
  }, soon);
  expect(state.snapshot().outside.managed.locked).toEqual(["theme", "openSignInPage"]);

  const applied = desktop.applied.length;
  for (const change of [{ theme: "light" }, { theme: "dark" }, { density: "comfortable", theme: "dark" }] as const) {
    await expect(async () => calls["change-settings"](change)).rejects.toMatchObject({ code: "managed" });
  }
  expect(desktop.applied).toHaveLength(applied);
  expect(settings.current).toMatchObject({ theme: "dark", density: "compact" });
  // Others can be changed, and what is locked does not get into the user's own by that.
  await calls["change-settings"]({ density: "comfortable" });

  administrator.policy = noPolicy;
  await calls["look-outside"]();
  expect(settings.current).toMatchObject({ theme: "light", openSignInPage: true, density: "comfortable" });
});

test("what is locked while a person is asked is not changed by the answer", async () => {
  const { calls, settings, outside, administrator, desktop } = await rig();
  desktop.confirm = async () => {
    administrator.policy = { ...noPolicy, locked: { startAtSignIn: false } };
    await outside.look();
    return true;
  };
  const applied = desktop.applied.length;
  await expect(
    calls["change-settings"]({ browserCommand: process.execPath, startAtSignIn: true }),
  ).rejects.toMatchObject({ code: "managed" });
  expect(desktop.applied.slice(applied).filter(({ startAtSignIn }) => startAtSignIn)).toEqual([]);
  expect(settings.current).toMatchObject({ browserCommand: "", startAtSignIn: false });
});

test("what holds at the start is locked before anybody asks", async () => {
  const { settings, state } = await rig({ policy: { ...noPolicy, locked: { theme: "dark" } } });
  expect(settings.current.theme).toBe("dark");
  expect(state.snapshot()).toMatchObject({ settings: { theme: "dark" }, outside: { managed: { locked: ["theme"] } } });
});

test("what is not allowed is not saved, and its fields say why", async () => {
  const { calls, connections } = await rig({ policy: strict });
  const input = connectionInput({
    pomeriumUrl: "https://other.example.com",
    listen: "0.0.0.0:5432",
    trust: { kind: "unverified" },
    auth: { kind: "token", token: { kind: "set", value: "a.b.c" } },
  });
  const result = await calls["save-connection"](input, plain);
  expect(result).toMatchObject({ outcome: "problems" });
  const told = result.outcome === "problems" ? result.problems.map(({ field, level }) => `${level} ${field}`) : [];
  expect(told).toEqual(expect.arrayContaining(["error pomeriumUrl", "error ca", "error listen", "error token"]));
  expect(connections.all()).toEqual([]);
  expect(await calls["check-connection"](input)).toEqual(result.outcome === "problems" ? result.problems : []);
  expect(await calls["save-connection"](connectionInput(), plain)).toEqual({ outcome: "saved" });
});

test("what was saved before is refused when it is turned on", async () => {
  const { calls, tunnels, administrator } = await rig();
  const input = connectionInput({ trust: { kind: "unverified" } });
  await calls["save-connection"](input, plain);
  administrator.policy = strict;
  await calls["look-outside"]();
  await calls["set-on"]([input.id], true);
  await vi.waitFor(
    () => expect(tunnels.status(input.id)).toMatchObject({ kind: "error", error: { code: "managed" } }),
    soon,
  );
});

test("what is on and not allowed any more stops at once; what is allowed goes on, and comes back when it may", async () => {
  const { calls, tunnels, administrator } = await rig();
  const [forbidden, allowed] = [connectionInput({ trust: { kind: "unverified" } }), connectionInput({ name: "Other" })];
  for (const input of [forbidden, allowed]) await calls["save-connection"](input, { ...plain, turnOn: true });
  for (const { id } of [forbidden, allowed])
    await vi.waitFor(() => expect(tunnels.status(id).kind).toBe("listening"), soon);
  const before = tunnels.status(allowed.id);
  administrator.policy = strict;
  await calls["look-outside"]();
  await vi.waitFor(
    () => expect(tunnels.status(forbidden.id)).toMatchObject({ kind: "error", error: { code: "managed" } }),
    soon,
  );
  expect(tunnels.status(allowed.id)).toEqual(before);
  administrator.policy = noPolicy;
  await calls["look-outside"]();
  await vi.waitFor(() => expect(tunnels.status(forbidden.id).kind).toBe("listening"), soon);
  expect(tunnels.status(allowed.id)).toEqual(before);
});

test("signing in and out go by the rules: no token leaves for somebody who is not verified", async () => {
  const { calls, engine } = await rig({ policy: strict });
  await expect(calls["sign-in"]("https://other.example.com")).rejects.toMatchObject({ code: "managed" });
  const proxy = { tls: true, host: "access.example.com", port: 443 };
  const { signal } = new AbortController();
  const unverified = { verify: false, ca: [] };
  expect(() => engine.login(proxy, unverified, signal)).toThrow(expect.objectContaining({ code: "managed" }));
  expect(() => engine.logout(null, unverified, signal)).toThrow(expect.objectContaining({ code: "managed" }));
  // Where the connection there is not verified, signing out is.
  expect(await engine.logout("https://other.example.com", { verify: true, ca: [] }, signal)).toEqual([]);
});

test("a connection that is not verified does not keep its proxy from being signed out of", async () => {
  const { calls, engine, administrator } = await rig();
  const input = connectionInput({ trust: { kind: "unverified" } });
  await calls["save-connection"](input, plain);
  administrator.policy = strict;
  await calls["look-outside"]();
  const logout = vi.spyOn(engine, "logout").mockResolvedValue([]);
  await calls["sign-out"]("https://access.example.com");
  expect(logout.mock.calls[0]?.[1]).toEqual({ verify: true, ca: [] });
});

const broken: Policy = {
  ...noPolicy,
  found: "unreadable",
  rules: { ...everythingAllowed, unreadable: "It cannot be read." },
  problems: ["policy.json cannot be read."],
};

test("a first policy that is broken stops what is on, and is told; mended, it comes back", async () => {
  const { calls, tunnels, administrator, notices } = await rig();
  const input = connectionInput();
  await calls["save-connection"](input, { ...plain, turnOn: true });
  await vi.waitFor(() => expect(tunnels.status(input.id).kind).toBe("listening"), soon);
  administrator.policy = broken;
  await calls["look-outside"]();
  await vi.waitFor(
    () => expect(tunnels.status(input.id)).toMatchObject({ kind: "error", error: { code: "managed" } }),
    soon,
  );
  expect(notices.list()).toMatchObject([{ message: "Settings of your organisation: policy.json cannot be read." }]);
  administrator.policy = { ...noPolicy, found: "values" };
  await calls["look-outside"]();
  await vi.waitFor(() => expect(tunnels.status(input.id).kind).toBe("listening"), soon);
});

test("a first policy that is seen while it is written stops nothing", async () => {
  const { calls, outside, administrator, notices } = await rig();
  const looks = [broken, strict];
  Object.defineProperty(administrator, "policy", { get: () => looks.shift() });
  await calls["look-outside"]();
  expect(looks).toEqual([]);
  expect(outside.policy).toEqual(strict);
  expect(notices.list()).toEqual([]);
});

test("while a first policy that is broken is looked at again, the app can close", async () => {
  const { outside, administrator } = await rig({ policyAgainMs: 60_000 });
  administrator.policy = broken;
  const look = outside.look();
  await Promise.resolve();
  outside.close();
  await look;
  expect(outside.policy).toEqual(noPolicy);
});

test("rules hold on while the system does not let Culvert look, whatever they are", async () => {
  for (const policy of [strict, { ...broken, problems: [] }]) {
    const { calls, outside, administrator } = await rig({ policy });
    administrator.policy = { ...noPolicy, found: "unknown", problems: ["It was not looked for."] };
    await calls["look-outside"]();
    expect(outside.policy.rules).toEqual(policy.rules);
    expect(outside.policy.problems).toEqual(["It was not looked for."]);
    administrator.policy = noPolicy;
    await calls["look-outside"]();
    expect(outside.policy).toEqual(noPolicy);
  }
});

test("a policy that breaks while the app runs goes on to hold as it was, and is told until it is mended", async () => {
  const { calls, settings, outside, administrator, notices, logged } = await rig({
    policy: { ...strict, locked: { theme: "dark" } },
  });
  const problem = "/etc/culvert/policy.json, line 3 cannot be read: it is not JSON.";
  administrator.policy = { ...broken, problems: [problem, "More."] };
  await calls["look-outside"]();
  expect(settings.current.theme).toBe("dark");
  expect(outside.policy.rules).toEqual(strict.rules);
  expect(notices.list()).toMatchObject([
    { id: "managed-settings", message: `Settings of your organisation: ${problem} 1 more is in the log.` },
  ]);
  expect(logged.filter((line) => line.includes("managed-settings"))).toHaveLength(2);
  // The same again is not said again.
  await calls["dismiss-notice"]("managed-settings");
  await calls["look-outside"]();
  expect(notices.list()).toEqual([]);
  administrator.policy = { ...noPolicy, problems: ["Only this."] };
  await calls["look-outside"]();
  expect(notices.list()).toMatchObject([{ message: "Settings of your organisation: Only this." }]);
  administrator.policy = noPolicy;
  await calls["look-outside"]();
  expect(notices.list()).toEqual([]);
  expect(outside.policy).toEqual(noPolicy);
});

test("what is refused for another reason than before says the new one", async () => {
  const { calls, tunnels, administrator } = await rig();
  const input = connectionInput({ trust: { kind: "unverified" } });
  await calls["save-connection"](input, plain);
  administrator.policy = broken;
  await calls["look-outside"]();
  await calls["set-on"]([input.id], true);
  const refused = (message: string) =>
    vi.waitFor(() => expect(tunnels.status(input.id)).toMatchObject({ kind: "error", error: { message } }), soon);
  await refused("It cannot be read.");
  administrator.policy = strict;
  await calls["look-outside"]();
  await refused("Your organisation does not allow connections whose server certificate is not verified.");
});

test("one that is broken at the start lets nothing through until it can be read", async () => {
  const { calls, tunnels, administrator } = await rig({ policy: { ...broken, problems: [] } });
  const input = connectionInput();
  // The list can be put in order meanwhile.
  expect(await calls["save-connection"](input, { ...plain, turnOn: true })).toEqual({ outcome: "saved" });
  await vi.waitFor(
    () =>
      expect(tunnels.status(input.id)).toMatchObject({
        kind: "error",
        error: { code: "managed", message: "It cannot be read." },
      }),
    soon,
  );
  administrator.policy = noPolicy;
  await calls["look-outside"]();
  await vi.waitFor(() => expect(tunnels.status(input.id).kind).toBe("listening"), soon);
});

test("starting at sign-in follows the system, and what is locked goes to the system", async () => {
  const { calls, settings, folder, loginItem, administrator, state } = await rig();
  loginItem.set(true);
  await calls["look-outside"]();
  expect(settings.current.startAtSignIn).toBe(true);
  const file = path.join(folder, "autostart/culvert.desktop");
  writeFileSync(file, `${autostartEntry(["/usr/bin/culvert"])}Hidden=true\n`);
  await calls["look-outside"]();
  expect(settings.current.startAtSignIn).toBe(false);
  expect(state.snapshot().outside.startNote).toBe("off-in-system");
  administrator.policy = { ...noPolicy, locked: { startAtSignIn: true } };
  await calls["look-outside"]();
  expect(loginItem.read()).toEqual({ on: true, note: null });
  expect(state.snapshot()).toMatchObject({ settings: { startAtSignIn: true }, outside: { startNote: null } });
  administrator.policy = noPolicy;
  await calls["look-outside"]();
  // It was the organisation's wish; the system has it now, and the system is what counts.
  expect(settings.current.startAtSignIn).toBe(true);
});
