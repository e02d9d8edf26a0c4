/**
 * Where the demo takes place: three nodes in a line, on real sockets or in virtual time. The story (demo_run.ts) is the
 * same; only time and transport differ.
 */
import type { RsvpNode } from "../node.ts";
import type { Packet } from "../transport/transport.ts";

/** The nodes' names, in the order of the ladder's columns. */
export const NODE_NAMES = ["sender", "router", "receiver"] as const;

/** A message that went from one node to another. */
export interface Sighting {
  /** Since the start of the demo. */
  readonly timeMs: number;
  /** Columns of the ladder. */
  readonly from: number;
  readonly to: number;
  readonly packet: Packet;
  /** True if it was sent and never arrived. */
  readonly lost: boolean;
}

/** Three nodes in a line. */
export interface DemoWorld {
  /** Sender, router, receiver. */
  readonly nodes: readonly [RsvpNode, RsvpNode, RsvpNode];
  /** Address of the receiver, which is the session's destination. */
  readonly destination: string;
  /** Says what this world is made of, in one line. */
  readonly description: string;
  /** True if messages travel in UDP (RFC 2205 appendix C). */
  readonly encapsulated: boolean;
  /** Milliseconds since the start. */
  nowMs(): number;
  /** Sets the one receiver of sightings. */
  onMessage(handler: (sighting: Sighting) => void): void;
  /** Lets time pass until `condition` holds and nothing is on its way; false if it did not within `limitMs`. */
  until(condition: () => boolean, limitMs: number): Promise<boolean>;
  /** Every message as a capture file. */
  capture(): Uint8Array<ArrayBuffer>;
  /** Closes the nodes; messages that never arrived are reported first. */
  close(): Promise<void>;
}

/** Settings of a world. */
export interface DemoWorldOptions {
  /** What the router may give away towards the receiver. */
  readonly reservableBytesPerSecond: number;
}
