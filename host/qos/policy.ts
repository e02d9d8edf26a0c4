/** Policy elements between QOS (a type and its content) and POLICY_DATA objects (RFC 2205 A.13, RFC 2750). */
import { decodeObjects, encodeObjects } from "../object_list.ts";
import type { RsvpObject } from "../objects.gen.ts";
import type { QosPolicyElement } from "./provider_objects.ts";
import { fromHex, toHex } from "./hex.ts";

/** Header of the object, with offset and reserved field; header of an element. */
const OBJECT_HEADER_BYTES = 8, ELEMENT_HEADER_BYTES = 4;
const POLICY_DATA_CLASS = 14, POLICY_DATA_CTYPE = 1;

/** One POLICY_DATA object with these elements; none if there are none. */
export function policyDataObjects(elements: readonly QosPolicyElement[]): RsvpObject[] {
  if (elements.length === 0) return [];
  const contents = elements.map((element) => fromHex(element.content));
  const length = contents.reduce((sum, { length }) => sum + ELEMENT_HEADER_BYTES + length, OBJECT_HEADER_BYTES);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, length);
  bytes.set([POLICY_DATA_CLASS, POLICY_DATA_CTYPE], 2);
  view.setUint16(4, OBJECT_HEADER_BYTES);
  let at = OBJECT_HEADER_BYTES;
  for (const [index, content] of contents.entries()) {
    view.setUint16(at, ELEMENT_HEADER_BYTES + content.length);
    view.setUint16(at + 2, elements[index].type);
    bytes.set(content, at + ELEMENT_HEADER_BYTES);
    at += ELEMENT_HEADER_BYTES + content.length;
  }
  return decodeObjects(bytes);
}

/** The elements of all POLICY_DATA objects of a message. What is cut or of no length ends an object's list. */
export function policyElementsOf(objects: readonly RsvpObject[]): QosPolicyElement[] {
  const elements: QosPolicyElement[] = [];
  for (const object of objects.filter(({ name }) => name === "POLICY_DATA")) {
    const bytes = encodeObjects([object]);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = bytes.length >= OBJECT_HEADER_BYTES ? Math.max(view.getUint16(4), OBJECT_HEADER_BYTES) : bytes.length;
    while (at + ELEMENT_HEADER_BYTES <= bytes.length) {
      const length = view.getUint16(at);
      if (length < ELEMENT_HEADER_BYTES || at + length > bytes.length) break;
      const content = toHex(bytes.subarray(at + ELEMENT_HEADER_BYTES, at + length));
      elements.push({ type: view.getUint16(at + 2), content });
      at += length;
    }
  }
  return elements;
}
