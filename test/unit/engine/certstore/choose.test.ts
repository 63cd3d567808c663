import { beforeAll, describe, expect, test } from "vitest";
import { readCertificate } from "../../../../src/engine/certstore/certificate.ts";
import { choose, type Candidate, type Wanted } from "../../../../src/engine/certstore/choose.ts";
import { parseNameFilter } from "../../../../src/engine/certstore/filters.ts";
import { shortName } from "../../../../src/engine/certstore/names.ts";
import { Authority, derOf, type IssueRequest } from "../../../support/certificates.ts";

let corp: Authority;
let partner: Authority;
beforeAll(async () => {
  [corp, partner] = await Promise.all([Authority.root("CN=Corp CA, O=Corp"), Authority.root("CN=Partner CA")]);
});

const mine = async (authority: Authority, request: IssueRequest): Promise<Candidate> => ({
  der: derOf((await authority.issue(request)).cert),
  hasKey: true,
});
const ca = ({ pem }: Authority): Candidate => ({ der: derOf(pem), hasKey: false });
const subjectOf = ({ pem }: Authority): Buffer => readCertificate(derOf(pem)).subject;

const pick = (candidates: readonly Candidate[], wanted: Partial<Wanted> = {}) => {
  const { chosen, passedOver } = choose(candidates, {
    caNames: [],
    issuer: null,
    subject: null,
    now: Date.now(),
    ...wanted,
  });
  const named = (der: Buffer): string => shortName(readCertificate(der).subject);
  return { name: chosen && named(chosen.facts.der), chain: chosen?.chain.map(named), passedOver };
};

test("the one that is valid longest wins, whatever the order", async () => {
  const all = [
    await mine(corp, { subject: "CN=a", toDays: 10 }),
    await mine(corp, { subject: "CN=b", toDays: 30 }),
    await mine(corp, { subject: "CN=c", toDays: 20 }),
  ];
  for (const order of [all, [...all].reverse()]) {
    const { name, passedOver } = pick(order);
    expect(name).toBe("b");
    expect(passedOver).toHaveLength(2);
    for (const reason of passedOver) expect(reason).toMatch(/^"[ac]" signed by "Corp CA": it ends sooner, on /);
  }
});

test("a key that can be used goes before one that waits for its PIN, however long that is valid", async () => {
  const card = { ...(await mine(corp, { subject: "CN=card", toDays: 90 })), isLocked: true };
  const file = await mine(corp, { subject: "CN=file", toDays: 9 });
  expect(pick([card, file])).toMatchObject({
    name: "file",
    passedOver: ['"card" signed by "Corp CA": its key waits for a password or PIN.'],
  });
  expect(pick([card]).name).toBe("card");
});

test("expired, not yet valid, of another use, without a key: each falls out for its own reason", async () => {
  const noKey = { ...(await mine(corp, { subject: "CN=keyless" })), hasKey: false };
  const { name, passedOver } = pick([
    await mine(corp, { subject: "CN=old", fromDays: -9, toDays: -1 }),
    await mine(corp, { subject: "CN=young", fromDays: 1 }),
    await mine(corp, { subject: "CN=server", usage: "server" }),
    noKey,
    { der: Buffer.from("junk"), hasKey: true },
  ]);
  expect(name).toBeNull();
  expect(passedOver.map((reason) => reason.replace(/\d+ \w+ \d{4}/, "DAY"))).toEqual([
    "A certificate cannot be read.",
    '"old" signed by "Corp CA": it ended on DAY.',
    '"young" signed by "Corp CA": it is not valid before DAY.',
    '"server" signed by "Corp CA": it is not for client authentication.',
    '"keyless" signed by "Corp CA": its private key is not in the store.',
  ]);
});

test("what is wrong with one's own certificates is told before other people's certificates", async () => {
  const friends = ["CN=bob", "CN=eve"].map(async (subject) => ({ ...(await mine(corp, { subject })), hasKey: false }));
  const { passedOver } = pick([
    ...(await Promise.all(friends)),
    await mine(corp, { subject: "CN=ada", usage: "server" }),
    await mine(corp, { subject: "CN=ada (short)", toDays: 2 }),
    await mine(corp, { subject: "CN=ada (long)", toDays: 20 }),
  ]);
  expect(passedOver.map((reason) => reason.split('"')[1])).toEqual(["ada", "ada (short)", "bob", "eve"]);
});

