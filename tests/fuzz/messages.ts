/** Random messages of every type that are right, or nearly so, in the world of universe.ts. */
import type { Random } from "../../host/random.ts";
import { type Bytes, fromHex, message, object, pack } from "./bytes.ts";
import {
  hop,
  INTERFACES,
  neighbourAddress,
  randomAdspec,
  randomExtras,
  randomFlowspec,
  randomSender,
  randomSession,
  randomStyle,
  randomTime,
  randomTspec,
  type SessionOf,
  type WorldInterface,
} from "./universe.ts";

/** A message and how it comes in. Addresses have the bytes of their family. */
export interface Arrival {
  readonly interface: number;
  readonly family: 4 | 6;
  readonly source: Bytes;
  readonly destination: Bytes;
  readonly ttl: number;
  readonly encapsulation: number;
  readonly payload: Bytes;
}

const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)];

function handleOf(random: Random, iface: WorldInterface): number {
  const kind = random.below(40);
  if (kind === 0) return random.u32();
  return kind === 1 ? 0 : iface.handle;
}

/** FLOWSPEC and FILTER_SPECs as the style in a STYLE object wants them. */
function descriptors(random: Random, session: SessionOf, style: number): Bytes[] {
  const count = random.chance(0.05) ? 1 + random.below(60) : 1 + random.below(3);
  const filter = () => randomSender(random, 10, session);
  if (style === 0x11) return [randomFlowspec(random)];
  if (style === 0x12) return [randomFlowspec(random), ...Array.from({ length: count }, filter)];
  const list = [randomFlowspec(random), filter()];
  for (let more = 1; more < count; more++) {
    if (random.chance(0.7)) list.push(randomFlowspec(random));
    list.push(filter());
  }
  return list;
}

function errorSpec(random: Random, session: SessionOf, node: Uint8Array): Bytes {
  const code = pick(random, [1, 1, 1, 3, 4, 5, 21, random.below(256)]);
  return object(
    6,
    session.family === 4 ? 1 : 2,
    pack(node, [random.below(4), 1], [code, 1], [pick(random, [0, 1, 2, random.below(65536)]), 2]),
  );
}

function scope(random: Random, session: SessionOf): Bytes {
  const size = session.family === 4 ? 4 : 16;
  const addresses = Array.from({ length: 1 + random.below(3) }, () => {
    return randomSender(random, 10, session).subarray(4, 4 + size);
  });
  return object(7, session.family === 4 ? 1 : 2, pack(...addresses));
}

const confirmOf = (session: SessionOf, address: Uint8Array): Bytes =>
  object(15, session.family === 4 ? 1 : 2, pack(address));

/** DREQ or DREP (RFC 2745): the last hop is this node, a neighbour or the requester, and some have come a long way. */
function diagnostic(random: Random, session: SessionOf, nhop: Bytes, at: Bytes): Bytes[] {
  const { family } = session, ctype = family === 4 ? 1 : 2, size = family === 4 ? 4 : 16;
  const own = () => neighbourAddress(random, pick(random, INTERFACES), family).slice(0, size);
  const last = () => {
    const address = own();
    if (random.chance(0.7)) address.set(fromHex(INTERFACES[0][family === 4 ? "ipv4" : "ipv6"]).subarray(0, size));
    return address;
  };
  const requester = randomSender(random, 10, session);
  if (random.chance(0.3)) requester.set(last(), 4);
  const nodes = Array.from({ length: random.chance(0.1) ? 255 : random.below(4) }, own);
  const response = () =>
    object(32, ctype, pack(new Uint8Array(16 + 3 * size - 8 + 4 * random.below(random.chance(0.1) ? 200 : 3))));
  const responses = Array.from({ length: random.below(4) }, response);
  const pathMtu = pick(random, [0, 200, 576, 1500, 65_535]);
  return [
    session.object,
    nhop,
    object(
      30,
      ctype,
      pack(
        [random.below(4), 1],
        [pick(random, [0, 0, 1, 254, 255]), 1],
        [random.below(2), 2],
        [random.below(6), 4],
        [pathMtu, 2],
        [random.chance(0.7) ? 0 : random.below(65_536), 2],
        random.chance(0.9) ? last() : at.slice(0, size),
        randomSender(random, 11, session),
        requester,
      ),
    ),
    ...(random.chance(0.3) ? [object(33, 1, pack([9, 1], [0, 1], [pick(random, [3, 13, 15, 7]), 1], [0, 1]))] : []),
    ...(random.chance(0.5)
      ? [
        object(
          31,
          ctype,
          pack([0, 2], [0, 1], [random.below(nodes.length + (random.chance(0.1) ? 9 : 1)), 1], ...nodes),
        ),
      ]
      : []),
    ...responses,
  ];
}

