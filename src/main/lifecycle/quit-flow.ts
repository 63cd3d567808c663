import { count } from "../../shared/words/format.ts";

export interface QuitPorts {
  /** Clients that would be cut off. */
  clients(): number;
  /** Asks the user; true for going on. */
  ask(question: string): Promise<boolean>;
  /** Closes everything, within a limit. */
  close(): Promise<void>;
  /**
   * Comes after `close` where a user has quit or restarts, not where the system or a signal ends it: an update may be installed.
   * Within a limit; never rejects.
   */
  leave(why: "quit" | "restart"): Promise<void>;
  /** Ends the process. */
  exit(code: number): void;
}

/** What a person is asked before clients are cut off. */
export const quitQuestion = (clients: number): string =>
  `Quit Culvert? ${count(clients, "client")} ${clients === 1 ? "is" : "are"} connected and will be cut off.`;

/** Ends the app once, whoever asks for it first: asks where clients are connected, closes everything, and exits. */
export class QuitFlow {
  readonly #ports: QuitPorts;
  #state: "running" | "asking" | "closing" | "leaving" = "running";

  constructor(ports: QuitPorts) {
    this.#ports = ports;
  }

  /** True from the moment on that nothing can stop it. */
  get isQuitting(): boolean {
    return this.#state === "closing" || this.#state === "leaving";
  }

  /** True when everything is closed, and the system may end it. */
  get isLeaving(): boolean {
    return this.#state === "leaving";
  }

  /** As the user asks for it. A second wish while the first is asked about changes nothing. */
  async request(): Promise<void> {
    if (this.#state !== "running") return;
    this.#state = "asking";
    const clients = this.#ports.clients();
    const agreed = clients === 0 || (await this.#ports.ask(quitQuestion(clients)).catch(() => true));
    // The system may have ended it meanwhile.
    if (this.#state !== "asking") return;
    if (agreed) await this.#end(0, "quit");
    else this.#state = "running";
  }

  /** Without asking: for a signal, or a computer that shuts down. @param code exit code of the process. */
  async now(code = 0): Promise<void> {
    await this.#end(code, null);
  }

  /** Without asking: whoever wants this has asked. */
  async restart(): Promise<void> {
    await this.#end(0, "restart");
  }

  async #end(code: number, why: "quit" | "restart" | null): Promise<void> {
    if (this.isQuitting) return;
    this.#state = "closing";
    try {
      await this.#ports.close();
      this.#state = "leaving";
      if (why !== null) await this.#ports.leave(why);
    } finally {
      this.#ports.exit(code);
    }
  }
}
