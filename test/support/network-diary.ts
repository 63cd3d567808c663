import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { onTestFinished } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

/** Runs in the process that is watched: writes down every TCP connection, datagram and look-up before it is made. */
const watcher = `
const { appendFileSync } = require("node:fs");
const net = require("node:net");
const dgram = require("node:dgram");
const dns = require("node:dns");
const file = process.env.CULVERT_TEST_DIARY;
const note = (what) => appendFileSync(file, what + "\\n");
const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  const [options] = Array.isArray(args[0]) ? args[0] : args;
  const { path, host, port } = typeof options === "object" ? options : { port: options, host: args[1] };
  if (path === undefined) note("tcp " + (host ?? "localhost") + ":" + port);
  return connect.apply(this, args);
};
for (const name of ["send", "connect"]) {
  const before = dgram.Socket.prototype[name];
  dgram.Socket.prototype[name] = function (...args) {
    note("udp " + args.filter((one) => typeof one !== "function" && typeof one !== "object").join(" "));
    return before.apply(this, args);
  };
}
for (const name of ["lookup", "resolve", "resolve4", "resolve6"])
  for (const api of [dns, dns.promises]) {
    const before = api[name];
    api[name] = function (host, ...rest) {
      // An address asks nobody.
      if (net.isIP(host) === 0) note("dns " + host);
      return before.call(this, host, ...rest);
    };
  }
require("node:module").syncBuiltinESMExports();
note("watching");
`;

export interface NetworkDiary {
  /** To be loaded by the process that is to be watched. */
  readonly script: string;
  /** For its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** What it has done so far, each once. */
  entries(): readonly string[];
}

/** What a Node process does on the network, as it does it. */
export function networkDiary(): NetworkDiary {
  const folder = temporaryFolder("diary");
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [program, file] = [path.join(folder, "watcher.cjs"), path.join(folder, "diary")];
  writeFileSync(program, watcher);
  writeFileSync(file, "");
  return {
    script: program,
    env: { CULVERT_TEST_DIARY: file },
    entries: () => [...new Set(readFileSync(file, "utf8").split("\n"))].filter((line) => line !== ""),
  };
}
