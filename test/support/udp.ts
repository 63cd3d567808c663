import dgram, { type Socket, type SocketType } from "node:dgram";
import { once } from "node:events";

const bound = async (type: SocketType, address: string): Promise<Socket> => {
  const socket = dgram.createSocket({ type, recvBufferSize: 4 * 1024 * 1024 });
  socket.bind(0, address);
  await once(socket, "listening");
  return socket;
};

const typeOf = (host: string): SocketType => (host.includes(":") ? "udp6" : "udp4");

/** A UDP service that sends every datagram back, or answers as a test wants. */
export class UdpUpstream {
  readonly #socket: Socket;
  readonly received: Buffer[] = [];
  /** What it sends back; null for nothing. */
  answer: (payload: Buffer) => Buffer | null = (payload) => payload;
  #last = { address: "", port: 0 };

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("message", (payload, from) => {
      this.received.push(payload);
      this.#last = from;
      const answer = this.answer(payload);
      if (answer) socket.send(answer, from.port, from.address);
    });
  }

  static async start(host = "127.0.0.1"): Promise<UdpUpstream> {
    return new UdpUpstream(await bound(typeOf(host), host));
  }

  get address(): { host: string; port: number } {
    const { address, port } = this.#socket.address();
    return { host: address, port };
  }

  /** Sends a datagram to whoever sent the last one. */
  answerLast(payload: string): void {
    this.#socket.send(payload, this.#last.port, this.#last.address);
  }

  close(): void {
    this.#socket.close();
  }
}

/** A program with one UDP socket of its own. */
export class UdpClient {
  readonly #socket: Socket;
  readonly #to: { host: string; port: number };
  readonly #answers: Buffer[] = [];
  /** Addresses that answers came from. */
  readonly from = new Set<string>();
  #told: () => void = () => undefined;

  private constructor(socket: Socket, to: { host: string; port: number }) {
    this.#socket = socket;
    this.#to = to;
    socket.on("message", (payload, from) => {
      this.from.add(`${from.address} ${from.port}`);
      this.#answers.push(payload);
      this.#told();
    });
  }

  /** @param own the address it sends from. */
  static async open(to: { host: string; port: number }, own?: string): Promise<UdpClient> {
    const usual = to.host.includes(":") ? "::1" : "127.0.0.1";
    return new UdpClient(await bound(typeOf(to.host), own ?? usual), to);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  get answers(): readonly Buffer[] {
    return this.#answers;
  }

  send(payload: Buffer | string): void {
    this.#socket.send(payload, this.#to.port, this.#to.host);
  }

  /** Resolves when so many answers have come; rejects after `ms`. */
  async answered(count: number, ms = 10_000): Promise<void> {
    const until = performance.now() + ms;
    while (this.#answers.length < count) {
      const left = until - performance.now();
      if (left <= 0) throw new Error(`${this.#answers.length} of ${count} answers came within ${ms} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#told = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Sends one datagram and waits for the next answer. */
  async ask(payload: Buffer | string): Promise<Buffer> {
    const before = this.#answers.length;
    this.send(payload);
    await this.answered(before + 1);
    return this.#answers[before] as Buffer;
  }

  close(): void {
    this.#socket.close();
  }
}
