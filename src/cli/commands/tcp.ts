import { storePasswordNote, tunnelFlags } from "../arguments/flags.ts";
import type { CommandSpec } from "../arguments/spec.ts";
import type { Command } from "../command.ts";
import { runTunnels } from "./run-tunnels.ts";

const spec: CommandSpec = {
  name: "tcp",
  summary: "open local TCP ports that lead to routes of Pomerium",
  usage: ["tcp DESTINATION [--listen ADDRESS] [flags]", "tcp DESTINATION=ADDRESS… [flags]"],
  about: [
    "DESTINATION is the address of a TCP route: HOST:PORT, tcp+https://HOST:PORT, or\ntcp+https://PROXY[:PORT]/HOST:PORT where the proxy has another name or port.\nA UDP route goes along as udp+https://HOST:PORT.",
    "ADDRESS is HOST:PORT, PORT (loopback), or :PORT (every interface). IPv6 goes in brackets: [::1]:5432.\n--listen - carries stdin and stdout instead, for ssh's ProxyCommand.",
    "The service account is taken from --service-account, else --service-account-file, else CULVERT_SERVICE_ACCOUNT.",
    storePasswordNote,
  ],
  positionals: { min: 1, max: 256, name: "destination" },
  flags: tunnelFlags,
  examples: [
    "culvert tcp pg.corp.example.com:5432 --listen 5432",
    "culvert tcp redis.corp.example.com:6379=6379 pg.corp.example.com:5432=127.0.0.1:5432",
    "ssh -o ProxyCommand='culvert tcp --listen - %h:%p' ssh.corp.example.com",
  ],
};

/** `culvert tcp`. */
export const tcp: Command = { spec, run: (context, given) => runTunnels(context, given, "tcp") };