test("a certificate that is there twice, with its key and without, is one", async () => {
  const ada = await mine(corp, { subject: "CN=ada" });
  const copy = { ...ada, hasKey: false };
  for (const all of [
    [ada, copy],
    [copy, ada],
    [copy, ada, ada],
  ]) {
    expect(pick(all)).toMatchObject({ name: "ada", passedOver: [] });
    expect(choose(all, { caNames: [], issuer: null, subject: null, now: Date.now() }).usable).toBe(1);
  }
});

test("a certificate without extended key usage is for clients too", async () => {
  expect(pick([await mine(corp, { subject: "CN=any", usage: "none" })]).name).toBe("any");
});

test("a CA's own certificate is the last resort, and not one that only signs certificates", () => {
  expect(pick([{ ...ca(corp), hasKey: true }])).toMatchObject({
    name: null,
    passedOver: ['"Corp CA" signed by "Corp CA": it is not for client authentication.'],
  });
});

test("filters look at the issuer that signed it and at the subject", async () => {
  const all = [
    await mine(corp, { subject: "CN=ada, OU=Sales", toDays: 10 }),
    await mine(partner, { subject: "CN=ada, OU=Guests", toDays: 90 }),
  ];
  expect(pick(all, { issuer: parseNameFilter("O=Corp") })).toMatchObject({
    chain: ["ada"],
    passedOver: ['"ada" signed by "Partner CA": its issuer is not O=Corp.'],
  });
  expect(pick(all, { subject: parseNameFilter("OU=Nobody") }).passedOver).toHaveLength(2);
});

