import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";

/** How long the second process waits until the first has heard it, in milliseconds. */
const tellLimitMs = 5_000;
/** Longest announcement, in bytes. */
const longest = 256 * 1024;

/** What a second process tells the first. */
export interface Announcement {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly data: unknown;
}

/**
 * The lock of the first process on a user data folder: a file with its process id, and a local socket on which later
 * processes announce themselves. A lock whose owner is dead or does not answer is taken over.
 */
export class InstanceLock {
  readonly #file: string;
  readonly #socket: string;
  readonly #heard: (announcement: Announcement) => void;
  #server: net.Server | undefined;

  /** @param folder a folder with a short path, for the socket. */
  constructor(userData: string, folder: string, heard: (announcement: Announcement) => void) {
    this.#heard = heard;
    this.#file = path.join(userData, "stand-in.lock");
    // Not in the user data folder: the path of a socket may have about 100 characters only.
    this.#socket =
      process.platform === "win32" ? `\\\\.\\pipe\\culvert-${process.pid}` : path.join(folder, `${process.pid}.sock`);
  }

  get held(): boolean {
    return this.#server !== undefined;
  }

  /** True when this process is the first. Otherwise the first has been told, before this returns. */
  take(announcement: Announcement): boolean {
    if (this.held) return true;
    mkdirSync(path.dirname(this.#file), { recursive: true });
    for (let tries = 2; tries > 0; tries -= 1) {
      if (this.#create()) {
        this.#listen();
        return true;
      }
      const owner = this.#owner();
      if (owner !== null && this.#tell(owner, announcement)) return false;
      rmSync(this.#file, { force: true });
    }
    return false;
  }

  release(): void {
    if (!this.#server) return;
    this.#server.close();
    this.#server = undefined;
    rmSync(this.#file, { force: true });
    rmSync(this.#socket, { force: true });
  }

  #create(): boolean {
    try {
      writeFileSync(this.#file, JSON.stringify({ pid: process.pid, socket: this.#socket }), { flag: "wx" });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    }
  }

  /** The socket of the process that holds the lock; null when that process is gone. */
  #owner(): string | null {
    try {
      const { pid, socket } = JSON.parse(readFileSync(this.#file, "utf8")) as { pid: number; socket: string };
      process.kill(pid, 0);
      return socket;
    } catch {
      return null;
    }
  }

  #listen(): void {
    rmSync(this.#socket, { force: true });
    this.#server = net.createServer({ allowHalfOpen: true }, (socket) => {
      let text = "";
      socket.setEncoding("utf8").on("error", () => undefined);
      socket.on("data", (chunk: string) => {
        text += chunk;
        if (text.length > longest) socket.destroy();
      });
      socket.on("end", () => {
        socket.end("heard");
        this.#heard(JSON.parse(text) as Announcement);
      });
    });
    this.#server.on("error", (error) => console.error(`The instance lock does not listen: ${error.message}`));
    this.#server.listen(this.#socket).unref();
  }

  /** In a process of its own, since Electron's call returns only when the first instance has been told. */
  #tell(socket: string, announcement: Announcement): boolean {
    const program = `
      const socket = require("node:net").connect(process.argv[1]);
      let answer = "";
      socket.on("data", (chunk) => (answer += chunk)).on("error", () => process.exit(1));
      socket.on("close", () => process.exit(answer === "heard" ? 0 : 1));
      process.stdin.pipe(socket);`;
    try {
      execFileSync(process.execPath, ["-e", program, socket], {
        input: JSON.stringify(announcement),
        timeout: tellLimitMs,
        stdio: ["pipe", "ignore", "ignore"],
        env: {},
      });
      return true;
    } catch {
      return false;
    }
  }
}
