import { describe, expect, test } from "vitest";
import type { ConnectionStatus } from "../../../../src/shared/model/status.ts";
import { offStatus } from "../../../../src/shared/model/status.ts";
import {
  addressKey,
  addressToUse,
  commandFor,
  isNetworkAddress,
  localLabel,
  nameOf,
  proxyOriginOf,
  splitDestination,
  targetKey,
} from "../../../../src/shared/words/connection.ts";

const listening = (address: string): ConnectionStatus => ({ kind: "listening", address, since: 0 });

test("a connection without a name has that of its destination's host", () => {
  expect(nameOf({ name: " ", destination: "pg.example.com:5432" })).toBe("pg.example.com");
  expect(nameOf({ name: "Orders", destination: "pg.example.com:5432" })).toBe("Orders");
  expect(nameOf({ name: "", destination: "" })).toBe("Unnamed");
});

test("the port of a destination stands apart, IPv6 too", () => {
  expect(splitDestination("pg.example.com:5432")).toEqual({ host: "pg.example.com", port: ":5432" });
  expect(splitDestination("[2001:db8::1]:5432")).toEqual({ host: "[2001:db8::1]", port: ":5432" });
  expect(splitDestination("[2001:db8::1]")).toEqual({ host: "[2001:db8::1]", port: "" });
});

describe("the local end", () => {
  test("is what is wanted while off, and what is bound while on", () => {
    expect(localLabel({ listen: "" }, offStatus)).toBe("any port");
    expect(localLabel({ listen: "5433" }, offStatus)).toBe(":5433");
    expect(localLabel({ listen: "5433" }, listening("127.0.0.1:5433"))).toBe("127.0.0.1:5433");
    expect(localLabel({ listen: "" }, listening("127.0.0.1:40001"))).toBe("127.0.0.1:40001");
  });

  test("of a port that could not be opened is the whole address", () => {
    const error: ConnectionStatus = {
      kind: "error",
      address: null,
      since: 0,
      clients: 0,
      error: { code: "port-in-use", message: "Another program uses port 5433.", retryable: false },
    };
    expect(localLabel({ listen: "5433" }, error)).toBe("127.0.0.1:5433");
    expect(localLabel({ listen: ":5433" }, error)).toBe("0.0.0.0:5433");
  });

  test("is open to the network everywhere but on loopback", () => {
    expect(
      ["", "5432", "127.0.0.2:1", "[::1]:5432", "localhost:5432"].filter((listen) => isNetworkAddress({ listen })),
    ).toEqual([]);
    expect(
      [":5432", "0.0.0.0:5432", "10.0.0.7:1", "[::]:1"].filter((listen) => isNetworkAddress({ listen })),
    ).toHaveLength(4);
  });
});

test("a wildcard address is used on loopback", () => {
  expect(addressToUse("0.0.0.0:5432")).toBe("127.0.0.1:5432");
  expect(addressToUse("[::]:5432")).toBe("[::1]:5432");
  expect(addressToUse("10.0.0.7:5432")).toBe("10.0.0.7:5432");
});

test.each([
  [5432, "127.0.0.1:5433", "linux", "psql -h 127.0.0.1 -p 5433"],
  [3306, "127.0.0.1:3306", "linux", "mysql -h 127.0.0.1 -P 3306"],
  [6379, "[::1]:6379", "linux", "redis-cli -h ::1 -p 6379"],
  [22, "0.0.0.0:2222", "linux", "ssh -p 2222 127.0.0.1"],
  [27017, "127.0.0.1:1", "linux", "mongosh --host 127.0.0.1 --port 1"],
  [9000, "127.0.0.1:9000", "linux", "clickhouse-client --host 127.0.0.1 --port 9000"],
  [3389, "127.0.0.1:3389", "win32", "mstsc /v:127.0.0.1:3389"],
  [3389, "127.0.0.1:3389", "linux", "xfreerdp /v:127.0.0.1:3389"],
  [8443, "127.0.0.1:8443", "linux", null],
  [5432, "any port", "linux", null],
])("the command for port %d at %s on %s is %s", (port, address, platform, command) => {
  expect(commandFor(port, address, platform)).toBe(command);
});

test("the same place has the same key, however it is written", () => {
  expect(addressKey("5432")).toBe(addressKey("127.0.0.1:5432"));
  expect(addressKey(":5432")).not.toBe(addressKey("5432"));
  const one = { destination: "pg.example.com:5432", pomeriumUrl: "https://Access.example.com/" };
  expect(targetKey(one)).toBe(
    targetKey({ destination: "tcp+https://access.example.com/PG.example.com:5432", pomeriumUrl: "" }),
  );
  expect(proxyOriginOf(one)).toBe("https://access.example.com");
  expect(proxyOriginOf({ destination: "nonsense", pomeriumUrl: "" })).toBeNull();
});
