import { expect, it } from "vitest";
import { listenError } from "../../../../src/engine/tunnel/listen-error.ts";
import { parseLocalAddress } from "../../../../src/shared/address.ts";

const stepFor = async (listen: string): Promise<string | undefined> => {
  const error = await listenError(
    Object.assign(new Error("no"), { code: "EADDRNOTAVAIL" }),
    parseLocalAddress(listen),
    "tcp",
  );
  expect(error.code).toBe("address-not-here");
  return error.toData().userAction;
};

it("an IPv6 address that was meant to have a port is told how to write it", async () => {
  expect(await stepFor("::1:7011")).toBe("To listen on port 7011 of ::1, write [::1]:7011.");
  expect(await stepFor("2001:db8::5:53")).toBe("To listen on port 53 of 2001:db8::5, write [2001:db8::5]:53.");
  for (const listen of ["[2001:db8::5]:53", "2001:db8::beef", "192.0.2.1:53"])
    expect(await stepFor(listen)).toBe("Use 127.0.0.1, or an address that this computer has.");
});
