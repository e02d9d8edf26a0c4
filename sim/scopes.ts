/**
 * SCOPE objects, which no table shows: what the latest wildcard Resv of each hop said, compared with what RFC 2205 3.4
 * wants it to say.
 */
import { formatAddress } from "../host/address.ts";
import type { Sighting } from "../host/network/network_link.ts";
import { addressOn, type SessionState } from "./oracle.ts";
import { scopeOf } from "./oracle_resv.ts";
import { hopAddress, readMessage, RESV, RSVP_HOP, SCOPE, SESSION, sessionKey } from "./wire.ts";
import type { World } from "./world.ts";

const NONE = "no scope";

export class Scopes {
  #world: World;
  #last = new Map<string, string>();

  constructor(world: World) {
    this.#world = world;
    world.network.onPacket((sighting) => this.#note(sighting));
  }

  /** Where the latest Resv had another scope than it should. */
  *faults(solved: readonly SessionState[]): Generator<string> {
    for (const { session, nodes } of solved) {
      const { destination, port } = this.#world.sessionAddress(session);
      const { family } = this.#world.plan.sessions[session];
      for (const [node, state] of nodes) {
        for (const request of state.requests) {
          if (request.style !== "WF") continue;
          const key = `${destination}/${port}/17 ${addressOn(request.on, family)} to ${
            addressOn(request.previous, family)
          }`;
          const wanted = scopeText(scopeOf(nodes, request)), said = this.#last.get(key) ?? "nothing";
          if (said !== wanted) yield `${node.name}: ${key} said ${said}, should say ${wanted}`;
        }
      }
    }
  }

  #note({ packet, lost }: Sighting): void {
    if (lost || packet.payload[1] !== RESV) return;
    try {
      const { objects } = readMessage(packet.payload);
      const find = (wanted: number) => objects.find((object) => object.class === wanted);
      const scope = find(SCOPE);
      const bytes = packet.family === 4 ? 4 : 16;
      const list = scope &&
        Array.from(
          { length: scope.body.length / bytes },
          (_, i) => formatAddress(scope.body.subarray(i * bytes, (i + 1) * bytes), packet.family),
        );
      const to = formatAddress(packet.destination, packet.family);
      this.#last.set(`${sessionKey(find(SESSION)!)} ${hopAddress(find(RSVP_HOP)!)} to ${to}`, scopeText(list));
    } catch {
      // Corrupted on its way through a router that knows no RSVP.
    }
  }
}

function scopeText(addresses: Iterable<string> | undefined): string {
  return addresses ? [...addresses].sort().join(" ") : NONE;
}
