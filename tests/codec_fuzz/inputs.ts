/**
 * Messages made wrong on purpose, from a seed: vectors of every object in the catalogue, with lengths broken at any depth,
 * cut, lengthened, repeated, put into each other, out of order, bundled, and behind headers that lie.
 */
import { OBJECTS } from "../../catalogue/index.ts";
import type { Random } from "../../host/random.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const VECTORS: readonly Bytes[] = OBJECTS.flatMap((object) =>
  object.vectors.map((hex) => Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16)))
);
/** Classes whose content is objects or items, so that things can be put inside each other. */
const CONTAINERS = OBJECTS.filter((object) => object.rest?.kind === "objects" || object.rest?.kind === "items")
  .map((object) => Uint8Array.from(object.vectors[0].match(/../g)!, (pair) => parseInt(pair, 16)));
const TYPES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 15, 20, 21, 25, 26, 30, 66, 67];
const INTERESTING = [0, 1, 2, 3, 4, 5, 7, 8, 12, 16, 20, 24, 63, 64, 127, 128, 252, 254, 255];

const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)];

function concat(parts: readonly Uint8Array[]): Bytes {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Writes the length that the object has, unless it is too long for the field. */
function withLength(object: Bytes): Bytes {
  if (object.length <= 0xffff) object.set([object.length >> 8, object.length & 255]);
  return object;
}

/** Bytes anywhere in the content, often where lengths and types are. */
function scribble(random: Random, object: Bytes): Bytes {
  for (let count = 1 + random.below(3); count > 0 && object.length > 4; count--) {
    const at = 4 + random.below(object.length - 4);
    object[at] = random.chance(0.6) ? pick(random, INTERESTING) : random.below(256);
  }
  return object;
}

/** Longer or shorter by whole words, so that the framing holds and the content does not. */
function resize(random: Random, object: Bytes): Bytes {
  const words = random.chance(0.05) ? random.below(300) : random.below(12);
  const resized = new Uint8Array(4 + 4 * words);
  resized.set(object.subarray(0, resized.length));
  if (random.chance(0.5)) { for (let at = object.length; at < resized.length; at++) resized[at] = random.below(256); }
  return withLength(resized);
}

/** One object inside the content of another, as deep as it comes. */
function nest(random: Random, object: Bytes): Bytes {
  let inner = object;
  for (let depth = 1 + random.below(random.chance(0.1) ? 20 : 3); depth > 0; depth--) {
    const outer = pick(random, CONTAINERS);
    inner = withLength(concat([outer.subarray(0, Math.min(outer.length, 4 + 4 * random.below(4))), inner]));
  }
  return inner;
}

function makeObject(random: Random): Bytes {
  let object = pick(random, VECTORS).slice();
  if (random.chance(0.35)) object = scribble(random, object);
  if (random.chance(0.15)) object = resize(random, object);
  if (random.chance(0.06)) object = nest(random, object);
  if (random.chance(0.04)) object[random.below(2)] = pick(random, INTERESTING);
  if (random.chance(0.04)) object[2 + random.below(2)] = random.below(256);
  return object;
}

function makeObjects(random: Random): Bytes[] {
  const objects = Array.from({ length: random.below(random.chance(0.02) ? 60 : 8) }, () => makeObject(random));
  if (objects.length > 0 && random.chance(0.1)) objects.push(pick(random, objects));
  return objects;
}

function frame(random: Random, type: number, parts: readonly Uint8Array[]): Bytes {
  const message = concat([new Uint8Array(8), ...parts]);
  const length = random.chance(0.02) ? random.below(65536) : message.length;
  message.set([0x10, type, 0, 0, 1 + random.below(255), 0, length >> 8 & 255, length & 255]);
  if (random.chance(0.3)) message.set([random.below(256), random.below(256)], 2);
  if (random.chance(0.05)) message[0] = random.chance(0.8) ? 0x10 | random.below(16) : random.below(256);
  if (random.chance(0.03)) message[5] = random.below(256);
  return message;
}

/** The next input of the seed. */
export function makeInput(random: Random): Bytes {
  const type = random.chance(0.03) ? random.below(256) : pick(random, TYPES);
  const parts = type === 12
    ? Array.from({ length: random.below(4) }, () => frame(random, pick(random, TYPES), makeObjects(random)))
    : makeObjects(random);
  const message = frame(random, type, parts);
  return random.chance(0.04) ? message.slice(0, random.below(message.length + 1)) : message;
}
