import { InstanceLock } from "../../e2e/host/double/instance-lock.ts";

/** Takes the lock of a folder, says whether it is the first, and what it hears; until it is killed, or at once when not the first. */
const [userData = "", folder = "", word = ""] = process.argv.slice(2);
const lock = new InstanceLock(userData, folder, (heard) =>
  process.stdout.write(`heard ${JSON.stringify(heard.data)}\n`),
);
const first = lock.take({ argv: [], cwd: process.cwd(), data: { word } });
process.stdout.write(first ? "first\n" : "second\n");
if (first) setInterval(() => undefined, 1_000);
