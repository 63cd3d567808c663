import { readFileSync } from "node:fs";
import { headlessSignIn } from "../test/support/access-proxy/index.ts";

/** A browser without a window, for the demo and for tests: `demo-browser.ts CA_FILE URL` signs in at once. */
const [caFile = "", url = ""] = process.argv.slice(2);
const { status } = await headlessSignIn(url, { caPem: readFileSync(caFile, "utf8") });
process.exit(status === 200 ? 0 : 1);
