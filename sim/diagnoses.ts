/**
 * What the nodes on the way to a sender say of it when a receiver asks (RFC 2745), compared with what the oracle has of
 * each: addresses, timers, the sender's TSpec, the reservation. Replies are read from the links, part by part.
 */
import { formatAddress } from "../host/address.ts";
import { ENCAPSULATION } from "../host/boundary.gen.ts";
import type { Sighting } from "../host/network/network_link.ts";
import type { Attachment, NodeRecord } from "../host/network/topology.ts";
import { Random } from "../host/random.ts";
import { flowText, tspecText } from "./flow.ts";
import { addressOn, type NodeState, type PathState, type SessionState } from "./oracle.ts";
import { isFor } from "./oracle_resv.ts";
import {
  DIAGNOSTIC_REPLY,
  type DiagnosticPart,
  FLOWSPEC,
  type HopReport,
  readDiagnosticReply,
  readFlow,
} from "./wire.ts";
import { readTspec, SENDER_TSPEC } from "./wire.ts";
import type { TrueReceiver, World } from "./world.ts";

/** Asked at the end of a round, at the most. */
const QUESTIONS = 4;
const SMALL_PART_BYTES = 400;
/** What K of a DIAG_RESPONSE has room for. */
const LARGEST_MULTIPLE = 15;
/** R-error of RFC 2745 3.6. */
const NO_PATH_STATE = 1;

interface Question {
  receiver: TrueReceiver;
  nodes: SessionState["nodes"];
  path: PathState;
  family: 4 | 6;
}

/** One node on the way, with the interface by which data go down to the one before it in the list. */
interface Hop {
  node: NodeRecord;
  state: NodeState;
  path: PathState;
  down: Attachment | undefined;
}

export class Diagnoses {
  #world: World;
  #parts: DiagnosticPart[] = [];
  #random: Random;

