import { once, EventEmitter } from "node:events";

/** An answer that replaces what the stand-in would say to a CONNECT. */
export type OddAnswer =
  /** Bytes that are not HTTP, in place of any answer. */
  | { readonly kind: "junk" }
  /** A web server that is no Pomerium: one HTML page with 200 for everything, 404 for the well-known page. */
  | { readonly kind: "web-server" }
  /** Any status; `location` makes it a redirect. `pages` applies it to Pomerium's own pages as well. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly location?: string;
      readonly body?: string;
      readonly pages?: boolean;
    };

/** Everything that can be made wrong at run time. All fields compose; see `noFaults` for the healthy values. */
export interface Faults {
  /** What happens to a TCP connection when it is accepted. */
  readonly tcp: "ok" | "silent" | "reset" | "close";
  /** `drop` ends the connection when the ClientHello is in, `silent` never answers it. */
  readonly tls: "ok" | "drop" | "silent";
  /** HTTP/2: `off` does not offer it, the others offer it and then fail in one way. */
  readonly h2: "ok" | "off" | "reset-protocol-error" | "reset-http-1-1-required" | "close-after-preface";
  /** CONNECTs wait this long before they are answered. */
  readonly connectDelayMs: number;
  /** CONNECTs wait until `release()`; without it that is "never answered". */
  readonly holdConnects: boolean;
  readonly answer: OddAnswer | null;
  /** The next n HTTP/2 streams are reset with REFUSED_STREAM; counts down. */
  readonly refuseStreams: number;
  /** CONNECTs for these hosts get 421 on an HTTP/2 connection whose SNI is another name. */
  readonly misdirectedHosts: readonly string[];
  /** SETTINGS of HTTP/2 sessions that open from now on. */
  readonly maxConcurrentStreams: number;
  readonly windowBytes: number;
  /** Offer extended CONNECT (RFC 8441) and carry CONNECT-UDP on it. Pomerium does not. */
  readonly extendedConnect: boolean;
  /** When an upstream ends first: END_STREAM and then RST_STREAM(NO_ERROR). */
  readonly resetAfterEnd: boolean;
  /** Answer CONNECT-UDP upgrades with the 101 of RFC 9298 instead of Pomerium's 200 with chunks. */
  readonly udpSwitchingProtocols: boolean;
  /**
   * Sends HTTP/2 connections accepted from now on through a filter that understands frames (slower). Set it before
   * the client connects where `ignorePings` is to be switched on later.
   */
  readonly filterFrames: boolean;
  /** PINGs stay unanswered on filtered connections; setting it also filters new ones. */
  readonly ignorePings: boolean;
}

/** A healthy proxy, with the windows and stream limit that Envoy was seen to grant. */
export const noFaults: Faults = {
  tcp: "ok",
  tls: "ok",
  h2: "ok",
  connectDelayMs: 0,
  holdConnects: false,
  answer: null,
  refuseStreams: 0,
  misdirectedHosts: [],
  maxConcurrentStreams: 1024,
  windowBytes: 16 * 1024 * 1024,
  extendedConnect: false,
  resetAfterEnd: false,
  udpSwitchingProtocols: false,
  filterFrames: false,
  ignorePings: false,
};

/** What the front can do to the connections it has. */
export interface FaultActions {
  /** RST_STREAM on every open HTTP/2 stream, without an END_STREAM before it. Returns how many. */
  resetStreams(code?: "internal-error" | "cancel"): number;
  /** TCP RST on every open connection. Returns how many. */
  resetConnections(): number;
  /** Plain FIN-and-gone on every open connection: the session is lost. */
  dropConnections(): number;
  /** GOAWAY on every HTTP/2 session. With NO_ERROR (0) open streams live on. */
  goaway(code?: number): number;
  /** Stops reading and writing on all open connections without closing them; they stay dead. */
  silence(): number;
}

/** The switchboard of the Node front. */
export interface FaultSwitch extends FaultActions {
  readonly current: Faults;
  set(change: Partial<Faults>): void;
  /** Back to healthy; held CONNECTs are released. */
  clear(): void;
  /** Answers the CONNECTs that `holdConnects` holds, and stops holding. */
  release(): void;
  /** CONNECTs held right now. */
  held(): number;
  /** Resolves once at least n CONNECTs are held. */
  whenHeld(n?: number): Promise<void>;
}

/** The switchboard plus what only the front itself uses. */
export interface FaultPanel {
  readonly faults: FaultSwitch;
  /** Waits for as long as the faults say; false when the client went away meanwhile. */
  gate(gone: AbortSignal): Promise<boolean>;
  /** True (and counts down) when this stream is to be refused. */
  takeRefusal(): boolean;
}

/** Makes a switchboard for a front. */
export function createFaultPanel(actions: FaultActions): FaultPanel {
  const events = new EventEmitter();
  events.setMaxListeners(0);
  let state = noFaults;
  let held = 0;

  const sleep = (ms: number, gone: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        gone.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      gone.addEventListener("abort", done);
      if (gone.aborted) done();
    });

  const waitForRelease = async (gone: AbortSignal): Promise<void> => {
    held += 1;
    events.emit("held");
    try {
      await once(events, "release", { signal: gone });
    } catch {
      // The client went away: nothing left to hold.
    } finally {
      held -= 1;
    }
  };

  const release = (): void => {
    state = { ...state, holdConnects: false };
    events.emit("release");
  };

  return {
    faults: {
      ...actions,
      get current() {
        return state;
      },
      set(change) {
        state = { ...state, ...change };
        if (!state.holdConnects) events.emit("release");
      },
      clear() {
        state = noFaults;
        events.emit("release");
      },
      release,
      held: () => held,
      async whenHeld(n = 1) {
        while (held < n) await once(events, "held");
      },
    },
    async gate(gone) {
      if (state.connectDelayMs > 0) await sleep(state.connectDelayMs, gone);
      if (state.holdConnects && !gone.aborted) await waitForRelease(gone);
      return !gone.aborted;
    },
    takeRefusal() {
      if (state.refuseStreams <= 0) return false;
      state = { ...state, refuseStreams: state.refuseStreams - 1 };
      return true;
    },
  };
}

/** The switchboard of a front that has none. */
export function noFaultSwitch(): FaultSwitch {
  const refuse = (): never => {
    throw new Error("The Envoy front has no fault switch: use the Node front");
  };
  return {
    get current() {
      return refuse();
    },
    set: refuse,
    clear: refuse,
    release: refuse,
    held: refuse,
    whenHeld: refuse,
    resetStreams: refuse,
    resetConnections: refuse,
    dropConnections: refuse,
    goaway: refuse,
    silence: refuse,
  };
}
