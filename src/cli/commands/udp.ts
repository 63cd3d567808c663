import { storePasswordNote, tunnelFlags } from "../arguments/flags.ts";
import type { CommandSpec } from "../arguments/spec.ts";
import type { Command } from "../command.ts";
import { runTunnels } from "./run-tunnels.ts";

const spec: CommandSpec = {
  name: "udp",
  summary: "open local UDP ports that lead to routes of Pomerium",
  usage: ["udp DESTINATION [--listen ADDRESS] [flags]", "udp DESTINATION=ADDRESS… [flags]"],
  about: [
    "DESTINATION is the address of a UDP route: HOST:PORT, udp+https://HOST:PORT, or\nudp+https://PROXY[:PORT]/HOST:PORT where the proxy has another name or port.\nA TCP route goes along as tcp+https://HOST:PORT, even on a local port of the same number.",
    "ADDRESS is HOST:PORT, PORT (loopback), or :PORT (every interface). IPv6 goes in brackets: [::1]:5353.",
    "Every local address that sends is a client with a way of its own. Its first datagrams wait while you sign in.",
    "The service account is taken from --service-account, else --service-account-file, else CULVERT_SERVICE_ACCOUNT.",
    storePasswordNote,
  ],
  positionals: { min: 1, max: 256, name: "destination" },
  flags: tunnelFlags,
  examples: [
    "culvert udp dns.corp.example.com:53 --listen 5353",
    "culvert udp dns.corp.example.com:53=5353 tcp+https://dns-tcp.corp.example.com:53=5353",
    "culvert udp time.corp.example.com:123=1123 --idle-timeout 30s",
  ],
};

/** `culvert udp`. */
export const udp: Command = { spec, run: (context, given) => runTunnels(context, given, "udp") };
