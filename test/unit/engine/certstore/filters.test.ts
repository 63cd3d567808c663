import { expect, test } from "vitest";
import { matches, parseNameFilter } from "../../../../src/engine/certstore/filters.ts";

const names = [
  ["commonName", "CN", "2.5.4.3"],
  ["countryName", "C", "2.5.4.6"],
  ["localityName", "L", "2.5.4.7"],
  ["organizationName", "O", "2.5.4.10"],
  ["organizationalUnitName", "OU", "2.5.4.11"],
  ["postalCode", "postalcode", "2.5.4.17"],
  ["serialNumber", "SERIALNUMBER", "2.5.4.5"],
  ["stateOrProvinceName", "ST", "2.5.4.8"],
  ["streetAddress", "STREET", "2.5.4.9"],
] as const;

test.each(names)("%s and %s are one attribute", (long, short, oid) => {
  for (const name of [long, short, short.toLowerCase()])
    expect(parseNameFilter(`${name}=New York`)).toMatchObject({ oid, value: "New York" });
});

test("the value is everything behind the first =, as it is", () => {
  expect(parseNameFilter("CN= a=b, O=c ").value).toBe(" a=b, O=c ");
});

test.each(["", "Corp CA", "CN", "=x", "CN=", " CN=x", "DC=x", "emailAddress=a@b", "2.5.4.3=x"])(
  "%j is refused, with the attributes there are",
  (text) => {
    expect(() => parseNameFilter(text)).toThrow(
      expect.objectContaining({
        code: "setting-invalid",
        userAction:
          "Write ATTRIBUTE=VALUE, with one of CN (commonName), O (organizationName), OU (organizationalUnitName), " +
          "C (countryName), L (localityName), ST (stateOrProvinceName), STREET (streetAddress), postalCode, serialNumber.",
      }),
    );
  },
);

test("any value of the attribute may be the one, exactly", () => {
  const attributes = [
    { oid: "2.5.4.11", value: "Everyone" },
    { oid: "2.5.4.11", value: "Sales" },
    { oid: "2.5.4.10", value: "Corp" },
  ];
  const fits = (text: string): boolean => matches(parseNameFilter(text), attributes);
  expect(["OU=Sales", "OU=Everyone", "O=Corp"].map(fits)).toEqual([true, true, true]);
  expect(["OU=sales", "OU=Sale", "OU=Sales ", "O=Sales", "CN=Corp"].map(fits)).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
});
