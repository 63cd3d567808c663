import { FileSessionStore } from "../../../src/cli/store/file-session-store.ts";
import type { Session } from "../../../src/engine/index.ts";
import { appendFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/**
 * One process of the session store tests.
 * `churn HOME PROXY COUNT` puts, lists and removes; `turns HOME FILE COUNT` writes when it enters and leaves
 * `exclusive`; `hold HOME` enters and stays.
 */
const [mode, home = "", place = "", count = "0"] = process.argv.slice(2);
const store = new FileSessionStore(home);
const signal = new AbortController().signal;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

if (mode === "churn") {
  for (let round = 0; round < Number(count); round++) {
    const session: Session = {
      proxy: `${place}${round % 2 === 0 ? "" : ":8443"}`,
      jwt: `a.${process.pid}.${round}`,
      createdAt: Date.now(),
      pomerium: null,
      verified: true,
    };
    await store.put(session);
    const seen = await store.list();
    if (seen.some((one) => !/^a\.\d+\.\d+$/.test(one.jwt))) throw new Error("a torn file was read");
    if (round % 3 === 0) await store.remove(session);
  }
} else if (mode === "turns") {
  for (let round = 0; round < Number(count); round++) {
    await store.exclusive("one", signal, async () => {
      appendFileSync(place, `+${process.pid}\n`);
      await delay(1);
      appendFileSync(place, `-${process.pid}\n`);
    });
  }
} else if (mode === "hold") {
  await store.exclusive("one", signal, async () => {
    say("held");
    await delay(600_000);
  });
}