  constructor(world: World) {
    this.#world = world;
    this.#random = new Random(world.plan.seed);
    world.network.onPacket((sighting) => this.#note(sighting));
  }

  /** Asks, in a network at rest, and says where an answer is not what it should be. */
  *faults(solved: readonly SessionState[]): Generator<string> {
    const questions = [...this.#questions(solved)];
    for (let i = 0; i < QUESTIONS && questions.length > 0; i++) {
      const [question] = questions.splice(this.#random.below(questions.length), 1);
      // Straight it comes in raw IP, which not every host takes (docs/protocol-decisions.md).
      const back = question.receiver.node.options.udp === "only" || this.#random.chance(0.4);
      const partBytes = this.#random.chance(0.5) ? 1_500 : SMALL_PART_BYTES;
      const { receiver, path: { sender } } = question;
      const what = `${receiver.node.name} asks ${back ? "node by node " : ""}after ${sender.key}`;
      for (const fault of this.#ask(question, back, partBytes)) yield `${what}: ${fault}`;
    }
  }

  /** Receivers and senders of other nodes whose Paths reach them. */
  *#questions(solved: readonly SessionState[]): Generator<Question> {
    for (const { session, nodes, circular } of solved) {
      const { family } = this.#world.plan.sessions[session];
      if (circular) continue;
      for (const receiver of this.#world.receivers) {
        const { record } = receiver.node;
        if (receiver.session !== session) continue;
        for (const path of nodes.get(record)?.paths ?? []) {
          if (path.local && path.incoming) yield { receiver, nodes, path, family };
        }
      }
    }
  }

  *#ask({ receiver, nodes, path, family }: Question, back: boolean, partBytes: number): Generator<string> {
    this.#parts = [];
    // The answer goes to an address that the sender's data find; a host's other links may be cut off from there.
    this.#world.ask(receiver, path.sender, addressOn(path.incoming!, family), back, partBytes);
    this.#world.network.run(4 * this.#world.plan.links.reduce((sum, { delayMs }) => sum + delayMs, 0) + 1);
    const parts = this.#parts.sort((a, b) => a.offset - b.offset);
    if (parts.filter(({ more }) => !more).length !== 1) return yield `${parts.length} parts came, without one last`;
    const said = parts.flatMap(({ hops }) => hops);
    const way = wayOf(receiver, nodes, path);
    if (said.length !== way.length) return yield `${said.length} nodes answered, there are ${way.length}`;
    for (const [index, hop] of way.entries()) {
      for (const fault of this.#compare(said[index], hop, family)) yield `hop ${index + 1} says ${fault}`;
    }
  }

  *#compare(said: HopReport, { node, state, path, down }: Hop, family: 4 | 6): Generator<string> {
    const address = (attachment: Attachment | undefined) => attachment ? addressOn(attachment, family) : "";
    const { lifetimeMultiplier } = this.#world.plan;
    const timed = path.incoming ?? down;
    const { refreshIntervalMs } = this.#world.nodes[node.index].rsvp.settings;
    const intervalMs = timed?.link.options.refreshIntervalMs ?? refreshIntervalMs;
    const seconds = (ms: number) => Math.floor((ms + 500) / 1_000);
    const changes = this.#world.plan.rounds.some(({ events }) => events.some(({ what }) => what.kind === "refresh"));
    const wanted = {
      incoming: address(path.incoming),
      previous: address(path.previous),
      multiple: Math.min(lifetimeMultiplier, LARGEST_MULTIPLE),
      // A higher R is come to step by step (Slew.Max, RFC 2205 3.7).
      seconds: changes ? Math.min(said.seconds, seconds(intervalMs)) : seconds(intervalMs),
      tspec: tspecText(path.sender.tspec),
      noPath: false,
    };
    const tspec = said.objects.find((object) => object.class === SENDER_TSPEC);
    const { incoming, previous, multiple } = said;
    // That a reply comes in parts is another bit of R-error.
    const noPath = said.error === NO_PATH_STATE;
    const told = {
      incoming,
      previous,
      multiple,
      seconds: said.seconds,
      tspec: tspec ? tspecText(readTspec(tspec)) : "",
      noPath,
    };
    if (JSON.stringify(told) !== JSON.stringify(wanted)) yield `${JSON.stringify(told)}, not ${JSON.stringify(wanted)}`;
    // At the last hop data may leave by several interfaces, or by none.
    if (down && said.outgoing !== address(down)) yield `that data leave by ${said.outgoing}, not ${address(down)}`;
    const asked = state.reservations.filter((one) =>
      isFor(one, path) && (down ? one.on === down : typeof one.on === "number")
    );
    const flowspec = said.objects.find((object) => object.class === FLOWSPEC);
    const text = flowspec ? flowText(readFlow(flowspec)) : "nothing";
    const flows = asked.length === 0 ? ["nothing"] : asked.map(({ flow }) => flowText(flow));
    // At the last hop it tells of what an outgoing interface has, if there is one.
    if (down && !flows.includes(text)) yield `that ${text} is reserved, not ${flows.join(" or ")}`;
  }

  #note({ to, packet, lost }: Sighting): void {
    if (lost || !to || packet.payload[1] !== DIAGNOSTIC_REPLY) return;
    // Of a message that goes both ways nobody hears both (RFC 2205 appendix C).
    if (packet.encapsulation === (to.node.udpOnly ? ENCAPSULATION.RAW : ENCAPSULATION.UDP_ALTERNATE)) return;
    const part = readPart(packet.payload);
    // By ROUTE it comes to whichever interface the request left by. What others pass on is not there yet.
    const family = packet.family as 4 | 6, destination = formatAddress(packet.destination, family);
    const own = to.node.attachments.map((one) => addressOn(one, family));
    if (part && own.includes(destination) && own.includes(part.requester)) this.#parts.push(part);
  }
}

function readPart(payload: Uint8Array): DiagnosticPart | undefined {
  try {
    return readDiagnosticReply(payload);
  } catch {
    // Corrupted on its way through a router that knows no RSVP.
    return undefined;
  }
}

/** From the receiver's node up to the sender's. */
function wayOf(receiver: TrueReceiver, nodes: SessionState["nodes"], start: PathState): Hop[] {
  const { record } = receiver.node;
  const way: Hop[] = [{ node: record, state: nodes.get(record)!, path: start, down: undefined }];
  for (let path = start; path.previous;) {
    const down: Attachment = path.previous;
    const state = nodes.get(down.node)!;
    path = state.paths.find((one) => one.sender.key === start.sender.key && one.outgoing.includes(down))!;
    way.push({ node: down.node, state, path, down });
  }
  return way;
}
