import { expect, test } from "vitest";
import { ownPortError } from "../../../../src/main/state/port-owner.ts";
import type { Connection } from "../../../../src/shared/model/connection.ts";
import { offStatus, type ConnectionStatus } from "../../../../src/shared/model/status.ts";
import { connection } from "../connections.ts";

const bound = (address: string): ConnectionStatus => ({ kind: "listening", address, since: 0 });

/** What is said of `one`, where `other` listens on 127.0.0.1:5353. */
function said(one: Connection, other: Connection, code: "port-in-use" | "listen-failed" = "port-in-use") {
  const statusOf = (id: string): ConnectionStatus => (id === other.id ? bound("127.0.0.1:5353") : offStatus);
  return ownPortError(one.id, code, [other, one], statusOf)?.message ?? null;
}

test("the connection that has the port is named, where it is one of the same protocol", () => {
  const tcp = connection({ name: "Ledger", listen: "5353" });
  const udp = connection({ name: "DNS", listen: "0.0.0.0:5353", protocol: "udp" });
  expect(said(connection({ listen: "5353" }), tcp)).toBe("Ledger uses port 5353.");
  expect(said(connection({ listen: "5353", protocol: "udp" }), udp)).toBe("DNS uses port 5353.");
  expect(said(connection({ listen: "5353", protocol: "udp" }), tcp)).toBeNull();
  expect(said(connection({ listen: "5353" }), udp)).toBeNull();
  expect(said(connection({ listen: "5354" }), tcp)).toBeNull();
  expect(said(connection({ listen: "[::1]:5353" }), tcp)).toBeNull();
  expect(said(connection({ listen: "5353" }), tcp, "listen-failed")).toBeNull();
});
