/** Lists of RSVP objects as they stand in the tails of boundary records: decoded to plain values, and back to bytes. */
import {
  type MalformedObject,
  OBJECT_NAMES,
  type ObjectName,
  readObjects,
  type RsvpObject,
  writeObject,
} from "./objects.gen.js";
import { Writer } from "./codec/write.ts";

/** What an object needs to be written: its name and form, or class and C-Type, and its fields. */
export interface ObjectInput {
  /** Name of the class; with `class` it is not needed. */
  name?: ObjectName | "UNKNOWN";
  /** Class-Num (RFC 2205 3.1.2), for classes that are not in the catalogue. */
  class?: number;
  /** C-Type (RFC 2205 3.1.2); not needed where the class has one, or where `form` says which. */
  ctype?: number;
  /** Name of the C-Type: `IPv4`, `IntServ`. */
  form?: string;
  /** The fields, as in the decoded object (docs/objects.md); or `bytes`, the content in hex. */
  [field: string]: unknown;
}

/**
 * Decodes a list of objects in wire form, such as the tail of an EVENT.
 * @throws {RangeError} where their framing breaks, which is the engine's fault.
 *
 * @example
 * ```ts
 * import { decodeObjects } from "@resv/resv";
 *
 * const [style] = decodeObjects(Uint8Array.of(0, 8, 8, 1, 0, 0, 0, 0x0a));
 * console.log(style.name, style.length); // STYLE 8
 * ```
 */
export function decodeObjects(bytes: Uint8Array): RsvpObject[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const objects = readObjects(bytes, view, 0, bytes.length, 0, 0);
  if (typeof objects === "string") throw new RangeError(objects);
  return objects;
}

/** Decodes those of a list whose class is among `names`, and passes over the others. @throws {RangeError} as above. */
export function decodeObjectsOf(bytes: Uint8Array, names: ReadonlySet<string>): RsvpObject[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const objects: RsvpObject[] = [];
  for (let at = 0; at < bytes.length;) {
    // The header of every object (RFC 2205 3.1.2): its length, its class.
    const length = bytes.length - at < OBJECT_HEADER_BYTES ? 0 : view.getUint16(at);
    if (length < OBJECT_HEADER_BYTES || length > bytes.length - at) throw new RangeError(`no object at byte ${at}`);
    const name = OBJECT_NAMES[view.getUint8(at + 2)];
    if (name === undefined || names.has(name)) {
      const read = readObjects(bytes, view, at, at + length, 0, 0);
      if (typeof read === "string") throw new RangeError(read);
      objects.push(read[0]);
    }
    at += length;
  }
  return objects;
}

const OBJECT_HEADER_BYTES = 4;

/**
 * Encodes a list of objects, such as the tail of a CALL. @throws {ResvEncodeError} naming the field that cannot be written.
 *
 * @example
 * ```ts
 * import { encodeObjects } from "@resv/resv";
 *
 * const bytes = encodeObjects([{ name: "SENDER_TEMPLATE", form: "IPv4", sourceAddress: "10.0.1.1", sourcePort: 5004 }]);
 * console.log(bytes.join(" ")); // 0 12 11 1 10 0 1 1 0 0 19 140
 * ```
 */
export function encodeObjects(objects: readonly (ObjectInput | RsvpObject)[]): Uint8Array {
  // One for all: a buffer for each list would cost more than the writing. Nothing is called back while it is in use, but a
  // getter of the caller's, which then gets a writer of its own.
  const writer = shared ?? new Writer();
  shared = undefined;
  try {
    for (const object of objects) writeObject(writer, object, false);
    return writer.bytes.slice(0, writer.at);
  } finally {
    writer.reset();
    if (writer.bytes.length <= LARGEST_SHARED_BYTES) shared = writer;
  }
}

let shared: Writer | undefined = new Writer();
const LARGEST_SHARED_BYTES = 65_536;

/**
 * Whether an object is of that name (and form) and was read: then its fields have their types. A plain comparison of
 * names does not tell as much, for the bytes of an object with any name may contradict themselves
 * ({@linkcode MalformedObject}).
 *
 * @example
 * ```ts
 * import { decode, encode, isObject } from "@resv/resv";
 *
 * const bytes = encode({ message: "Path", objects: [{ name: "TIME_VALUES", refreshPeriodMs: 30_000 }] });
 * for (const object of decode(bytes).objects) {
 *   if (isObject(object, "TIME_VALUES")) console.log(object.refreshPeriodMs); // 30000
 *   if (isObject(object, "SESSION", "IPv4")) console.log(object.destinationAddress);
 * }
 * ```
 */
export function isObject<N extends RsvpObject["name"]>(
  object: RsvpObject,
  name: N,
): object is Exclude<Extract<RsvpObject, { name: N }>, MalformedObject>;
/** The same, for one form of the class: `isObject(object, "SESSION", "IPv4")`. */
export function isObject<N extends RsvpObject["name"], F extends FormOf<N>>(
  object: RsvpObject,
  name: N,
  form: F,
): object is Extract<RsvpObject, { name: N; form: F }>;
export function isObject(object: RsvpObject, name: string, form?: string): boolean {
  return object.name === name && !("malformed" in object) &&
    (form === undefined || ("form" in object && object.form === form));
}

/** The forms of a class that has several. */
export type FormOf<N extends RsvpObject["name"]> = Extract<Extract<RsvpObject, { name: N }>, { form: string }>["form"];

/**
 * The first object of that name that was read, typed as such; undefined if there is none.
 *
 * @example
 * ```ts
 * import { findObject, Network } from "@resv/resv";
 *
 * const network = new Network();
 * const alice = network.host("alice"), bob = network.host("bob");
 * network.link(alice, bob);
 * bob.session({ destination: bob.address, port: 5004 }).on(({ objects }) => {
 *   const tspec = findObject(objects, "SENDER_TSPEC");
 *   if (tspec && "tokenBucketRateBytesPerSecond" in tspec) console.log(tspec.tokenBucketRateBytesPerSecond); // 12500
 * });
 * alice.send({ destination: bob.address, port: 5004 }, { tokenBucketRateBytesPerSecond: 12_500 });
 * network.settle();
 * ```
 */
export function findObject<N extends RsvpObject["name"]>(
  objects: readonly RsvpObject[],
  name: N,
): Extract<RsvpObject, { name: N }> | undefined {
  return objects.find((object) => isObject(object, name)) as Extract<RsvpObject, { name: N }> | undefined;
}
