/** Rows of the engine's tables as plain values: addresses and styles as text, objects decoded. */
import type { TableRows } from "./boundary.gen.ts";
import { formatAddress } from "./address.ts";
import { type StyleName, styleName } from "./application.ts";
import { decodeObjects, decodeObjectsOf } from "./object_list.ts";
import type { RsvpObject } from "./objects.gen.ts";

/** A row with text for addresses (empty for none), names for styles and decoded objects. */
export type PlainRow<Row> = {
  [K in keyof Row]: K extends "objects" ? RsvpObject[]
    : K extends "style" ? StyleName | ""
    : Row[K] extends Uint8Array ? string
    : Row[K];
};

/**
 * Makes a row plain. The family of an address is in the field named beside it. With `classes`, other objects are left out:
 * decoding them is most of the work.
 */
export function plainRow<T extends keyof TableRows>(
  row: TableRows[T],
  classes?: ReadonlySet<string>,
): PlainRow<TableRows[T]> {
  const source = row as unknown as Record<string, number | Uint8Array>;
  const plain: Record<string, unknown> = {};
  for (const name in source) {
    const value = source[name];
    if (name === "objects") {
      plain[name] = classes ? decodeObjectsOf(value as Uint8Array, classes) : decodeObjects(value as Uint8Array);
    } else if (name === "style") plain[name] = styleName(value as number);
    else plain[name] = typeof value === "number" ? value : formatAddress(value, familyOf(source, name, value));
  }
  return plain as PlainRow<TableRows[T]>;
}

function familyOf(row: Record<string, number | Uint8Array>, name: string, bytes: Uint8Array): number {
  const beside = row[`${name}Family`] ?? row.family;
  if (typeof beside === "number") return beside;
  // INTERFACES names its addresses by family; one that is not there is zeros.
  return bytes.every((byte) => byte === 0) ? 0 : name === "ipv6" ? 6 : 4;
}
