import net from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectTo, Upstream } from "../support/streams.ts";
import { ManagerRig } from "./manager-rig.ts";
let upstream: Upstream;
beforeAll(async () => {
  upstream = await Upstream.start();
});
afterAll(() => upstream.close());
const rigOf = async (policy: "allow" | "public") => {
  const rig = await ManagerRig.start({
    routes: [{ host: "echo.corp.test", port: 7000, upstream: upstream.address, policy }],
  });
  for (const id of ["a", "b", "c", "d"]) rig.add(id, "echo.corp.test:7000");
  return rig;
};
const free = async (port: number) => {
  const s = net.createServer();
  await new Promise<void>((res, rej) => {
    s.once("error", rej);
    s.listen(port, "127.0.0.1", res);
  });
  s.close();
};
it.each(["manager first", "engine first", "both"])(
  "closing %s in all states",
  async (order) => {
    const rig = await rigOf("allow");
    rig.browser.onShow = () => Promise.resolve();
    const a = await rig.turnOn("a");
    const b = await rig.turnOn("b");
    const ca = await connectTo(a);
    ca.on("error", () => undefined);
    await rig.status("a", "signing-in");
    rig.proxy.faults.set({ tcp: "reset" });
    rig.proxy.faults.resetConnections();
    const cb = await connectTo(b);
    cb.on("error", () => undefined);
    await rig.status("b", "retrying");
    rig.settings.set("d", () => new Promise(() => undefined));
    rig.manager.turnOn("c");
    rig.manager.turnOn("d");
    const t = performance.now();
    const m = () => rig.manager.close({ graceMs: 3000 });
    const e = () => rig.engine.close({ graceMs: 3000 });
    if (order === "manager first") {
      await m();
      await e();
    } else if (order === "engine first") {
      await e();
      console.log("after engine", rig.manager.statuses());
      await m();
    } else await Promise.all([m(), e()]);
    console.log(
      order,
      Math.round(performance.now() - t),
      "ms",
      rig.manager.statuses(),
      rig.messages("a").slice(-3),
      rig.messages("b").slice(-2),
      rig.messages("c"),
      rig.messages("d"),
    );
    await free(a.port);
    await free(b.port);
    expect(rig.manager.statuses()).toEqual({});
    const n = rig.events.length;
    await new Promise((r) => setTimeout(r, 400));
    expect(rig.events.length).toBe(n);
    console.log(process.getActiveResourcesInfo().filter((x) => x === "Timeout").length, "timers");
    await rig.proxy.close();
  },
  20000,
);
it("toggle ten times with traffic", async () => {
  const rig = await rigOf("public");
  for (let i = 0; i < 21; i += 1) {
    if (i % 2) rig.manager.turnOff("a");
    else rig.manager.turnOn("a");
    if (i % 3 === 0) await new Promise((r) => setTimeout(r, i % 5));
  }
  await rig.status("a", "listening");
  const { address } = await rig.status("a", "listening");
  const c = await connectTo({ host: "127.0.0.1", port: Number(address.split(":")[1]) });
  c.on("error", () => undefined);
  c.write(Buffer.alloc(1_000_000));
  let got = 0;
  c.on("data", (d: Buffer) => (got += d.length));
  await rig.until(() => rig.manager.activity("a").traffic.received > 300_000);
  rig.manager.turnOff("a");
  const during = rig.manager.activity("a").traffic;
  await rig.until(() => rig.seen("peer-closed").length === 1);
  const closed = rig.seen("peer-closed")[0]!;
  await new Promise((r) => setTimeout(r, 200));
  const after = rig.manager.activity("a").traffic;
  console.log(
    got,
    closed.received,
    closed.sent,
    during.received,
    after.received,
    after.sent,
    after.samples.reduce((s, x) => s + x.received, 0),
  );
  expect([after.received, after.sent]).toEqual([closed.received, closed.sent]);
  await rig.close();
}, 20000);
