import type { AppErrorData } from "./errors.ts";
import type { PeerEnd, Via } from "./events.ts";

/** The machine of one tunnel: `off → starting → listening → stopping → off`, with `error` beside it. */
export type TunnelState =
  | { readonly kind: "off" }
  | { readonly kind: "starting" }
  | { readonly kind: "listening"; readonly address: string }
  | { readonly kind: "stopping" }
  | { readonly kind: "error"; readonly error: AppErrorData };

export type TunnelInput =
  | { readonly type: "start" }
  | { readonly type: "bound"; readonly address: string }
  | { readonly type: "failed"; readonly error: AppErrorData }
  | { readonly type: "stop" }
  | { readonly type: "closed" };

/** The next state of a tunnel; an input that does not fit the state leaves it as it is. */
export function nextTunnelState(state: TunnelState, input: TunnelInput): TunnelState {
  switch (input.type) {
    case "start":
      return state.kind === "off" || state.kind === "error" ? { kind: "starting" } : state;
    case "bound":
      return state.kind === "starting" ? { kind: "listening", address: input.address } : state;
    case "failed":
      return state.kind === "starting" || state.kind === "listening" ? { kind: "error", error: input.error } : state;
    case "stop":
      return state.kind === "starting" || state.kind === "listening" ? { kind: "stopping" } : state;
    case "closed":
      return state.kind === "stopping" ? { kind: "off" } : state;
  }
}

/** The machine of one peer: `connecting ⇄ signing-in → connected → closing → closed`. */
export type PeerState =
  | { readonly kind: "connecting" }
  | { readonly kind: "signing-in" }
  | { readonly kind: "connected"; readonly via: Via }
  | { readonly kind: "closing" }
  | { readonly kind: "closed"; readonly how: PeerEnd | "failed" };

export type PeerInput =
  | { readonly type: "sign-in" }
  | { readonly type: "signed-in" }
  /** The attempt failed; another one follows. */
  | { readonly type: "wait" }
  | { readonly type: "opened"; readonly via: Via }
  | { readonly type: "close" }
  | { readonly type: "closed"; readonly how: PeerEnd | "failed" };

/** The next state of a peer; an input that does not fit the state leaves it as it is. */
export function nextPeerState(state: PeerState, input: PeerInput): PeerState {
  switch (input.type) {
    case "sign-in":
      return state.kind === "connecting" ? { kind: "signing-in" } : state;
    case "signed-in":
    case "wait":
      return state.kind === "signing-in" ? { kind: "connecting" } : state;
    case "opened":
      return state.kind === "connecting" ? { kind: "connected", via: input.via } : state;
    case "close":
      return state.kind === "closed" ? state : { kind: "closing" };
    case "closed":
      return state.kind === "closed" ? state : { kind: "closed", how: input.how };
  }
}