describe("the CAs that the proxy accepts", () => {
  test("count before the validity", async () => {
    const all = [
      await mine(corp, { subject: "CN=ada", toDays: 10 }),
      await mine(partner, { subject: "CN=guest", toDays: 90 }),
    ];
    const { name, passedOver } = pick(all, { caNames: [subjectOf(corp)] });
    expect(name).toBe("ada");
    expect(passedOver).toEqual([
      '"guest" signed by "Partner CA": none of the CAs that the proxy accepts ("Corp CA") has signed it, and no certificate of "Partner CA" in the store links it to one of them.',
    ]);
    expect(pick(all, { caNames: [subjectOf(corp), subjectOf(partner)] }).name).toBe("guest");
  });

  test("are named where none of them has signed it, each once and not without end", async () => {
    const [guest] = pick([await mine(partner, { subject: "CN=guest" }), ca(partner)], {
      caNames: [subjectOf(corp), subjectOf(corp), Buffer.from("junk")],
    }).passedOver;
    expect(guest).toBe(
      '"guest" signed by "Partner CA": none of the CAs that the proxy accepts ("Corp CA" and 1 more) has signed it.',
    );
    const many = await Promise.all(Array.from({ length: 5 }, (_, index) => Authority.root(`CN=Many ${index}`)));
    const other = await mine(partner, { subject: "CN=guest" });
    const named = (...caNames: Buffer[]): string | undefined =>
      /accepts (.*)has signed/.exec(pick([other], { caNames }).passedOver[0] ?? "")?.[1]?.trim();
    expect(named(...many.slice(0, 3).map(subjectOf))).toBe('("Many 0", "Many 1", "Many 2")');
    expect(named(...many.map(subjectOf))).toBe('("Many 0", "Many 1", "Many 2" and 2 more)');
    expect(named(Buffer.from("junk"))).toBe("");
  });

  test("are not linked to by a CA in between that is not in the store, as far as that can be known", async () => {
    const first = await corp.intermediate("CN=First");
    const second = await first.intermediate("CN=Second");
    const other = await corp.intermediate("CN=Second");
    const leaf = await mine(second, { subject: "CN=ada" });
    const why = (...store: Candidate[]): string | undefined =>
      pick([leaf, ...store], { caNames: [subjectOf(corp)] }).passedOver[0]?.split(" has signed it")[1];
    expect(why()).toBe(', and no certificate of "Second" in the store links it to one of them.');
    expect(why(ca(other))).toBe(', and no certificate of "Second" in the store links it to one of them.');
    expect(why(ca(second))).toBe(', and no certificate of "First" in the store links it to one of them.');
    const stranger = await mine(partner, { subject: "CN=guest" });
    expect(pick([stranger, ca(partner)], { caNames: [subjectOf(corp)] }).passedOver[0]).toMatch(/has signed it\.$/);
  });

  test("are found through the intermediate ones of the store, which come along without the root", async () => {
    const first = await corp.intermediate("CN=First");
    const second = await first.intermediate("CN=Second");
    const leaf = await mine(second, { subject: "CN=ada" });
    const wanted = { caNames: [subjectOf(corp)] };
    expect(pick([leaf, ca(first), ca(second), ca(corp)], wanted).chain).toEqual(["ada", "Second", "First"]);
    expect(pick([leaf, ca(first), ca(second)], wanted).chain).toEqual(["ada", "Second", "First"]);
    expect(pick([leaf, ca(second)], wanted).name).toBeNull();
    // Beyond a CA that is accepted the chain is made complete.
    const middle = { caNames: [subjectOf(second)] };
    expect(pick([leaf, ca(first), ca(second), ca(corp)], middle).chain).toEqual(["ada", "Second", "First"]);
    expect(pick([leaf, ca(first), ca(second)]).chain).toEqual(["ada", "Second", "First"]);
  });

  test("are not found through a CA of the same name that did not sign, or one that has expired", async () => {
    const real = await corp.intermediate("CN=Issuing");
    const other = await corp.intermediate("CN=Issuing");
    const expired = await corp.intermediate("CN=Old issuing", { fromDays: -9, toDays: -1 });
    const wanted = { caNames: [subjectOf(corp)] };
    const leaf = await mine(real, { subject: "CN=ada" });
    expect(pick([leaf, ca(other)], wanted).name).toBeNull();
    expect(pick([leaf, ca(other), ca(real)], wanted).chain).toEqual(["ada", "Issuing"]);
    expect(pick([await mine(expired, { subject: "CN=ada" }), ca(expired)], wanted).name).toBeNull();
  });

  test("are said to be out of reach because of a CA in between whose time it is not", async () => {
    const wanted = { caNames: [subjectOf(corp)] };
    const why = async (dates: { fromDays: number; toDays: number }): Promise<readonly string[]> => {
      const issuing = await corp.intermediate("CN=Issuing", dates);
      const below = await issuing.intermediate("CN=People");
      const all = [await mine(below, { subject: "CN=ada" }), ca(below), ca(issuing), ca(partner)];
      return pick(all, wanted).passedOver.map((reason) => reason.replace(/\d+ \w+ \d{4}/, "DAY"));
    };
    expect(await why({ fromDays: -9, toDays: -1 })).toEqual([
      '"ada" signed by "People": the CA "Issuing" above it ended on DAY.',
    ]);
    expect(await why({ fromDays: 1, toDays: 9 })).toEqual([
      '"ada" signed by "People": the CA "Issuing" above it is not valid before DAY.',
    ]);
  });

  test("end where CAs sign each other in a circle, or a chain is longer than any", async () => {
    const deep: Authority[] = [corp];
    for (let level = 1; level <= 10; level += 1) {
      deep.push(await (deep.at(-1) as Authority).intermediate(`CN=Level ${level}`));
    }
    const leaf = await mine(deep.at(-1) as Authority, { subject: "CN=ada" });
    const all = [leaf, ...deep.map(ca)];
    expect(pick(all, { caNames: [subjectOf(corp)] }).name).toBeNull();
    expect(pick(all).chain).toHaveLength(8);
    const circle = [await corp.crossSigned(partner), await partner.crossSigned(corp)].map((pem) => ({
      der: derOf(pem),
      hasKey: false,
    }));
    const below = await mine(corp, { subject: "CN=bob" });
    expect(pick([below, ...circle], { caNames: [subjectOf(deep[5] as Authority)] }).name).toBeNull();
    expect(pick([below, ...circle]).chain?.length).toBeLessThanOrEqual(3);
  });

  test("are looked for once each, however CAs have signed each other", async () => {
    const pairs = Array.from({ length: 6 }, async () => [
      await corp.crossSigned(partner),
      await partner.crossSigned(corp),
    ]);
    const crossed = (await Promise.all(pairs)).flat().map((pem) => ({ der: derOf(pem), hasKey: false }));
    const leaf = await mine(corp, { subject: "CN=ada" });
    const began = performance.now();
    expect(pick([leaf, ...crossed], { caNames: [subjectOf(await Authority.root("CN=Another"))] }).name).toBeNull();
    // One way after the other would be hundreds of thousands of signatures.
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});
