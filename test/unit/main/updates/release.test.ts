import { expect, test } from "vitest";
import { releaseIn, type Wanted } from "../../../../src/main/updates/release.ts";
import { isNewer, isReleaseVersion } from "../../../../src/main/updates/versions.ts";
import { AppError } from "../../../../src/shared/errors.ts";

const sha512 = `${"A".repeat(86)}==`;
const file = (url: string) => ({ url, sha512, size: 1_000 });
const wanted: Wanted = { running: "1.4.2", way: "appimage", arch: "x64", system: "6.1.0-37-amd64" };
const metadata = (change: Readonly<Record<string, unknown>> = {}) => ({
  version: "1.5.0",
  files: [file("Culvert-1.5.0-x86_64.AppImage"), file("culvert_1.5.0_amd64.deb")],
  path: "Culvert-1.5.0-x86_64.AppImage",
  sha512,
  releaseDate: "2026-11-21T00:00:00.000Z",
  ...change,
});

test.each([
  ["1.5.0", "1.4.2", true],
  ["1.4.10", "1.4.9", true],
  ["2.0.0", "1.99.99", true],
  ["1.4.2", "1.4.2", false],
  ["1.4.1", "1.4.2", false],
  ["1.3.99", "1.4.2", false],
  ["1.5.0", "1.5.0-beta.1", true],
  ["1.5.0-beta.1", "1.5.0", false],
  ["1.5.0-beta.2", "1.5.0-beta.1", false],
  ["01.5.0", "1.4.2", false],
  ["1.5", "1.4.2", false],
  ["v1.5.0", "1.4.2", false],
  ["1.5.0+build", "1.4.2", false],
  ["9999999.0.0", "1.4.2", false],
  ["1.5.0\n", "1.4.2", false],
  ["1.5.0", "development", false],
])("%s is newer than %s: %s", (one, other, expected) => {
  expect(isNewer(one, other)).toBe(expected);
});

test("a feed offers releases, not what comes before them", () => {
  expect(["1.5.0", "0.0.1"].every(isReleaseVersion)).toBe(true);
  expect(["1.5.0-beta.1", "1.5.0-", "latest", ""].some(isReleaseVersion)).toBe(false);
});

test("a newer version is offered with the one file that fits; the same and a lower one are not offered", () => {
  expect(releaseIn(metadata(), wanted)).toEqual({
    version: "1.5.0",
    file: { name: "Culvert-1.5.0-x86_64.AppImage", sha512, size: 1_000 },
  });
  expect(releaseIn(metadata({ version: "1.4.2" }), wanted)).toBeNull();
  expect(releaseIn(metadata({ version: "1.4.1" }), wanted)).toBeNull();
});

test.each([
  ["nsis", "x64", ["Culvert-Setup-1.5.0-arm64.exe", "Culvert-Setup-1.5.0-x64.exe"], "Culvert-Setup-1.5.0-x64.exe"],
  ["nsis", "arm64", ["Culvert-Setup-1.5.0.exe"], "Culvert-Setup-1.5.0.exe"],
  ["squirrel", "arm64", ["Culvert-1.5.0-mac.zip", "Culvert-1.5.0-arm64-mac.zip"], "Culvert-1.5.0-arm64-mac.zip"],
  ["squirrel", "x64", ["Culvert-1.5.0-arm64-mac.zip", "Culvert-1.5.0-mac.zip"], "Culvert-1.5.0-mac.zip"],
  [
    "squirrel",
    "x64",
    ["Culvert-1.5.0-universal.dmg", "Culvert-1.5.0-universal-mac.zip"],
    "Culvert-1.5.0-universal-mac.zip",
  ],
  ["appimage", "arm64", ["Culvert-1.5.0-arm64.AppImage"], "Culvert-1.5.0-arm64.AppImage"],
] as const)("on %s %s of %j it takes %s", (way, arch, names, expected) => {
  const release = releaseIn(metadata({ files: names.map(file) }), { ...wanted, way, arch, system: "25.0.0" });
  expect(release?.file.name).toBe(expected);
});

test.each([
  ["no file of this kind", ["Culvert-1.5.0-mac.zip", "Culvert.exe"]],
  ["another architecture alone", ["Culvert-1.5.0-arm64.AppImage"]],
])("%s is refused", (_what, names) => {
  expect(() => releaseIn(metadata({ files: names.map(file) }), wanted)).toThrow(
    "The update server’s answer was not accepted: Culvert 1.5.0 has no file for this computer.",
  );
});

