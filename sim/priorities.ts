/**
 * What is demanded of preemption (RFC 3181): nobody is refused for want of bandwidth that something with a lower priority
 * holds. Read from the messages on the links and from the tables, with arithmetic of its own; all priorities of a
 * simulation merge by the strategy "highest priority", so the merge is a maximum.
 */
import type { Sighting } from "../host/network/network_link.ts";
import type { NetworkNode } from "../host/network/network_node.ts";
import { formatAddress } from "../host/address.ts";
import { styleName } from "../host/application.ts";
import { addressOn, type Reservation, type SessionState } from "./oracle.ts";
import { readReservations, sessionName, type Standing } from "./scarce.ts";
import type { Flow } from "./flow.ts";
import { longestIntervalMs } from "./plan.ts";
import {
  ERROR_SPEC,
  FILTER_SPEC,
  FLOWSPEC,
  hopAddress,
  POLICY_DATA,
  readError,
  readFlow,
  readMessage,
  readObjects,
  readPriorities,
  RESV,
  RESV_ERROR,
  RESV_TEAR,
  RSVP_HOP,
  senderKey,
  SESSION,
  sessionKey,
  type WireObject,
  type WirePriority,
} from "./wire.ts";
import type { World } from "./world.ts";

interface Asked extends WirePriority {
  atMs: number;
  /** What it asks for, by sender; for all under "". */
  flows: ReadonlyMap<string, Flow>;
  /** What the one before it defended, while this one is refused and that one stands (RFC 2205 3.5, InPlace). */
  before: number;
  /** The node that it was sent to has refused it. */
  refused: boolean;
  /** What it asked for was granted and has been taken away: it asks again with its next refresh. */
  preempted: boolean;
}

/** ERROR_SPEC code 12, service preempted (RFC 2205 appendix B). */
const PREEMPTED = 12;

interface Held {
  defending: number;
  rate: number;
}

export class Priorities {
  #world: World;
  /** The latest Resv of each hop to each. */
  #last = new Map<string, Asked>();

