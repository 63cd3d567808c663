import { AppError } from "../../shared/errors.ts";
import {
  jsonLogFlag,
  listenFlag,
  noSharedSignInFlag,
  pomeriumUrlFlag,
  serviceAccountFlags,
  signInFlags,
  tlsFlags,
} from "../arguments/flags.ts";
import type { CommandSpec } from "../arguments/spec.ts";
import type { Command } from "../command.ts";

const spec: CommandSpec = {
  name: "udp",
  summary: "open local UDP ports (not available yet)",
  usage: ["udp DESTINATION [flags]"],
  about: ['UDP routes are not available yet. Use "pomerium-cli udp" for them until then.'],
  positionals: { min: 0, max: 256, name: "destination" },
  flags: [
    listenFlag,
    pomeriumUrlFlag,
    ...tlsFlags,
    ...signInFlags,
    ...serviceAccountFlags,
    noSharedSignInFlag,
    jsonLogFlag,
  ],
};

/** `culvert udp`, which says what to use instead. */
export const udp: Command = {
  spec,
  run: () =>
    Promise.reject(
      new AppError("not-available-yet", "UDP routes are not available yet.", {
        userAction: 'Use "pomerium-cli udp" for them until then; TCP routes work with "culvert tcp".',
      }),
    ),
};
