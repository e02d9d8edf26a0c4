/** RAPI on the two worlds of tests/qos_world.ts: what a handle heard, and the bucket that everything is about. */
import { Rapi, rapiFlowspec, rapiTspec } from "../host/public.ts";
import type { RapiEvent, RapiSessionOptions } from "../host/public.ts";
import type { QosWorld } from "./qos_world.ts";

/** G.711, about. */
export const BUCKET = {
  tokenBucketRateBytesPerSecond: 8_500,
  tokenBucketSizeBytes: 680,
  peakRateBytesPerSecond: 17_000,
  minimumPolicedUnitBytes: 340,
  maximumPacketSizeBytes: 340,
};
export const TSPEC = rapiTspec(BUCKET);
export const FLOWSPEC = rapiFlowspec(BUCKET);

/** A program that uses RAPI: its handle, and every upcall. */
export class Program {
  readonly rapi: Rapi;
  readonly sid: number;
  readonly heard: RapiEvent[] = [];

  constructor(rapi: Rapi, dest: { address: string; port?: number }, options: RapiSessionOptions = {}) {
    this.rapi = rapi;
    this.sid = rapi.session(dest, { eventRoutine: (event) => void this.heard.push(event), ...options });
  }

  /** Dispatches, and returns what has come of one kind so far. */
  events(eventType: number): RapiEvent[] {
    this.rapi.dispatch();
    return this.heard.filter((event) => event.eventType === eventType);
  }
}

/** RAPI on each host of a world. */
export function rapis(world: QosWorld): Record<"alice" | "carol" | "bob", Rapi> {
  const [alice, carol, bob] = [world.alice, world.carol, world.bob].map(({ node }) => new Rapi(node));
  return { alice, carol, bob };
}

/** A sender on alice, another on carol, and a receiver on bob that has heard of both. */
export async function twoSenders(world: QosWorld, options: RapiSessionOptions = {}) {
  const { alice, carol, bob } = rapis(world);
  const dest = { address: world.at.bob, port: 5004 };
  const receiver = new Program(bob, dest, options);
  const senders = [new Program(alice, dest, options), new Program(carol, dest, options)];
  for (const { rapi, sid } of senders) {
    rapi.sender(sid, { lhost: { address: "0.0.0.0", port: 4000 }, senderTspec: TSPEC });
  }
  await world.until("the receiver has heard of both senders", () => receiver.events(1).at(-1)?.filters.length === 2);
  return { receiver, alice: senders[0], carol: senders[1], filters: receiver.events(1).at(-1)!.filters };
}
