// `culvert` for the commands of docs/guides: guide-culvert.ts PROXY-PORT CA-FILE ARGUMENT…
//
// The guides speak of a Pomerium at https://NAME.corp.example.com. Here that is the rig's proxy, so this leads every such
// name to loopback and adds what people have set up before they follow a guide: the proxy's port (they have 443), the
// organisation's CA (they have it in the system's store), and a browser that signs in. CA-FILE "none" leaves the CA out.
// Any other name below example.com is a spelling mistake, and unknown without asking the network. For an executable
// (CULVERT_PROGRAM) libnss-wrapper leads the names; what it does not know, it does ask the network for.
import dns from "node:dns";
import type { LookupOptions } from "node:dns";
import { mkdtempSync, writeFileSync } from "node:fs";
import path from "node:path";
import { culvertExecutable } from "../run-culvert.ts";
import { nssWrapper } from "./guide-names.ts";
import { guideHosts, originOnPort } from "./guide.ts";
import { signInBrowser } from "./tunnel-rig.ts";

type Found = (error: Error | null, address: string | { address: string; family: number }[], family?: number) => void;

const systemLookup = dns.lookup as (host: string, options: LookupOptions, found: Found) => void;
Object.assign(dns, {
  lookup: (host: string, options: LookupOptions, found: Found): void => {
    const isOurs = guideHosts.exec(host)?.[0] === host;
    if (!isOurs && !host.endsWith(".example.com")) systemLookup(host, options, found);
    else if (!isOurs) {
      found(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: "ENOTFOUND" }), "");
    } else if (options.all === true) found(null, [{ address: "127.0.0.1", family: 4 }]);
    else found(null, "127.0.0.1", 4);
  },
});

const [port = "", caFile = "", command = "", ...given] = process.argv.slice(2);
const args = given.map((arg) => originOnPort(arg, port));
if (["tcp", "udp"].includes(command) && !args.includes("--pomerium-url")) {
  const host = args.map((arg) => /^([\w.-]+\.example\.com):\d/.exec(arg)?.[1]).find((name) => name !== undefined);
  if (host !== undefined) args.push("--pomerium-url", `https://${host}:${port}`);
}
if (["tcp", "udp", "login", "logout"].includes(command) && caFile !== "none") {
  if (!args.includes("--alternate-ca-path")) args.push("--alternate-ca-path", caFile);
  if (command !== "logout") args.push("--browser-cmd", `'${process.execPath}' '${signInBrowser}' '${caFile}'`);
}
if (culvertExecutable !== null) become(culvertExecutable, [command, ...args]);
process.argv.splice(2, process.argv.length, command, ...args);
await import("../../../src/cli/index.ts");

/** Makes this process the executable, with the same pid for whoever sends a signal. */
function become(program: string, words: readonly string[]): never {
  const names = new Set(words.join(" ").match(new RegExp(guideHosts, "g")));
  // In the rig's folder, which is removed when the test ends.
  const folder = path.dirname(process.env["CULVERT_HOME"] ?? "");
  const hosts = path.join(mkdtempSync(path.join(folder, "hosts-")), "hosts");
  writeFileSync(hosts, [...names].map((name) => `127.0.0.1 ${name}\n`).join(""));
  const env = { ...process.env, LD_PRELOAD: nssWrapper() ?? "", NSS_WRAPPER_HOSTS: hosts };
  if (process.execve === undefined) throw new Error("This system cannot replace a process by another.");
  process.execve(program, [program, ...words], env);
  throw new Error(`${program} could not be started.`);
}
