import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AppErrorData } from "../../../src/shared/errors.ts";
import {
  nextPeerState,
  nextTunnelState,
  type PeerInput,
  type PeerState,
  type TunnelInput,
  type TunnelState,
} from "../../../src/shared/states.ts";

const error: AppErrorData = { code: "port-in-use", message: "In use.", retryable: false };
const tunnelInputs: TunnelInput[] = [
  { type: "start" },
  { type: "bound", address: "127.0.0.1:1" },
  { type: "failed", error },
  { type: "stop" },
  { type: "closed" },
];
const peerInputs: PeerInput[] = [
  { type: "sign-in" },
  { type: "signed-in" },
  { type: "wait" },
  { type: "opened", via: "h2" },
  { type: "close" },
  { type: "closed", how: "ended" },
];

const runTunnel = (inputs: TunnelInput[]): TunnelState => inputs.reduce<TunnelState>(nextTunnelState, { kind: "off" });
const runPeer = (inputs: PeerInput[]): PeerState => inputs.reduce<PeerState>(nextPeerState, { kind: "connecting" });
const pick = <T extends { type: string }>(all: T[], ...types: T["type"][]): T[] =>
  types.flatMap((type) => all.filter((input) => input.type === type));

describe("the states of a tunnel", () => {
  it("goes from off through listening to off", () => {
    expect(runTunnel(pick(tunnelInputs, "start"))).toEqual({ kind: "starting" });
    expect(runTunnel(pick(tunnelInputs, "start", "bound"))).toEqual({ kind: "listening", address: "127.0.0.1:1" });
    expect(runTunnel(pick(tunnelInputs, "start", "bound", "stop"))).toEqual({ kind: "stopping" });
    expect(runTunnel(pick(tunnelInputs, "start", "bound", "stop", "closed"))).toEqual({ kind: "off" });
  });

  it("may fail while it starts or listens, and start again", () => {
    expect(runTunnel(pick(tunnelInputs, "start", "failed"))).toEqual({ kind: "error", error });
    expect(runTunnel(pick(tunnelInputs, "start", "bound", "failed"))).toEqual({ kind: "error", error });
    expect(runTunnel(pick(tunnelInputs, "start", "failed", "start"))).toEqual({ kind: "starting" });
  });

  it("never listens after it was told to stop", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...tunnelInputs)), (inputs) => {
        const state = runTunnel(inputs);
        const stopped = inputs.findLastIndex((input) => input.type === "stop");
        const started = inputs.findLastIndex((input) => input.type === "start");
        if (state.kind === "listening")
          expect(started > stopped || stopped < 0 || !reaches(inputs, stopped)).toBe(true);
      }),
    );
  });

  /** Whether the stop at `at` found anything to stop. */
  const reaches = (inputs: TunnelInput[], at: number): boolean =>
    ["starting", "listening"].includes(runTunnel(inputs.slice(0, at)).kind);
});

describe("the states of a peer", () => {
  it("connects, signs in on the way, and closes", () => {
    expect(runPeer(pick(peerInputs, "sign-in"))).toEqual({ kind: "signing-in" });
    expect(runPeer(pick(peerInputs, "sign-in", "signed-in"))).toEqual({ kind: "connecting" });
    expect(runPeer(pick(peerInputs, "sign-in", "signed-in", "opened"))).toEqual({ kind: "connected", via: "h2" });
    expect(runPeer(pick(peerInputs, "opened", "close"))).toEqual({ kind: "closing" });
    expect(runPeer(pick(peerInputs, "opened", "closed"))).toEqual({ kind: "closed", how: "ended" });
  });

  it("stays closed, and keeps how it was closed", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...peerInputs)), (inputs) => {
        const closed: PeerState = { kind: "closed", how: "failed" };
        expect(inputs.reduce<PeerState>(nextPeerState, closed)).toEqual(closed);
      }),
    );
  });

  it("is never connected while it signs in", () => {
    expect(runPeer(pick(peerInputs, "sign-in", "opened"))).toEqual({ kind: "signing-in" });
  });
});
