/**
 * The notation of RFC 2205 section 1.4 for flow descriptors, read and written: `WF(*{4B})`, `FF(S1{4B}, S2{5B})`,
 * `SE((S1,S2){3B})`. `nB` is n units of a controlled-load flowspec whose r, b and p grow together, so that any two of
 * them can be ordered; `nG` is guaranteed service with R = n units.
 */
import type { ObjectInput } from "../../host/object_list.ts";
import type { RsvpObject } from "../../host/objects.gen.ts";

/** B: bytes per second of one unit. */
export const UNIT = 1000;
export const STYLE = { WF: 0x11, FF: 0x0a, SE: 0x12 } as const;
export type StyleName = keyof typeof STYLE;

/** A flowspec or Tspec in units: r, b and p are the number times 1, 1 and 2 units unless given. */
export interface Bucket {
  r: number;
  b?: number;
  p?: number;
  m?: number;
  M?: number;
  /** Guaranteed service: R in units, and S in microseconds. */
  R?: number;
  S?: number;
}
export type Amount = number | Bucket;

function bucketOf(amount: Amount) {
  const { r, b = r, p = 2 * r, m = 64, M = 1500 } = typeof amount === "number" ? { r: amount } : amount;
  return {
    tokenBucketRateBytesPerSecond: r * UNIT,
    tokenBucketSizeBytes: b * UNIT,
    peakRateBytesPerSecond: p * UNIT,
    minimumPolicedUnitBytes: m,
    maximumPacketSizeBytes: M,
  };
}

/** A FLOWSPEC object: controlled load, or guaranteed where R is given. */
export function flowspec(amount: Amount): ObjectInput {
  if (typeof amount === "object" && amount.R !== undefined) {
    return {
      name: "FLOWSPEC",
      ctype: 2,
      service: 2,
      ...bucketOf(amount),
      rateBytesPerSecond: amount.R * UNIT,
      slackTermMicroseconds: amount.S ?? 0,
    };
  }
  return { name: "FLOWSPEC", ctype: 2, service: 5, ...bucketOf(amount) };
}

/** A SENDER_TSPEC object. */
export function senderTspec(amount: Amount): ObjectInput {
  return { name: "SENDER_TSPEC", ctype: 2, service: 1, ...bucketOf(amount) };
}

/** Translates the names of senders to addresses and back. */
export interface Names {
  /** FILTER_SPEC of a sender. */
  filter(name: string): ObjectInput;
  /** Name of the sender that a FILTER_SPEC or SENDER_TEMPLATE names. */
  senderOf(object: RsvpObject): string;
  /** Name of whoever has this address. */
  node(address: string): string;
}

export const styleObject = (optionVector: number): ObjectInput => ({ name: "STYLE", optionVector });

/** `3B`, `B` or `3G` to a flowspec. */
function amountOf(text: string): Amount {
  const match = /^(\d*\.?\d*)([BG])$/.exec(text.trim());
  if (!match) throw new Error(`"${text}" is no flowspec in units, like 3B`);
  const units = match[1] === "" ? 1 : Number(match[1]);
  return match[2] === "B" ? units : { r: units, R: units };
}

/** STYLE and flow descriptor list of `WF(*{4B})` and the like. A FLOWSPEC may be left out: `FF(S1{4B}, S2)`. */
export function parseDescriptors(text: string, names: Names): ObjectInput[] {
  const match = /^(WF|FF|SE)\((.*)\)$/.exec(text.trim());
  if (!match) throw new Error(`"${text}" is no flow descriptor list`);
  const objects: ObjectInput[] = [styleObject(STYLE[match[1] as StyleName])];
  if (match[2] === "") return objects;
  const parts = match[1] === "FF" ? match[2].split(/,(?![^(]*\))/) : [match[2]];
  for (const part of parts) {
    const [, senders, amount] = /^\s*\(?([^{)]*)\)?\s*(?:\{(.*)\})?\s*$/.exec(part) ?? [];
    if (senders === undefined) throw new Error(`"${part}" is no flow descriptor`);
    if (amount !== undefined) objects.push(flowspec(amountOf(amount)));
    if (senders.trim() === "*") continue;
    for (const sender of senders.split(",")) objects.push(names.filter(sender.trim()));
  }
  return objects;
}

const units = (value: number | string) => {
  const number = Number(value) / UNIT;
  return number === 1 ? "" : String(number);
};

/** `4B` for a flowspec or Tspec in whole units, every figure for another. */
export function amountText(object: RsvpObject): string {
  if ((object.name !== "FLOWSPEC" && object.name !== "SENDER_TSPEC") || object.malformed !== undefined) return "?";
  if (object.ctype !== 2 || !("tokenBucketRateBytesPerSecond" in object)) return `C-Type ${object.ctype}`;
  const { tokenBucketRateBytesPerSecond: r, tokenBucketSizeBytes: b, peakRateBytesPerSecond: p } = object;
  const { minimumPolicedUnitBytes: m, maximumPacketSizeBytes: M } = object;
  const plain = b === r && Number(p) === 2 * Number(r) && m === 64 && M === 1500;
  const guaranteed = object.service === 2 && "rateBytesPerSecond" in object;
  if (guaranteed && plain && object.rateBytesPerSecond === r && object.slackTermMicroseconds === 0) {
    return `${units(r)}G`;
  }
  const rest = plain ? "" : ` b=${Number(b) / UNIT} p=${Number(p) / UNIT} m=${m} M=${M}`;
  const tail = guaranteed ? ` R=${Number(object.rateBytesPerSecond) / UNIT} S=${object.slackTermMicroseconds}` : "";
  return plain && tail === "" ? `${units(r)}B` : `r=${Number(r) / UNIT}${rest}${tail}`;
}

/** Writes FLOWSPECs and FILTER_SPECs (or SENDER_TEMPLATEs) of one style as section 1.4 does; senders in their order. */
export function descriptorsText(style: StyleName | "", objects: readonly RsvpObject[], names: Names): string {
  const filters = objects.filter((object) => object.name === "FILTER_SPEC");
  const amounts = objects.filter((object) => object.name === "FLOWSPEC");
  if (style === "WF") return `*${amounts.map((object) => `{${amountText(object)}}`).join("")}`;
  if (style === "SE") {
    const list = filters.map((object) => names.senderOf(object)).sort().join(",");
    const text = filters.length === 1 ? list : `(${list})`;
    return `${text}${amounts.map((object) => `{${amountText(object)}}`).join("")}`;
  }
  const parts: string[] = [];
  let amount = "";
  for (const object of objects) {
    if (object.name === "FLOWSPEC") amount = `{${amountText(object)}}`;
    if (object.name === "FILTER_SPEC") parts.push(names.senderOf(object) + amount);
  }
  return parts.sort().join(", ");
}

/** WF, FF or SE of a STYLE's option vector or of a boundary record. */
export function styleName(value: number): StyleName | "" {
  return (Object.keys(STYLE) as StyleName[]).find((name) => STYLE[name] === value) ?? "";
}