/** The objects of a message of this type, hop `at` saying where it comes from. */
function objectsFor(random: Random, type: number, session: SessionOf, iface: WorldInterface, at: Bytes): Bytes[] {
  const phop = hop(session.family, at, random.chance(0.1) ? random.u32() : random.below(4));
  const nhop = hop(session.family, at, handleOf(random, iface));
  const style = randomStyle(random, session);
  const vector = style[7] & 31;
  const extras = () => randomExtras(random);
  const template = () => randomSender(random, 11, session);
  const adspec = () => random.chance(0.5) ? [randomAdspec(random)] : [];
  const scoped = () => vector === 0x11 && random.chance(0.3) ? [scope(random, session)] : [];
  const confirm = () => random.chance(0.2) ? [confirmOf(session, at)] : [];
  const time = () => randomTime(random);
  switch (type) {
    case 1:
      return [session.object, phop, time(), ...extras(), template(), randomTspec(random), ...adspec(), ...extras()];
    case 2:
      return [
        session.object,
        nhop,
        time(),
        ...confirm(),
        ...scoped(),
        ...extras(),
        style,
        ...descriptors(random, session, vector),
      ];
    case 3:
      return [
        session.object,
        errorSpec(random, session, at),
        ...extras(),
        template(),
        randomTspec(random),
        ...adspec(),
      ];
    case 4:
      return [
        session.object,
        phop,
        errorSpec(random, session, at),
        ...scoped(),
        ...extras(),
        style,
        ...descriptors(random, session, vector).slice(0, 2),
      ];
    case 5:
      return [session.object, phop, ...extras(), template(), randomTspec(random), ...adspec()];
    case 8:
    case 9:
      return diagnostic(random, session, nhop, at);
    case 6:
      return [session.object, nhop, ...scoped(), ...extras(), style, ...descriptors(random, session, vector)];
    default:
      return [
        session.object,
        errorSpec(random, session, at),
        confirmOf(session, at),
        style,
        ...descriptors(random, session, vector).slice(0, 2),
      ];
  }
}

/** Paths mostly come in by the first interface, and Resvs by those that routes mostly lead to. */
function usualInterface(random: Random, type: number): WorldInterface {
  if (random.chance(0.2)) return pick(random, INTERFACES);
  const upstream = type === 1 || type === 3 || type === 4 || type === 5;
  return upstream ? INTERFACES[0] : INTERFACES[1 + random.below(2)];
}

/** Cut to what a length field can say; then the message is a broken one. */
const longest = (payload: Bytes): Bytes => payload.length > 65_535 ? payload.slice(0, 65_532) : payload;

const TYPES = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 4, 4, 5, 6, 7, 8, 8, 9];

/** A message that may well be taken. */
export function randomArrival(random: Random): Arrival {
  const type = pick(random, TYPES);
  const session = randomSession(random);
  const iface = usualInterface(random, type);
  const at = neighbourAddress(random, iface, session.family);
  const ttl = random.chance(0.1) ? random.below(256) : 63;
  const size = session.family === 4 ? 4 : 16;
  const own = pack(...[iface.ipv4, iface.ipv6].map((text, index) => {
    return index === (session.family === 4 ? 0 : 1)
      ? Uint8Array.from(text.match(/../g) ?? [], (p) => parseInt(p, 16))
      : new Uint8Array(0);
  }));
  const endToEnd = type === 1 || type === 5 || type === 7;
  return {
    interface: random.chance(0.01) ? random.u32() : iface.handle,
    family: session.family,
    source: at,
    destination: endToEnd || random.chance(0.02) ? session.object.slice(4, 4 + size) : own,
    ttl: random.chance(0.1) ? random.below(256) : ttl,
    encapsulation: random.chance(0.1) ? random.below(3) : iface.options === 1 ? 1 : 0,
    payload: longest(message(type, objectsFor(random, type, session, iface, at), ttl)),
  };
}
