import { userInfo } from "node:os";
import { onFreePort, startServer } from "./processes.ts";
import { findProgram, firstMissing, program, type Service } from "./programs.ts";

export interface DnsServer {
  readonly host: "127.0.0.1";
  /** The same for UDP and TCP. */
  readonly port: number;
  close(): Promise<void>;
}

const serverFolders = ["/usr/sbin", "/usr/local/sbin", "/sbin"];

/** As dnsmasq's options say it; the text is more than fits into the datagrams that dig takes. */
const records = [
  "--host-record=www.corp.example.com,192.0.2.10,2001:db8::10",
  "--mx-host=corp.example.com,mail.corp.example.com,10",
  `--txt-record=keys.corp.example.com,${Array.from({ length: 6 }, (_, n) => String(n).repeat(240)).join(",")}`,
];

/** dnsmasq and dig. */
export const dnsmasq: Service & { start(forwardTo?: { host: string; port: number }): Promise<DnsServer> } = {
  available: () => (findProgram("dnsmasq", serverFolders) === null ? "dnsmasq" : firstMissing("dig")),

  /** Starts a server that knows corp.example.com and asks no other; or one that asks `forwardTo` about it and knows nothing. */
  start(forwardTo) {
    return onFreePort(async (port) => {
      const server = await startServer(
        program("dnsmasq", serverFolders),
        [
          "--keep-in-foreground",
          "--conf-file=/dev/null",
          "--pid-file=",
          "--log-facility=-",
          "--no-resolv",
          "--no-hosts",
          "--bind-interfaces",
          // As long an answer as the client takes: dig takes 1,232 bytes unless it is told otherwise.
          "--edns-packet-max=4096",
          "--listen-address=127.0.0.1",
          `--port=${port}`,
          // Root's dnsmasq would change to a user that may not be there.
          `--user=${userInfo().username}`,
          ...(forwardTo ? [`--server=/corp.example.com/${forwardTo.host}#${forwardTo.port}`] : records),
        ],
        { ready: /: started, version/ },
      );
      const close = async (): Promise<void> => {
        await server.stop("SIGTERM");
      };
      return { host: "127.0.0.1", port, close };
    });
  },
};
