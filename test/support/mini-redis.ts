import { once } from "node:events";
import net from "node:net";

/** Longest command that is taken, in bytes. */
const longest = 1024 * 1024;

type Reply = { readonly simple: string } | { readonly error: string } | string | number | null | readonly Reply[];

/** A small database that speaks RESP 2, so that redis-cli can talk to it. Keeps strings in memory. */
export class MiniRedis {
  readonly #data = new Map<string, string>();
  readonly #sockets = new Set<net.Socket>();
  readonly #server = net.createServer((socket) => this.#serve(socket));

  static async start(): Promise<MiniRedis> {
    const redis = new MiniRedis();
    redis.#server.listen(0, "127.0.0.1");
    await once(redis.#server, "listening");
    return redis;
  }

  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === "object" ? address.port : 0;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #serve(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket)).on("error", () => undefined);
    let rest = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      for (let read = readCommand(rest); read; read = readCommand(rest)) {
        rest = rest.subarray(read.size);
        const [name = "", ...args] = read.words;
        socket.write(encode(this.#run(name.toUpperCase(), args)));
        if (name.toUpperCase() === "QUIT") socket.end();
      }
      if (rest.length > longest) socket.destroy();
    });
  }

  #run(name: string, args: readonly string[]): Reply {
    const [key = "", value = ""] = args;
    switch (name) {
      case "PING":
        return args.length > 0 ? key : { simple: "PONG" };
      case "ECHO":
        return key;
      case "SET":
        this.#data.set(key, value);
        return { simple: "OK" };
      case "GET":
        return this.#data.get(key) ?? null;
      case "DEL":
        return args.filter((one) => this.#data.delete(one)).length;
      case "INCR": {
        const next = Number(this.#data.get(key) ?? "0") + 1;
        if (!Number.isSafeInteger(next)) return { error: "ERR value is not an integer or out of range" };
        this.#data.set(key, String(next));
        return next;
      }
      case "KEYS":
        return [...this.#data.keys()];
      case "DBSIZE":
        return this.#data.size;
      case "INFO":
        return "# Server\r\nredis_version:0.0.0-culvert-demo\r\n";
      case "COMMAND":
        return [];
      case "CLIENT":
      case "SELECT":
      case "QUIT":
        return { simple: "OK" };
      default:
        return { error: `ERR unknown command '${name.slice(0, 40)}'` };
    }
  }
}

/** Reads one command, as an array of bulk strings or as words on a line; null until it is complete. */
function readCommand(bytes: Buffer): { words: string[]; size: number } | null {
  const firstEnd = bytes.indexOf("\r\n");
  if (firstEnd < 0) return null;
  const first = bytes.toString("utf8", 0, firstEnd);
  let at = firstEnd + 2;
  if (!first.startsWith("*")) return { words: first.split(/\s+/).filter((word) => word !== ""), size: at };
  const words: string[] = [];
  for (let left = Number(first.slice(1)); left > 0; left -= 1) {
    const end = bytes.indexOf("\r\n", at);
    if (end < 0) return null;
    const length = Number(bytes.toString("utf8", at + 1, end));
    const start = end + 2;
    if (bytes.length < start + length + 2) return null;
    words.push(bytes.toString("utf8", start, start + length));
    at = start + length + 2;
  }
  return { words, size: at };
}

function encode(reply: Reply): string {
  if (reply === null) return "$-1\r\n";
  if (typeof reply === "number") return `:${reply}\r\n`;
  if (typeof reply === "string") return `$${Buffer.byteLength(reply)}\r\n${reply}\r\n`;
  if ("simple" in reply) return `+${reply.simple}\r\n`;
  if ("error" in reply) return `-${reply.error}\r\n`;
  return `*${reply.length}\r\n${reply.map(encode).join("")}`;
}

/** Sends one command on a connection of its own and returns the reply as redis-cli would print it. */
export async function askRedis(address: { host: string; port: number }, words: readonly string[]): Promise<string> {
  const socket = net.connect({ host: address.host, port: address.port });
  try {
    socket.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`);
    let answer = "";
    for await (const chunk of socket.setEncoding("utf8") as AsyncIterable<string>) {
      answer += chunk;
      const bulk = /^\$(\d+)\r\n/.exec(answer);
      const complete = bulk ? answer.length >= bulk[0].length + Number(bulk[1]) + 2 : answer.endsWith("\r\n");
      if (!complete) continue;
      return bulk ? `"${answer.slice(bulk[0].length, -2)}"` : answer.replace(/^[+:]/, "").trimEnd();
    }
    throw new Error("the connection ended without an answer");
  } finally {
    socket.destroy();
  }
}
