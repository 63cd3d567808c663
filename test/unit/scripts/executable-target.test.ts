import { describe, expect, test } from "vitest";
import { isThisMachine, nameOf, nodeFor, programNameOf, targetOf } from "../../../scripts/executable/target.ts";

describe("what the executable is made for", () => {
  test.each([
    ["linux", "x64", "linux-x64", "culvert"],
    ["darwin", "arm64", "mac-arm64", "culvert"],
    ["mac", "x64", "mac-x64", "culvert"],
    ["win32", "x64", "win-x64", "culvert.exe"],
    ["win", "arm64", "win-arm64", "culvert.exe"],
  ])("%s %s", (platform, arch, name, program) => {
    const target = targetOf(platform, arch);
    expect([nameOf(target), programNameOf(target)]).toEqual([name, program]);
  });

  test("anything else is one clear line", () => {
    expect(() => targetOf("beos", "x64")).toThrow('There is no platform "beos": use linux, mac or win.');
    expect(() => targetOf("linux", "mips")).toThrow('There is no architecture "mips": use x64 or arm64.');
  });

  test("a Node that is not there is named, with the way to it", () => {
    const other = targetOf("win", process.platform === "win32" && process.arch === "arm64" ? "x64" : "arm64");
    expect(isThisMachine(other)).toBe(false);
    expect(() => nodeFor(other)).toThrow(/^Node for win-\w+ is not in node_modules: npm install .*node-win-\w+@\d+\./);
  });

  test.skipIf(process.platform === "darwin")("macOS is for macOS alone, since it has to be signed", () => {
    expect(() => nodeFor(targetOf("mac", "arm64"))).toThrow("codesign is on macOS alone");
  });
});
