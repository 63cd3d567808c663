import dgram, { type RemoteInfo, type Socket } from "node:dgram";
import net from "node:net";
import os from "node:os";
import type { LocalAddress } from "../../shared/address.ts";
import type { Limits } from "../../shared/limits.ts";
import { throwIfAborted } from "../aborts.ts";
import { localAddressOf } from "./local-host.ts";

/** Ports that are tried until one is free on every address. */
const portAttempts = 10;

export interface UdpSocketsOptions {
  readonly listen: LocalAddress;
  readonly limits: Pick<Limits, "udpReceiveBytes" | "udpAddressesMs">;
  /** @param local the address that the datagram was sent to. */
  readonly message: (payload: Buffer, from: RemoteInfo, socket: Socket, local: string) => void;
}

/** A family's wildcard: "every address of this computer". */
const wildcards: Readonly<Record<string, readonly ("IPv4" | "IPv6")[]>> = {
  "": ["IPv4", "IPv6"],
  "::": ["IPv4", "IPv6"],
  "0.0.0.0": ["IPv4"],
};

const missing = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"]);

const isMissing = (error: unknown): boolean => missing.has((error as NodeJS.ErrnoException).code ?? "");

/**
 * The local sockets of a UDP tunnel. On "every address" there is one for each address of this computer, since Node does
 * not tell which address a datagram was sent to, and a client takes no answer from another one (decisions/007).
 */
export class UdpSockets {
  readonly #options: UdpSocketsOptions;
  /** By the address they are bound to. */
  readonly #sockets = new Map<string, Socket>();
  #port = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: UdpSocketsOptions) {
    this.#options = options;
  }

  /** The port that is really bound. */
  get port(): number {
    return this.#port;
  }

  /**
   * Binds what was asked for and nothing else.
   * @returns the host as it is shown: the address, or the wildcard.
   * @throws NodeJS.ErrnoException of the bind.
   */
  async open(signal: AbortSignal): Promise<string> {
    const { listen, limits } = this.#options;
    const families = wildcards[listen.host ?? ""];
    try {
      if (!families) {
        const address = await localAddressOf(listen.host ?? "");
        await this.#bind(address, listen.port, signal);
        return address;
      }
      await this.#bindAll(families, signal);
    } catch (error) {
      this.close();
      throw error;
    }
    this.#timer = setInterval(() => this.#refresh(families), limits.udpAddressesMs);
    return listen.host ?? "::";
  }

  async #bindAll(families: readonly string[], signal: AbortSignal): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        for (const address of ownAddresses(families) ?? []) {
          // An address may go while we look, and IPv6 may be switched off.
          await this.#bind(address, this.#port === 0 ? this.#options.listen.port : this.#port, signal).catch(
            (error: unknown) => {
              if (!isMissing(error)) throw error;
            },
          );
        }
        if (this.#sockets.size === 0) throw Object.assign(new Error("no address"), { code: "EADDRNOTAVAIL" });
        return;
      } catch (error) {
        const taken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
        if (!taken || this.#options.listen.port !== 0 || attempt === portAttempts) throw error;
        this.#end();
      }
    }
  }

  async #bind(address: string, port: number, signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    const { limits, message } = this.#options;
    const socket = dgram.createSocket({
      type: net.isIPv6(address) ? "udp6" : "udp4",
      ...(net.isIPv6(address) ? { ipv6Only: true } : {}),
    });
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind({ address, port, exclusive: true }, () => {
        socket.off("error", reject);
        resolve();
      });
    }).catch((error: unknown) => {
      socket.close();
      throw error;
    });
    if (this.#closed) return void socket.close();
    try {
      // Not an option of the socket: Node throws where nobody can catch it when the system does not give that much.
      socket.setRecvBufferSize(limits.udpReceiveBytes);
    } catch {
      // What the system gives by itself has to do.
    }
    // Windows reports ICMP errors of earlier answers here; the socket works on (RFC 1122 §4.1.3.3 leaves it to us).
    socket.on("error", () => undefined);
    socket.on("close", () => this.#sockets.get(address) === socket && this.#sockets.delete(address));
    socket.on("message", (payload, from) => message(payload, from, socket, address));
    this.#sockets.set(address, socket);
    this.#port = socket.address().port;
  }

  /** Follows the addresses as networks come and go. */
  #refresh(families: readonly string[]): void {
    const now = ownAddresses(families);
    if (!now) return;
    for (const [address, socket] of [...this.#sockets]) if (!now.has(address)) socket.close();
    // What cannot be bound now is tried again the next time.
    for (const address of now)
      if (!this.#sockets.has(address))
        void this.#bind(address, this.#port, AbortSignal.timeout(this.#options.limits.udpAddressesMs)).catch(
          () => undefined,
        );
  }

  #end(): void {
    for (const socket of [...this.#sockets.values()]) socket.close();
    this.#sockets.clear();
    this.#port = 0;
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const socket of [...this.#sockets.values()]) socket.close();
    this.#sockets.clear();
  }
}

/**
 * Every address of this computer once, since point-to-point interfaces may share one; link-local ones with their
 * interface, without which they mean nothing (RFC 4007 §11). Null where the system cannot tell, as without file
 * descriptors left; that passes.
 */
export function ownAddresses(families: readonly string[] = ["IPv4", "IPv6"]): ReadonlySet<string> | null {
  try {
    const all = Object.entries(os.networkInterfaces()).flatMap(([name, addresses = []]) =>
      addresses
        .filter(({ family }) => families.includes(family))
        .map((one) => {
          if (one.family !== "IPv6" || !/^fe80:/i.test(one.address)) return one.address;
          // Windows takes the interface's number, others its name.
          return `${one.address}%${process.platform === "win32" ? one.scopeid : name}`;
        }),
    );
    return new Set(all);
  } catch {
    return null;
  }
}
