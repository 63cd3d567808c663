import { expect, test } from "vitest";
import { entryOf } from "../../../../src/cli/log/entry.ts";
import { draftOf } from "../../../../src/engine/manager/log-entries.ts";
import type { EngineEvent } from "../../../../src/shared/events.ts";
import { passedOverWords, searchWords } from "../../../../src/shared/words/certificate-search.ts";

type Searched = Extract<EngineEvent, { type: "client-certificate-searched" }>;

const found: Searched = {
  type: "client-certificate-searched",
  proxy: "https://proxy.corp.test:8443",
  store: "~/.pki/nssdb",
  asked: true,
  chosen: {
    subject: "ada",
    issuer: "Corp CA",
    validTo: new Date(2027, 2, 4, 12).getTime(),
    fingerprint: "AA:BB",
  },
  passedOver: ['"eve" signed by "Corp CA": it ends sooner, on 2027-01-02.'],
  more: 3,
};

test("the log says which was chosen, and why the others fell out", () => {
  expect(entryOf(found, "one")).toMatchObject({
    level: "info",
    message:
      'client certificate for proxy.corp.test:8443: "ada" signed by "Corp CA", valid to 4 March 2027; ' +
      'passed over: "eve" signed by "Corp CA": it ends sooner, on 2027-01-02. 3 more certificates.',
  });
  expect(draftOf(found)).toMatchObject({
    level: "info",
    facts: { Store: "~/.pki/nssdb", Fingerprint: "AA:BB", "Passed over": expect.stringContaining("eve") as string },
  });
});

test("none is a warning, and not being asked is not", () => {
  const none: Searched = { ...found, chosen: null };
  expect([entryOf(none, "one").level, draftOf(none)?.level]).toEqual(["warn", "warning"]);
  expect(searchWords(none)).toBe("No client certificate in ~/.pki/nssdb fits proxy.corp.test:8443");
  const unasked: Searched = { ...none, asked: false, passedOver: [], more: 0 };
  expect([entryOf(unasked, "one").level, draftOf(unasked)?.facts]).toEqual(["info", { Store: "~/.pki/nssdb" }]);
  expect(searchWords(unasked)).toBe("proxy.corp.test:8443 asks for no client certificate");
  expect(passedOverWords(unasked)).toBe("");
});
