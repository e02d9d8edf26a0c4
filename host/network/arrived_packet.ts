/** A datagram as a node of a virtual network gets it. */
import type { Packet } from "../transport/transport.ts";

/**
 * What was sent, with the interface by which it arrived. Field by field: a copy of all that an action has costs several
 * times as much. By a constructor: V8 lays the objects of a literal among the old ones for good once many have lived
 * long, as when a network starts up, and each then keeps its payload until the next full collection.
 */
export class ArrivedPacket implements Packet {
  readonly interface: number;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly family: number;
  readonly ttl: number;
  readonly encapsulation: number;
  readonly routerAlert: number;
  readonly payload: Uint8Array;

  constructor(handle: number, packet: Packet) {
    this.interface = handle;
    this.source = packet.source;
    this.destination = packet.destination;
    this.family = packet.family;
    this.ttl = packet.ttl;
    this.encapsulation = packet.encapsulation;
    this.routerAlert = packet.routerAlert;
    this.payload = packet.payload;
  }
}
