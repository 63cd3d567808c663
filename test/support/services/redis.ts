import { rmSync } from "node:fs";
import { onFreePort, startServer } from "./processes.ts";
import { firstMissing, program, type Service } from "./programs.ts";
import { temporaryFolder } from "../temporary-folder.ts";

export interface RedisServer {
  readonly host: "127.0.0.1";
  readonly port: number;
  close(): Promise<void>;
}

/** redis-server and redis-cli. */
export const redis: Service & { start(): Promise<RedisServer> } = {
  available: () => firstMissing("redis-server", "redis-cli"),

  /** Starts an empty Redis that keeps nothing. */
  async start() {
    const folder = temporaryFolder("redis");
    try {
      return await onFreePort(async (port) => {
        const args = [
          "--port",
          String(port),
          "--bind",
          "127.0.0.1",
          "--dir",
          folder,
          "--save",
          "",
          "--appendonly",
          "no",
        ];
        const server = await startServer(program("redis-server"), args, { ready: /Ready to accept connections/ });
        const close = async (): Promise<void> => {
          await server.stop("SIGTERM");
          rmSync(folder, { recursive: true, force: true });
        };
        return { host: "127.0.0.1", port, close };
      });
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  },
};
