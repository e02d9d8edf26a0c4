/**
 * For which objects straight-line readers and writers are generated: those of every Path and Resv, and the smallest of
 * traffic engineering and refresh reduction that a busy network sends most. All others are read by their layout
 * (host/codec/read_layout.ts), at about half of the speed and with a fifteenth of the code.
 */
import type { ObjectDescription } from "../../catalogue/schema.ts";

/** `CLASS form`, as often as the class has forms that are met often. */
const OBJECTS: ReadonlySet<string> = new Set([
  ...["SESSION", "RSVP_HOP", "ERROR_SPEC", "SCOPE", "FILTER_SPEC", "SENDER_TEMPLATE", "RESV_CONFIRM"].flatMap((
    name,
  ) => [
    `${name} IPv4`,
    `${name} IPv6`,
  ]),
  ...["FLOWSPEC", "SENDER_TSPEC", "ADSPEC"].map((name) => `${name} IntServ`),
  ...["INTEGRITY ", "TIME_VALUES ", "STYLE "],
  ...["SESSION", "FILTER_SPEC", "SENDER_TEMPLATE"].map((name) => `${name} LSP_TUNNEL_IPv4`),
  ...["LABEL ", "LABEL_REQUEST WITHOUT_LABEL_RANGE", "MESSAGE_ID ", "MESSAGE_ID_ACK ACK"],
]);

/** The families of items in them whose items have code of their own. */
export const STRAIGHT_FAMILIES: ReadonlySet<string> = new Set(["service", "generalParameter", "guaranteedParameter"]);

/** Whether an object has code of its own. */
export const isStraight = (object: ObjectDescription): boolean => OBJECTS.has(`${object.name} ${object.form}`);

/** Proves that every name above is in the catalogue, and that the table of readers has room. */
export function requireStraight(objects: readonly ObjectDescription[]): void {
  const straight = objects.filter(isStraight);
  if (straight.length !== OBJECTS.size) {
    throw new Error("a class of scripts/objects/straight.ts is not in the catalogue");
  }
  for (const object of straight) {
    if (object.anyCType || object.class > 31 || object.ctype > 15) {
      throw new Error(`${object.name} ${object.form}: the table of readers has no room for it`);
    }
  }
}