  constructor(world: World) {
    this.#world = world;
    world.network.onPacket((sighting) => this.#note(sighting));
  }

  /** Who is refused though it need not be. Asked when all has been quiet for several refresh intervals. */
  *faults(solved: readonly SessionState[]): Generator<string> {
    for (const { session, nodes } of solved) {
      const name = sessionName(this.#world, session);
      for (const node of this.#world.speakers) {
        const standing = readReservations(node);
        for (const wanted of nodes.get(node.record)?.reservations ?? []) {
          const fault = this.#fault(name, node, wanted, standing, this.#world.plan.sessions[session].family);
          if (fault) yield fault;
        }
      }
    }
  }

  #fault(
    session: string,
    node: NetworkNode,
    wanted: Reservation,
    standing: readonly Standing[],
    family: 4 | 6,
  ): string | undefined {
    const { on, nextHop, style } = wanted;
    if (typeof on === "number") return undefined;
    const asked = this.#last.get(`${session} ${nextHop} to ${addressOn(on, family)}`);
    if (!asked || asked.atMs < this.#world.network.now - 1.6 * longestIntervalMs(this.#world.plan)) return undefined;
    if (asked.preempted) return undefined;
    const filter = style === "FF" ? wanted.filters[0] : undefined;
    const flow = asked.flows.get(filter ?? "");
    if (!flow) return undefined;
    // Where others of the session have something here, it would only grow: left out.
    const isHere = standing.some(({ session: other, reservation }) =>
      other === session && reservation.on === on && (!filter || reservation.filters.includes(filter))
    );
    if (isHere) return undefined;
    const row = node.rsvp.engine.inspect("interfaces").find((one) => one.interface === on.handle)!;
    // Path_Te may lower it: never too little.
    const rate = flow.service === "GS" ? flow.reserved : flow.rate;
    const need = row.reservedBytesPerSecond + rate - row.reservableBytesPerSecond;
    // Told that there was none, it asks for room that has come since with its next refresh. Who was told nothing is a fault.
    if (need <= 0 && asked.refused) return undefined;
    const lower = this.#held(node, on.handle, standing)
      .filter(({ defending }) => defending < asked.preemption)
      .reduce((sum, held) => sum + held.rate, 0);
    if (lower < need) return undefined;
    return `${node.name} eth${on.handle}: ${session} of ${nextHop} with priority ${asked.preemption} is refused ${rate}, ` +
      `${row.reservedBytesPerSecond} of ${row.reservableBytesPerSecond} are in use, ${lower} of it by lower ones`;
  }

  /** What is installed on an interface, with the defending priorities of the hops that asked for it. */
  #held(node: NetworkNode, handle: number, standing: readonly Standing[]): Held[] {
    const on = node.record.attachments[handle - 1];
    return node.rsvp.engine.inspect("installed").filter((row) => row.interface === handle).map((row) => {
      const objects = readObjects(row.objects);
      const session = sessionKey(objects[0]);
      const filters = objects.filter((object) => object.class === FILTER_SPEC).map(senderKey);
      const shared = styleName(row.style) !== "FF";
      const owners = standing.filter(({ session: other, reservation }) =>
        other === session && reservation.on === on &&
        (shared || reservation.filters.some((filter) => filters.includes(filter)))
      );
      const priorities = owners.map(({ reservation }) => {
        const own = addressOn(on, reservation.nextHop.includes(":") ? 6 : 4);
        return defended(this.#last.get(`${session} ${reservation.nextHop} to ${own}`));
      });
      return { defending: Math.max(0, ...priorities), rate: row.rateBytesPerSecond };
    });
  }

  #note({ packet, lost, timeMs }: Sighting): void {
    const type = packet.payload[1];
    // A refusal that is lost was one all the same.
    if (type === RESV_ERROR) return this.#noteError({ packet });
    if (lost || (type !== RESV && type !== RESV_TEAR)) return;
    try {
      const { objects } = readMessage(packet.payload);
      const find = (wanted: number) => objects.find((object) => object.class === wanted);
      const to = formatAddress(packet.destination, packet.family);
      const key = `${sessionKey(find(SESSION)!)} ${hopAddress(find(RSVP_HOP)!)} to ${to}`;
      if (type === RESV_TEAR) return void this.#last.delete(key);
      const priorities = objects.filter((object) => object.class === POLICY_DATA).flatMap(readPriorities);
      const before = this.#last.get(key);
      this.#last.set(key, {
        atMs: timeMs,
        before: before ? (before.refused ? Math.max(before.before, before.defending) : before.defending) : 0,
        refused: false,
        preempted: false,
        flows: flowsOf(objects),
        preemption: Math.max(0, ...priorities.map(({ preemption }) => preemption)),
        defending: Math.max(0, ...priorities.map(({ defending }) => defending)),
      });
    } catch {
      // Corrupted on its way through a router that knows no RSVP.
    }
  }

  /** What a node answers to the Resv of a next hop; errors that it hands on from others are no answer of its own. */
  #noteError({ packet }: Pick<Sighting, "packet">): void {
    try {
      const { objects } = readMessage(packet.payload);
      const find = (wanted: number) => objects.find((object) => object.class === wanted);
      const own = hopAddress(find(RSVP_HOP)!), { node, code } = readError(find(ERROR_SPEC)!);
      const nextHop = formatAddress(packet.destination, packet.family);
      const asked = this.#last.get(`${sessionKey(find(SESSION)!)} ${nextHop} to ${own}`);
      if (!asked || node !== own) return;
      asked.refused = true;
      if (code === PREEMPTED) asked.preempted = true;
    } catch {
      // As above.
    }
  }
}

/** What defends a reservation: where its latest change is refused, also what it stood with before. */
function defended(asked: Asked | undefined): number {
  if (!asked) return Infinity;
  return asked.refused ? Math.max(asked.before, asked.defending) : asked.defending;
}

/** The flow descriptors of a Resv: an FF flowspec stands before its filter, or before an earlier one. */
function flowsOf(objects: readonly WireObject[]): Map<string, Flow> {
  const flows = new Map<string, Flow>();
  let flow: Flow | undefined;
  for (const object of objects) {
    if (object.class === FLOWSPEC) flow = readFlow(object);
    if (object.class === FILTER_SPEC && flow) flows.set(senderKey(object), flow);
  }
  if (flow) flows.set("", flow);
  return flows;
}
