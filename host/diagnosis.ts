/**
 * Diagnosis of a path (RFC 2745), the application's side: what a DREQ asks, and the DREP, which may come in parts, as one
 * list of what each RSVP node on the way to the sender knows.
 */
import { parseAddress } from "./address.ts";
import { type SenderAddress, senderObject, type StyleName, styleName } from "./application.ts";
import { encodeObjects, findObject, type ObjectInput } from "./object_list.ts";
import type { RsvpObject } from "./objects.gen.ts";

/** What is to be found out, and how the answer comes back. */
export interface DiagnoseOptions {
  /** The sender towards which the nodes are asked. */
  sender: SenderAddress;
  /** Where it starts, the node nearest to the receiver; an address of the own node by default. */
  lastHop?: string;
  /** RSVP nodes that are asked at the most; 0 (the default) for all, 1 for the first alone (RFC 2745 3.3). */
  maximumHops?: number;
  /** The answer comes back node by node, where firewalls let nothing else through (RFC 2745 3.5); false by default. */
  hopByHop?: boolean;
  /** Messages that would be longer come in parts; 1,500 by default. */
  pathMtuBytes?: number;
  /** Classes of the objects that are reported; by default SENDER_TSPEC, FILTER_SPEC, FLOWSPEC and STYLE (RFC 2745 3.4). */
  classes?: readonly number[];
  /** The own address that the answer goes to, if it is to be another than the one that the node would choose. */
  requester?: string;
}

/** What one node has reported (RFC 2745 3.6). Addresses are empty where it knew none. */
export interface DiagnosedHop {
  /** By which messages from the sender come in. */
  incomingAddress: string;
  /** By which data leave towards the receiver. */
  outgoingAddress: string;
  /** The RSVP node before it, towards the sender; empty at the sender. */
  previousHop: string;
  /** IP hops since the RSVP node downstream; more than a neighbour takes says that a router without RSVP is between. */
  ipHops: number;
  /** Its reservation merges with those of other interfaces on the way upstream. */
  merged: boolean;
  /** It has no path state for this sender. */
  noPathState: boolean;
  /** K of RFC 2205 3.7. */
  lifetimeMultiplier: number;
  /** R of RFC 2205 3.7, in whole seconds. */
  refreshIntervalSeconds: number;
  /** When the request arrived there: the middle 32 bits of an NTP timestamp. */
  arrivalTime: number;
  /** Of its reservation; empty if there is none. */
  style: StyleName | "";
  /** The objects that it reports. */
  objects: RsvpObject[];
}

const DEFAULT_PATH_MTU_BYTES = 1500;
const MAXIMUM_HOPS = 255;
const NO_PATH_STATE = 1;

/** The objects of a DIAGNOSE call. @throws {RangeError} naming what is out of range. */
export function diagnoseObjects(options: DiagnoseOptions, own: string): ObjectInput[] {
  const { sender, maximumHops = 0, hopByHop = false, classes, pathMtuBytes = DEFAULT_PATH_MTU_BYTES } = options;
  const { lastHop = own, requester = own } = options;
  if (!Number.isInteger(maximumHops) || maximumHops < 0 || maximumHops > MAXIMUM_HOPS) {
    throw new RangeError(`maximumHops is ${maximumHops}, not a whole number from 0 to ${MAXIMUM_HOPS}`);
  }
  if (!Number.isInteger(pathMtuBytes) || pathMtuBytes < 1 || pathMtuBytes > 0xffff) {
    throw new RangeError(`pathMtuBytes is ${pathMtuBytes}, not a whole number from 1 to 65535`);
  }
  const { family } = parseAddress(requester), form = family === 4 ? "IPv4" : "IPv6";
  for (const address of [sender.address, lastHop]) {
    if (parseAddress(address).family !== family) throw new RangeError(`"${address}" is not an IPv${family} address`);
  }
  const parties = [senderObject("SENDER_TEMPLATE", sender), senderObject("FILTER_SPEC", { address: requester })];
  const numbers = { maximumRsvpHops: maximumHops, rsvpHopCount: 0, moreFragments: 0, requestId: 0 };
  const diagnostic = { ...numbers, pathMtuBytes, fragmentOffsetBytes: 0, lastHopAddress: lastHop, parties };
  const objects = [{ name: "DIAGNOSTIC", form, ...diagnostic }];
  const pairs = classes?.map((one) => ({ class: one, ctype: 0 })) ?? [];
  if (pairs.length % 2 === 1) pairs.push({ class: 0, ctype: 0 });
  return [
    ...objects,
    ...(classes ? [{ name: "DIAG_SELECT", ctype: 1, selected: pairs }] : []),
    ...(hopByHop ? [{ name: "ROUTE", form, routePointer: 0, nodes: [] }] : []),
  ] as unknown as ObjectInput[];
}

