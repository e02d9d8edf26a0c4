/**
 * A small world in which random messages meet each other: a few sessions, senders, hops and interfaces of both families,
 * so that what one message makes another one changes, refuses or takes away.
 */
import type { Random } from "../../host/random.ts";
import { type Bytes, floatBits, fromHex, object, pack } from "./bytes.ts";

export interface WorldInterface {
  readonly handle: number;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly options: number;
  readonly reservableBytesPerSecond: number;
}

/** The node's interfaces: without limit, with limits, with UDP encapsulation, and with the highest handle. */
export const INTERFACES: readonly WorldInterface[] = [
  { handle: 1, ipv4: "c00002fe", ipv6: "20010db80001000000000000000000fe", options: 0, reservableBytesPerSecond: -1 },
  {
    handle: 2,
    ipv4: "cb0071fe",
    ipv6: "20010db80002000000000000000000fe",
    options: 0,
    reservableBytesPerSecond: 500_000,
  },
  { handle: 3, ipv4: "c63364fe", ipv6: "", options: 2, reservableBytesPerSecond: 1_000_000.5 },
  {
    handle: 65535,
    ipv4: "0aff0001",
    ipv6: "20010db8ffff000000000000000000fe",
    options: 1,
    reservableBytesPerSecond: 40_000,
  },
];

/** C-Types of one family and kind of port: 1 and 2 of RFC 2205, 3 and 4 of RFC 2207. */
export interface SessionOf {
  readonly family: 4 | 6;
  readonly object: Bytes;
  readonly generalised: boolean;
}

const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)];

const DESTINATIONS = {
  4: ["0a000001", "e0010101", "0a000002", "e0010102", "cb0071fe"],
  6: [
    "20010db8000a00000000000000000001",
    "ff0e0000000000000000000000000101",
    "20010db80002000000000000000000fe",
  ],
} as const;
const SENDERS = { 4: "c6336400", 6: "20010db8000c00000000000000000000" } as const;

export function randomSession(random: Random, flags = random.chance(0.2) ? 1 : 0): SessionOf {
  const family = random.chance(0.8) ? 4 : 6;
  const generalised = random.chance(0.05);
  const protocol = generalised ? 50 : random.chance(0.95) ? 17 : 6;
  const port = random.chance(0.03) ? 0 : random.chance(0.85) ? 5004 : 5005;
  // Most of it happens in a few sessions, so that there is something to refresh, change and tear.
  const destination = random.chance(0.6) ? DESTINATIONS[family][random.below(2)] : pick(random, DESTINATIONS[family]);
  const body = pack(fromHex(destination), [protocol, 1], [flags, 1], [port, 2]);
  return { family, object: object(1, (family === 4 ? 1 : 2) + (generalised ? 2 : 0), body), generalised };
}

/** SENDER_TEMPLATE (class 11) or FILTER_SPEC (class 10) of one of the few senders. */
export function randomSender(random: Random, objectClass: number, session: SessionOf): Bytes {
  const address = fromHex(SENDERS[session.family]);
  address[address.length - 1] = 1 + random.below(random.chance(0.05) ? 200 : 3);
  const port = session.object.at(-1) === 0 && session.object.at(-2) === 0 || random.chance(0.04)
    ? 0
    : random.chance(0.9)
    ? 4000
    : 4001;
  if (session.generalised) return object(objectClass, session.family === 4 ? 4 : 5, pack(address, [port, 4]));
  if (session.family === 6 && random.chance(0.03)) return object(objectClass, 3, pack(address, [port, 4]));
  return object(objectClass, session.family === 4 ? 1 : 2, pack(address, [0, 2], [port, 2]));
}

/** Address of a neighbour on an interface, as many bytes as its family has. */
export function neighbourAddress(random: Random, iface: WorldInterface, family: 4 | 6): Bytes {
  const own = family === 4 ? iface.ipv4 : iface.ipv6 || "fe8000000000000000000000000000fe";
  const address = fromHex(own);
  address[address.length - 1] = 1 + random.below(random.chance(0.05) ? 250 : 2);
  return address;
}

export const hop = (family: 4 | 6, address: Uint8Array, handle: number): Bytes =>
  object(3, family === 4 ? 1 : 2, pack(address, [handle >>> 0, 4]));

