/** Damage: what may happen to a message on its way, or be done to it on purpose. Deterministic for a given `Random`. */
import type { Random } from "../../host/random.ts";
import { type Bytes, concat, object, objectsOf, repairChecksum, repairLength } from "./bytes.ts";

const INTERESTING = [0, 1, 2, 3, 4, 5, 7, 8, 12, 20, 24, 0x7f, 0x80, 0xff];
const INTERESTING_16 = [0, 1, 3, 4, 6, 8, 0x7fff, 0x8000, 0xfffc, 0xffff];
/** Where lengths stand inside an object: its own, the overall one, of a service, of its first parameter (RFC 2210 3). */
const LENGTHS_INSIDE = [0, 6, 10, 14, 18];

type Mutation = (random: Random, bytes: Bytes, pool: readonly Bytes[]) => Bytes;

const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)];
const header = (bytes: Uint8Array) => bytes.subarray(0, Math.min(8, bytes.length));

/** Changes the list of objects and puts the message together again. */
function withObjects(change: (random: Random, objects: Uint8Array[], pool: readonly Bytes[]) => void): Mutation {
  return (random, bytes, pool) => {
    const objects = objectsOf(bytes);
    change(random, objects, pool);
    return concat([header(bytes), ...objects]);
  };
}

function foreignObject(random: Random, pool: readonly Bytes[]): Uint8Array {
  const objects = objectsOf(pick(random, pool));
  return objects.length > 0 ? pick(random, objects) : new Uint8Array(4);
}

function randomObject(random: Random): Bytes {
  const body = new Uint8Array(4 * random.below(random.chance(0.05) ? 200 : 8));
  for (let at = 0; at < body.length; at++) body[at] = random.chance(0.5) ? 0 : random.below(256);
  return object(random.chance(0.7) ? random.below(22) : random.below(256), 1 + random.below(8), body);
}

const flipBits: Mutation = (random, bytes) => {
  for (let flips = 1 + random.below(4); flips > 0; flips--) bytes[random.below(bytes.length)] ^= 1 << random.below(8);
  return bytes;
};

const setByte: Mutation = (random, bytes) => {
  bytes[random.below(bytes.length)] = pick(random, INTERESTING);
  return bytes;
};

const setWord: Mutation = (random, bytes) => {
  const at = random.below(Math.max(1, bytes.length >> 1)) * 2;
  const value = pick(random, INTERESTING_16);
  bytes[at] = value >> 8;
  if (at + 1 < bytes.length) bytes[at + 1] = value & 255;
  return bytes;
};

/** A length at any nesting level, a little off or far off. */
const breakLength: Mutation = (random, bytes) => {
  const objects = objectsOf(bytes);
  if (objects.length === 0) return bytes;
  const chosen = pick(random, objects);
  const at = pick(random, LENGTHS_INSIDE);
  if (at + 2 > chosen.length) return bytes;
  const old = (chosen[at] << 8) | chosen[at + 1];
  const value = random.chance(0.6) ? old + pick(random, [-8, -4, -1, 1, 4, 8]) : pick(random, INTERESTING_16);
  chosen[at] = (value >> 8) & 255;
  chosen[at + 1] = value & 255;
  return bytes;
};

const cut: Mutation = (random, bytes) => bytes.slice(0, random.below(bytes.length + 1));
const cutWords: Mutation = (random, bytes) => bytes.slice(0, 4 * random.below((bytes.length >> 2) + 1));

const repeat = withObjects((random, objects) => {
  if (objects.length === 0) return;
  const chosen = pick(random, objects);
  const times = random.chance(0.02) ? random.below(800) : 1 + random.below(3);
  for (let i = 0; i < times; i++) objects.splice(random.below(objects.length + 1), 0, chosen);
});

const swap = withObjects((random, objects) => {
  if (objects.length < 2) return;
  const [a, b] = [random.below(objects.length), random.below(objects.length)];
  [objects[a], objects[b]] = [objects[b], objects[a]];
});

const remove = withObjects((random, objects) => {
  if (objects.length > 0) objects.splice(random.below(objects.length), 1 + random.below(2));
});

const insert = withObjects((random, objects, pool) => {
  const added = random.chance(0.5) ? foreignObject(random, pool) : randomObject(random);
  objects.splice(random.below(objects.length + 1), 0, added);
});

const replace = withObjects((random, objects, pool) => {
  if (objects.length > 0) objects[random.below(objects.length)] = foreignObject(random, pool);
});

const splice = withObjects((random, objects, pool) => {
  const others = objectsOf(pick(random, pool));
  objects.splice(random.below(objects.length + 1), objects.length, ...others.slice(random.below(others.length + 1)));
});

/** The C-Type of the other family, or any. */
const changeType: Mutation = (random, bytes) => {
  const objects = objectsOf(bytes).filter((one) => one.length >= 4);
  if (objects.length === 0) return bytes;
  const chosen = pick(random, objects);
  chosen[3] = random.chance(0.7) ? 3 - chosen[3] : random.below(256);
  return bytes;
};

const changeClass: Mutation = (random, bytes) => {
  const objects = objectsOf(bytes).filter((one) => one.length >= 4);
  if (objects.length > 0) pick(random, objects)[2] = random.chance(0.7) ? random.below(16) : random.below(256);
  return bytes;
};

const stretch = withObjects((random, objects) => {
  if (objects.length === 0) return;
  const index = random.below(objects.length);
  const bytes = random.chance(0.02) ? 4 * random.below(16000) : 4 * (1 + random.below(8));
  const grown = concat([objects[index], new Uint8Array(bytes).fill(pick(random, INTERESTING))]);
  if (grown.length > 0xffff || grown.length < 2) return;
  // Half of them say so, half of them push what follows out of place.
  if (random.chance(0.7)) {
    grown[0] = grown.length >> 8;
    grown[1] = grown.length & 255;
  }
  objects[index] = grown;
});

const changeHeader: Mutation = (random, bytes) => {
  const at = random.below(Math.min(8, bytes.length));
  bytes[at] = at === 1 ? random.below(16) : random.below(256);
  return bytes;
};

const MUTATIONS: readonly Mutation[] = [
  flipBits,
  flipBits,
  setByte,
  setWord,
  breakLength,
  breakLength,
  cut,
  cutWords,
  repeat,
  swap,
  remove,
  insert,
  insert,
  replace,
  splice,
  changeType,
  changeClass,
  stretch,
  changeHeader,
];

/** One to four mutations of a copy, mostly with length and checksum repaired, so that the deep code is reached. */
export function mutate(random: Random, original: Uint8Array, pool: readonly Bytes[]): Bytes {
  let bytes: Bytes = original.slice();
  for (let count = 1 + random.below(random.chance(0.3) ? 4 : 1); count > 0; count--) {
    if (bytes.length === 0) break;
    bytes = pick(random, MUTATIONS)(random, bytes, pool);
  }
  if (bytes.length > 65535) bytes = bytes.slice(0, 65532);
  if (random.chance(0.9)) repairLength(bytes);
  const sum = random.below(20);
  if (sum > 1) repairChecksum(bytes);
  else if (sum === 1 && bytes.length >= 4) bytes[2] = bytes[3] = 0;
  return bytes;
}