/**
 * Puts the parts of a reply together. Hand it the objects of every DIAGNOSTIC_REPLY event of the session.
 *
 * @example What every node between a receiver and a sender knows
 * ```ts
 * import { Network, PathDiagnosis } from "@resv/resv";
 *
 * const network = new Network();
 * const alice = network.host("alice"), r1 = network.router("r1"), bob = network.host("bob");
 * network.link(alice, r1);
 * network.link(r1, bob);
 * const flow = { destination: bob.address, port: 5004 };
 * alice.send(flow, { port: 4000, tokenBucketRateBytesPerSecond: 12_500 });
 * bob.receive(flow, { style: "FF" });
 * network.settle();
 *
 * const asking = bob.session(flow), diagnosis = new PathDiagnosis();
 * asking.on(({ kind, objects }) => {
 *   if (kind === "DIAGNOSTIC_REPLY") diagnosis.take(objects);
 * });
 * asking.diagnose({ sender: { address: alice.address, port: 4000 } });
 * network.settle();
 * console.log(diagnosis.complete, diagnosis.hops.map(({ style, previousHop }) => style + " " + previousHop));
 * // true [ "FF 10.0.2.1", "FF 10.0.1.1", "FF " ]
 * ```
 */
export class PathDiagnosis {
  #parts = new Map<number, { bytes: number; responses: RsvpObject[] }>();
  #last: number | undefined;

  /** Takes the objects of one reply; a part that has come before is left out. */
  take(objects: readonly RsvpObject[]): void {
    const diagnostic = findObject(objects, "DIAGNOSTIC");
    if (!diagnostic || !("fragmentOffsetBytes" in diagnostic)) return;
    const responses = objects.filter((object) => object.name === "DIAG_RESPONSE");
    const at = diagnostic.fragmentOffsetBytes;
    if (!this.#parts.has(at)) this.#parts.set(at, { bytes: encodeObjects(responses).length, responses });
    if (!diagnostic.moreFragments) this.#last = at;
  }

  /** True when the last part has come, and every one before it. */
  get complete(): boolean {
    if (this.#last === undefined) return false;
    let at = 0;
    while (at < this.#last) {
      const part = this.#parts.get(at);
      if (!part || part.bytes === 0) return false;
      at += part.bytes;
    }
    return at === this.#last;
  }

  /** What has come so far, from the last hop towards the sender. */
  get hops(): DiagnosedHop[] {
    const parts = [...this.#parts].sort(([a], [b]) => a - b);
    return parts.flatMap(([, { responses }]) => responses.flatMap((one) => hopOf(one) ?? []));
  }
}

function hopOf(response: RsvpObject): DiagnosedHop | undefined {
  if (response.name !== "DIAG_RESPONSE" || !("distanceTtl" in response)) return undefined;
  const known = (address: string) => address === "0.0.0.0" || address === "::" ? "" : address;
  const objects = (response.objects ?? []) as RsvpObject[];
  const style = findObject(objects, "STYLE");
  return {
    incomingAddress: known(response.incomingInterfaceAddress),
    outgoingAddress: known(response.outgoingInterfaceAddress),
    previousHop: known(response.previousHopAddress),
    ipHops: response.distanceTtl,
    merged: response.merged === 1,
    noPathState: (response.responseError & NO_PATH_STATE) !== 0,
    lifetimeMultiplier: response.refreshMultiple,
    refreshIntervalSeconds: response.refreshIntervalSeconds,
    arrivalTime: response.arrivalTime,
    style: style && "optionVector" in style ? styleName(style.optionVector) : "",
    objects,
  };
}
