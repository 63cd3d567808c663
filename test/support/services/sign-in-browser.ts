// A program for `--browser-cmd` that signs in without a window: sign-in-browser.ts CA-FILE URL
import { readFileSync } from "node:fs";
import { headlessSignIn } from "../access-proxy/index.ts";

const [caFile, url] = process.argv.slice(2);
if (caFile === undefined || url === undefined) throw new Error("usage: sign-in-browser.ts CA-FILE URL");
const { status } = await headlessSignIn(url, { caPem: readFileSync(caFile, "utf8") });
process.exitCode = status === 200 ? 0 : 1;