const PERIODS = [30_000, 30_000, 30_000, 5000, 1000, 10, 1, 0, 0x7fffffff, 0x80000000, 0xffffffff];
export const randomTime = (random: Random): Bytes =>
  object(5, 1, pack([random.chance(0.7) ? 30_000 : pick(random, PERIODS), 4]));

function bucket(random: Random): Bytes {
  const rate = pick(random, [1000, 10_000, 10_000, 25_000, 100_000, 400_000, 1e12]);
  const peak = random.chance(0.2) ? Infinity : rate * 2;
  return pack(
    [0x7f000005, 4],
    [floatBits(rate), 4],
    [floatBits(rate / 10), 4],
    [floatBits(peak), 4],
    [64, 4],
    [pick(random, [1500, 1500, 576, 9000]), 4],
  );
}

function intServ(objectClass: number, body: Uint8Array): Bytes {
  return object(objectClass, 2, pack([0, 2], [body.length / 4, 2], body));
}

export function randomTspec(random: Random): Bytes {
  if (random.chance(0.05)) return intServ(12, pack([0x06000002, 4], [0x80000001, 4], [1500, 4]));
  // Parameters behind the token bucket are legal, of any number and length.
  const more = random.chance(0.05)
    ? new Uint8Array(4 * random.below(random.chance(0.2) ? 15_000 : 40))
    : new Uint8Array(0);
  if (more.length >= 4) more.set(pack([77, 1], [0, 1], [more.length / 4 - 1, 2]));
  return intServ(12, pack([1, 1], [0, 1], [6 + more.length / 4, 2], bucket(random), more));
}

export function randomFlowspec(random: Random): Bytes {
  const kind = random.below(40);
  if (kind === 0) return intServ(9, pack([0x06000002, 4], [0x80000001, 4], [1500, 4]));
  if (kind === 1) return intServ(9, pack([99, 1], [0, 1], [6, 2], bucket(random)));
  const more = random.chance(0.05)
    ? new Uint8Array(4 * random.below(random.chance(0.1) ? 15_000 : 400))
    : new Uint8Array(0);
  if (more.length >= 4) more.set(pack([77, 1], [0, 1], [more.length / 4 - 1, 2]));
  if (kind < 5) {
    const first = bucket(random);
    const rspec = pack([0x82000002, 4], first.subarray(4, 8), [random.below(2) * 1000, 4]);
    return intServ(9, pack([2, 1], [0, 1], [9 + more.length / 4, 2], first, rspec, more));
  }
  return intServ(9, pack([5, 1], [0, 1], [6 + more.length / 4, 2], bucket(random), more));
}

export function randomAdspec(random: Random): Bytes {
  const general = pack(
    [0x01000008, 4],
    [0x04000001, 4],
    [random.below(256), 4],
    [0x06000001, 4],
    [floatBits(1e6 * (1 + random.below(3))), 4],
    [0x08000001, 4],
    [random.chance(0.1) ? 0xffffffff : 100, 4],
    [0x0a000001, 4],
    [1500, 4],
  );
  const guaranteed = random.chance(0.5)
    ? pack([0x02000000, 4])
    : pack([0x02000008, 4], ...[133, 134, 135, 136].flatMap((n) => [[n, 1], [0, 1], [1, 2], [n, 4]] as [number, 1][]));
  return intServ(13, random.chance(0.5) ? pack(general, guaranteed, [0x05000000, 4]) : general);
}

const STYLES = [0x0a, 0x12, 0x11];

/** Mostly the style that all reservations of the session have, so that they get on with each other. */
export function randomStyle(random: Random, session: SessionOf): Bytes {
  const body = session.object;
  const usual = STYLES[(body[7] + body[4] + body.at(-1)!) % STYLES.length];
  return object(
    8,
    1,
    pack([random.chance(0.02) ? random.u32() : random.chance(0.85) ? usual : pick(random, STYLES), 4]),
  );
}

/** What may stand in between: policy, unknown classes of all three kinds, NULL. */
export function randomExtras(random: Random): Bytes[] {
  const extras: Bytes[] = [];
  while (random.chance(0.12)) {
    const body = new Uint8Array(4 * random.below(random.chance(0.02) ? 15_000 : 6)).fill(random.below(256));
    extras.push(object(pick(random, [14, 14, 0, 100, 150, 200, 250]), 1, body));
  }
  return extras;
}