test.each<[string, unknown]>([
  ["nothing", null],
  ["a text", "version: 1.5.0"],
  ["a list", [metadata()]],
  ["no version", metadata({ version: undefined })],
  ["a number for a version", metadata({ version: 1.5 })],
  ["a version that is a path", metadata({ version: "1.5.0/../.." })],
  ["a huge version", metadata({ version: `${"9".repeat(5_000)}.0.0` })],
  ["no files", metadata({ files: [] })],
  ["files of the wrong kind", metadata({ files: "Culvert.AppImage" })],
  ["too many files", metadata({ files: Array.from({ length: 33 }, () => file("a.AppImage")) })],
  ["another host", metadata({ files: [file("https://evil.example/Culvert.AppImage")] })],
  ["another host by two slashes", metadata({ files: [file("//evil.example/Culvert.AppImage")] })],
  ["plain http", metadata({ files: [file("http://updates.example/Culvert.AppImage")] })],
  ["a folder above", metadata({ files: [file("../Culvert.AppImage")] })],
  ["a folder above, in code", metadata({ files: [file("%2e%2e%2fCulvert.AppImage")] })],
  ["a folder of Windows", metadata({ files: [file("..\\Culvert.AppImage")] })],
  ["an absolute path", metadata({ files: [file("/tmp/Culvert.AppImage")] })],
  ["a hidden file", metadata({ files: [file(".bashrc")] })],
  ["a name with a quote", metadata({ files: [file("Culvert';calc;'.AppImage")] })],
  ["a name with a line end", metadata({ files: [file("Culvert\n.AppImage")] })],
  ["a long name", metadata({ files: [file(`${"a".repeat(300)}.AppImage`)] })],
  ["no checksum", metadata({ files: [{ url: "Culvert.AppImage", size: 1 }] })],
  ["a checksum of another kind", metadata({ files: [{ ...file("Culvert.AppImage"), sha512: "ab".repeat(64) }] })],
  ["no size", metadata({ files: [{ url: "Culvert.AppImage", sha512 }] })],
  ["a huge size", metadata({ files: [{ ...file("Culvert.AppImage"), size: 2 ** 40 }] })],
  ["a size below one", metadata({ files: [{ ...file("Culvert.AppImage"), size: 0 }] })],
  ["a size of half a byte", metadata({ files: [{ ...file("Culvert.AppImage"), size: 1.5 }] })],
  ["one file out of order among good ones", metadata({ files: [file("a.AppImage"), file("../b.deb")] })],
  ["a validity that is no time", metadata({ validUntil: "soon" })],
  ["a validity in a month that is none", metadata({ validUntil: "2026-13-01T00:00:00Z" })],
  ["a validity in numbers", metadata({ validUntil: 1_798_675_200 })],
  ["a validity that is no date", metadata({ validUntil: new Date(Number.NaN) })],
  ["a minimum that is no version", metadata({ minimumSystemVersion: "ten" })],
])("metadata with %s is refused", (_what, parsed) => {
  let thrown: unknown;
  try {
    releaseIn(parsed, wanted);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(AppError);
  expect(thrown).toMatchObject({ code: "update-refused" });
  // What is in it is not repeated.
  expect((thrown as Error).message).not.toMatch(/evil|calc|999/);
});

test("a release that needs a newer system says so, and a system that cannot be compared is let through", () => {
  const needs = (minimumSystemVersion: string, system: string) => () =>
    releaseIn(metadata({ minimumSystemVersion }), { ...wanted, system });
  expect(needs("7.0.0", "6.1.0-37-amd64")).toThrow("Culvert 1.5.0 needs a newer version of this system.");
  expect(needs("6.1.1", "6.1.0-37-amd64")).toThrow("newer version of this system");
  expect(needs("6.1.0", "6.1.0-37-amd64")()?.version).toBe("1.5.0");
  expect(needs("10.0.22631", "10.0.26100")()?.version).toBe("1.5.0");
  expect(needs("7", "unknown")()?.version).toBe("1.5.0");
});

test("metadata that has run out does not pass for news, but a newer version in it is offered all the same", () => {
  const now = Date.parse("2026-12-31T12:00:00Z");
  // As one reader of YAML has it, and as another.
  for (const late of ["2026-12-31T11:59:59Z", new Date(now - 1_000)]) {
    const same = metadata({ version: "1.4.2", validUntil: late });
    expect(() => releaseIn(same, wanted, now)).toThrow(
      expect.objectContaining({
        code: "update-failed",
        message: "The update server’s list of versions was good until 2026-12-31: there may be a newer one.",
        retryable: true,
      }),
    );
    expect(releaseIn(metadata({ validUntil: late }), wanted, now)?.version).toBe("1.5.0");
  }
  for (const good of ["2026-12-31T12:00:01Z", "2027-01-31T00:00:00.000Z", undefined])
    expect(releaseIn(metadata({ version: "1.4.2", validUntil: good }), wanted, now)).toBeNull();
});
