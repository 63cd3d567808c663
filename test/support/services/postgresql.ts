import { execFileSync } from "node:child_process";
import { chownSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { onFreePort, run, startServer } from "./processes.ts";
import { findProgram, firstMissing, program, versionedFolders, type Service } from "./programs.ts";
import { temporaryFolder } from "../temporary-folder.ts";

export interface PostgresqlServer {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** Superuser that needs no password. */
  readonly user: string;
  close(): Promise<void>;
}

export interface PostgresqlOptions {
  /** Default `tester`. */
  readonly user?: string;
  /** Name of a database to make besides `postgres`. */
  readonly database?: string;
  /** Certificate and key, both PEM: the server then takes TLS connections, too. */
  readonly tls?: { readonly certPem: string; readonly keyPem: string };
}

/** Debian keeps the server's programs off the PATH. */
const serverFolders = (): string[] => versionedFolders("/usr/lib/postgresql", "bin");

/** PostgreSQL refuses to run as root; everyone else runs it as themselves. */
function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (kind: "-u" | "-g"): number => Number(execFileSync("id", [kind, "postgres"], { encoding: "utf8" }));
  return { uid: idOf("-u"), gid: idOf("-g") };
}

function hasServerUser(): boolean {
  try {
    serverUser();
    return true;
  } catch {
    return false;
  }
}

/** initdb, postgres and psql. */
export const postgresql: Service & { start(options?: PostgresqlOptions): Promise<PostgresqlServer> } = {
  available() {
    const server = ["initdb", "postgres"].find((name) => findProgram(name, serverFolders()) === null);
    return server ?? firstMissing("psql") ?? (hasServerUser() ? null : "a user named postgres");
  },

  /** Starts a new, empty cluster that forgets everything at its end. */
  async start({ user = "tester", database, tls } = {}) {
    const folder = temporaryFolder("postgresql");
    const remove = (): void => rmSync(folder, { recursive: true, force: true });
    const account = serverUser();
    try {
      if (account) chownSync(folder, account.uid, account.gid);
      const as = account === undefined ? { cwd: folder } : { user: account, cwd: folder };
      const data = path.join(folder, "data");
      const settings = ["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", "--username", user];
      const made = await run(program("initdb", serverFolders()), ["-D", data, ...settings], as);
      if (made.code !== 0) throw new Error(`initdb failed:\n${made.stderr}`);
      const options = ["fsync=off", "full_page_writes=off", "unix_socket_directories=", "listen_addresses=127.0.0.1"];
      if (tls !== undefined) {
        for (const [name, text] of Object.entries({ "server.crt": tls.certPem, "server.key": tls.keyPem })) {
          writeFileSync(path.join(data, name), text, { mode: 0o600 });
          if (account) chownSync(path.join(data, name), account.uid, account.gid);
        }
        options.push("ssl=on");
      }
      const server = await onFreePort(async (port) => {
        const args = ["-D", data, "-p", String(port), ...options.flatMap((option) => ["-c", option])];
        const ready = /database system is ready to accept connections/;
        return { port, ...(await startServer(program("postgres", serverFolders()), args, { ready, ...as })) };
      });
      const close = async (): Promise<void> => {
        await server.stop("SIGINT");
        remove();
      };
      if (database !== undefined) {
        const args = ["-h", "127.0.0.1", "-p", String(server.port), "-U", user, "-c", `create database ${database}`];
        const created = await run(program("psql"), [...args, "postgres"]);
        if (created.code !== 0) {
          await close();
          throw new Error(`the database was not made:\n${created.stderr}`);
        }
      }
      return { host: "127.0.0.1", port: server.port, user, close };
    } catch (error) {
      remove();
      throw error;
    }
  },
};
