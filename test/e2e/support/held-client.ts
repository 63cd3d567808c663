import { once } from "node:events";
import net from "node:net";
import { onTestFinished } from "vitest";

/** How long an answer may take, in milliseconds. */
const answerLimitMs = 15_000;

/** A client of a local port that stays connected, and can ask the Redis behind it again and again. */
export class HeldClient {
  readonly #socket: net.Socket;
  readonly #ended: Promise<void>;
  #text = "";
  #isEnded = false;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setEncoding("utf8").on("data", (chunk: string) => (this.#text += chunk));
    // A reset is an end as well.
    socket.on("error", () => undefined);
    this.#ended = new Promise((resolve) => {
      socket.once("close", () => {
        this.#isEnded = true;
        resolve();
      });
    });
  }

  /** Connects to a port of this computer; ends with the test. */
  static async connect(port: number): Promise<HeldClient> {
    const socket = net.connect({ host: "127.0.0.1", port });
    await once(socket, "connect");
    const client = new HeldClient(socket);
    onTestFinished(() => client.close());
    return client;
  }

  /** Resolves when the other side, or `close`, has ended it. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Sends these words, and resolves to them as the Redis sends them back; rejects when it does not, in time. */
  async echo(words: string): Promise<string> {
    const expected = `$${Buffer.byteLength(words)}\r\n${words}\r\n`;
    this.#socket.write(`*2\r\n$4\r\nECHO\r\n${expected}`);
    const signal = AbortSignal.timeout(answerLimitMs);
    while (!this.#text.includes(expected)) {
      if (this.#isEnded) throw new Error("The client was cut off before its answer");
      await Promise.race([once(this.#socket, "data", { signal }), this.#ended]);
    }
    this.#text = "";
    return words;
  }

  close(): void {
    this.#socket.destroy();
  }
}
