import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import path from "node:path";
import { onFreePort, run, startServer } from "./processes.ts";
import { findProgram, firstMissing, program, type Service } from "./programs.ts";
import { temporaryFolder } from "../temporary-folder.ts";

export interface SshServer {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** Who may sign in: whoever runs the tests. */
  readonly user: string;
  /** File with the private key that opens it. */
  readonly keyFile: string;
  /** The server's public key as a `known_hosts` line needs it: type and key. */
  readonly hostKey: string;
  close(): Promise<void>;
}

const serverFolders = ["/usr/sbin", "/usr/local/sbin", "/sbin"];

async function newKey(file: string): Promise<void> {
  const made = await run(program("ssh-keygen"), ["-q", "-t", "ed25519", "-N", "", "-C", "culvert-test", "-f", file]);
  if (made.code !== 0) throw new Error(`ssh-keygen failed:\n${made.stderr}`);
}

/** sshd and the OpenSSH clients. */
export const sshd: Service & { start(): Promise<SshServer> } = {
  available: () =>
    findProgram("sshd", serverFolders) === null ? "sshd" : firstMissing("ssh", "scp", "sftp", "ssh-keygen"),

  /** Starts a server with a key of its own that lets in the current user's test key and nothing else. */
  async start() {
    const folder = temporaryFolder("sshd");
    const remove = (): void => rmSync(folder, { recursive: true, force: true });
    try {
      // Only root's sshd changes to another user and wants this folder, which distributions make when they start theirs.
      if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
      const hostKeyFile = path.join(folder, "host-key");
      const keyFile = path.join(folder, "key");
      await Promise.all([newKey(hostKeyFile), newKey(keyFile)]);
      const config = path.join(folder, "sshd_config");
      writeFileSync(
        config,
        [
          "ListenAddress 127.0.0.1",
          `HostKey ${hostKeyFile}`,
          "PidFile none",
          `AuthorizedKeysFile ${keyFile}.pub`,
          "StrictModes no",
          "UsePAM no",
          "PubkeyAuthentication yes",
          "PasswordAuthentication no",
          "KbdInteractiveAuthentication no",
          "PermitRootLogin prohibit-password",
          "PrintMotd no",
          "PrintLastLog no",
          "UseDNS no",
          "Subsystem sftp internal-sftp",
          "",
        ].join("\n"),
      );
      return await onFreePort(async (port) => {
        const args = ["-D", "-e", "-f", config, "-p", String(port)];
        const server = await startServer(program("sshd", serverFolders), args, { ready: /Server listening on/ });
        const [type = "", key = ""] = readFileSync(`${hostKeyFile}.pub`, "utf8").split(" ");
        const close = async (): Promise<void> => {
          await server.stop("SIGTERM");
          remove();
        };
        return { host: "127.0.0.1", port, user: userInfo().username, keyFile, hostKey: `${type} ${key}`, close };
      });
    } catch (error) {
      remove();
      throw error;
    }
  },
};
