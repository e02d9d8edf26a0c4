/** A message's name and objects for display, from bytes that a node of ours has sent or taken. */
import { MESSAGE_NAMES } from "../messages.gen.ts";
import { decodeObjects } from "../object_list.ts";
import type { AnyObject } from "./describe.ts";

const COMMON_HEADER_BYTES = 8;

/** Reads a message that the engine has made or checked. */
export function readMessage(bytes: Uint8Array): { message: string; objects: readonly AnyObject[] } {
  return {
    message: MESSAGE_NAMES[bytes[1]] ?? `type ${bytes[1]}`,
    objects: decodeObjects(bytes.subarray(COMMON_HEADER_BYTES)) as readonly AnyObject[],
  };
}
