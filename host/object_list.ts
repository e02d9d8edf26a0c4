/** Lists of RSVP objects as they stand in the tails of boundary records: decoded to plain values, and back to bytes. */
import { type ObjectName, readObjects, type RsvpObject, writeObject } from "./objects.gen.js";
import { Writer } from "./codec/write.ts";

/** What an object needs to be written: its name and form, or class and C-Type, and its fields. */
export interface ObjectInput {
  name?: ObjectName | "UNKNOWN";
  class?: number;
  ctype?: number;
  form?: string;
  [field: string]: unknown;
}

/** Decodes a list of objects. @throws {RangeError} where their framing breaks, which is the engine's fault. */
export function decodeObjects(bytes: Uint8Array): RsvpObject[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const objects = readObjects(bytes, view, 0, bytes.length, 0, 0);
  if (typeof objects === "string") throw new RangeError(objects);
  return objects;
}

/** Encodes a list of objects. @throws {ResvEncodeError} naming the field that cannot be written. */
export function encodeObjects(objects: readonly (ObjectInput | RsvpObject)[]): Uint8Array {
  const writer = new Writer();
  for (const object of objects) writeObject(writer, object, false);
  return writer.bytes.slice(0, writer.at);
}

/** The first object of that name. */
export function findObject<N extends RsvpObject["name"]>(
  objects: readonly RsvpObject[],
  name: N,
): Extract<RsvpObject, { name: N }> | undefined {
  return objects.find((object) => object.name === name) as Extract<RsvpObject, { name: N }> | undefined;
}
