import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Tunnel } from "../../src/engine/index.ts";
import { fronts } from "../support/fronts.ts";
import { Rig } from "../support/rig.ts";
import { UdpClient, UdpUpstream } from "../support/udp.ts";

/** Datagrams in all, over all clients. */
const datagrams = 100_000;
const clients = 10;
/** Under way at the same time for each client: what keeps every socket's buffer from running over. */
const underWay = 16;

describe.each(fronts())("a hundred thousand datagrams, %s front", (front) => {
  let upstream: UdpUpstream;
  let rig: Rig;
  let tunnel: Tunnel;

  beforeAll(async () => {
    upstream = await UdpUpstream.start();
    rig = await Rig.start({
      front,
      routes: [{ host: "echo.corp.test", port: 7001, upstream: upstream.address, type: "udp", policy: "public" }],
    });
    tunnel = await rig.open("udp+https://echo.corp.test:7001");
  });
  afterAll(async () => {
    await rig.close();
    upstream.close();
  });

  it("none is lost, changed or told twice, and each client's come in their order", async () => {
    const run = async (client: UdpClient, number: number): Promise<void> => {
      const each = datagrams / clients;
      const payload = (index: number): Buffer => {
        const bytes = Buffer.alloc(20 + ((index * 37) % 1_200), index % 251);
        bytes.writeUInt32BE(number);
        bytes.writeUInt32BE(index, 4);
        return bytes;
      };
      for (let index = 0; index < each; index += 1) {
        client.send(payload(index));
        if (index >= underWay) await client.answered(index - underWay);
      }
      await client.answered(each);
      client.answers.forEach((answer, index) => {
        if (!answer.equals(payload(index))) expect(answer.toString("hex")).toBe(payload(index).toString("hex"));
      });
      expect(client.answers).toHaveLength(each);
    };
    const all = await Promise.all(Array.from({ length: clients }, () => UdpClient.open(tunnel.address)));
    await Promise.all(all.map(run));
    for (const client of all) client.close();
    expect(tunnel.dropped()).toBe(0);
    const { sent, received } = tunnel.totals();
    expect(received).toBe(sent);
    await tunnel.close({ graceMs: 0 });
    expect(rig.seen("peer-closed").reduce((sum, { datagrams: of }) => sum + (of?.received ?? 0), 0)).toBe(datagrams);
  });
});
