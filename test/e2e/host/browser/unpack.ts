import path from "node:path";
import { inflate } from "@sparticuz/chromium";

/** Unpacks what the package holds in the folder of the first argument to where TMPDIR points. */
const [packed = ""] = process.argv.slice(2);
for (const name of ["chromium.br", "al2023.tar.br", "fonts.tar.br"]) await inflate(path.join(packed, name));
