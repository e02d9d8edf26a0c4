/**
 * Why state exists: every path state must have been announced, and every reservation asked for, by a message from the
 * very hop that it names, within its lifetime (RFC 2205 3.7). Kept from what the taps of the network see.
 */
import { formatAddress } from "../host/address.ts";
import type { Sighting } from "../host/network/network_link.ts";
import type { NetworkNode } from "../host/network/network_node.ts";
import { longestIntervalMs } from "./plan.ts";
import {
  hopAddress,
  PATH,
  readMessage,
  readObjects,
  RESV,
  RSVP_HOP,
  SENDER_TEMPLATE,
  senderKey,
  SESSION,
  sessionKey,
} from "./wire.ts";
import type { World } from "./world.ts";

export class Causes {
  #world: World;
  #last = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
    world.network.onPacket((sighting) => this.#note(sighting));
  }

  /** State without a cause. `lateMs` is the most that a message may have been on its way. */
  *missing(lateMs: number): Generator<string> {
    const { plan } = this.#world;
    // L >= (K + 0.5) * 1.5 * R, exactly that here.
    const oldest = this.#world.network.now - (plan.lifetimeMultiplier + 0.5) * 1.5 * longestIntervalMs(plan) - lateMs;
    for (const node of this.#world.speakers) {
      for (const key of keysOf(node)) {
        const last = this.#last.get(key);
        if (last === undefined || last < oldest) {
          yield `${node.name} holds "${key}" ${last === undefined ? "that nobody sent" : `last sent at ${last} ms`}`;
        }
      }
    }
  }

  #note({ to, packet, lost, timeMs }: Sighting): void {
    if (lost || !to) return;
    const type = packet.payload[1];
    if (type !== PATH && type !== RESV) return;
    try {
      const { objects } = readMessage(packet.payload);
      const find = (wanted: number) => objects.find((object) => object.class === wanted)!;
      const base = `${to.node.name} ${sessionKey(find(SESSION))} ${hopAddress(find(RSVP_HOP))}`;
      this.#last.set(type === PATH ? `${base} path ${senderKey(find(SENDER_TEMPLATE))}` : `${base} resv`, timeMs);
    } catch {
      // A router that knows no RSVP passes corrupted messages on. They are no cause of anything.
    }
  }
}

function* keysOf(node: NetworkNode): Generator<string> {
  const { engine } = node.rsvp;
  for (const row of engine.inspect("senders")) {
    if (row.previousHopFamily === 0) continue;
    const [session, template] = readObjects(row.objects);
    const hop = formatAddress(row.previousHop, row.previousHopFamily);
    yield `${node.name} ${sessionKey(session)} ${hop} path ${senderKey(template)}`;
  }
  for (const row of engine.inspect("reservations")) {
    if (row.nextHopFamily === 0) continue;
    const [session] = readObjects(row.objects);
    yield `${node.name} ${sessionKey(session)} ${formatAddress(row.nextHop, row.nextHopFamily)} resv`;
  }
}
