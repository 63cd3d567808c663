import { execFileSync } from "node:child_process";
import { findProgram, type Service } from "./programs.ts";

/** nc of OpenBSD, the one that can end its side alone (-N). */
export const netcat: Service = {
  available() {
    const missing = "netcat-openbsd";
    if (findProgram("nc") === null) return missing;
    try {
      // Its help goes to stderr, and exits with 1 in some versions.
      const help = execFileSync("sh", ["-c", "nc -h 2>&1 || true"], { encoding: "utf8" });
      return /\s-N\b/.test(help) ? null : missing;
    } catch {
      return missing;
    }
  },
};
