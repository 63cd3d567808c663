import { once } from "node:events";
import net from "node:net";
import { openUdpRelay } from "../udp-relay.ts";

/** Hands things on in order, each after its time. */
class DelayLine {
  readonly #queue: { readonly due: number; readonly act: () => void }[] = [];

  push(due: number, act: () => void): void {
    this.#queue.push({ due, act });
    if (this.#queue.length === 1) setTimeout(this.#run, Math.max(0, due - performance.now()));
  }

  readonly #run = (): void => {
    const now = performance.now();
    // Half a millisecond early is nearer than a whole one late.
    while (this.#queue[0] !== undefined && this.#queue[0].due <= now + 0.5) this.#queue.shift()?.act();
    const next = this.#queue[0];
    if (next !== undefined) setTimeout(this.#run, Math.max(0, next.due - now));
  };
}

function carry(from: net.Socket, to: net.Socket, due: () => number): void {
  const line = new DelayLine();
  from.on("data", (data: Buffer) => line.push(due(), () => to.write(data)));
  from.on("end", () => line.push(due(), () => to.end()));
  from.on("error", () => to.destroy());
}

/**
 * A network with a round trip of its own, for a few bytes at a time. The relay itself accepts at once, so what comes
 * first is taken as sent one round trip after that, as it would be behind a real TCP handshake.
 */
export const delayCalls = {
  open: async ({ port, roundTripMs }: { readonly port: number; readonly roundTripMs: number }): Promise<number> => {
    const server = net.createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
      const openAt = performance.now() + roundTripMs;
      const target = net.connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
      carry(client, target, () => Math.max(performance.now(), openAt) + roundTripMs / 2);
      carry(target, client, () => performance.now() + roundTripMs / 2);
    });
    server.listen({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    return (server.address() as net.AddressInfo).port;
  },
  openUdp: ({ port, roundTripMs }: { readonly port: number; readonly roundTripMs: number }): Promise<number> => {
    const line = new DelayLine();
    return openUdpRelay(port, (act) => line.push(performance.now() + roundTripMs / 2, act));
  },
};
