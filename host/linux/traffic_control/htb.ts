/**
 * Rates, bursts and quanta of the classes. Rates and sizes count bytes of IP, as RSVP's do (RFC 2210, RFC 2215): the
 * root has a size table that takes the link's header off every packet.
 */
import { type ClassSettings, type KernelCommand, MINOR, PRIORITY } from "./kernel_command.ts";

/** What an interface may send, and what is set aside. */
export interface LinkShare {
  /** Rate of the root. */
  linkBytesPerSecond: number;
  /** For RSVP's own messages. */
  rsvpBytesPerSecond: number;
  /** For ARP and neighbour discovery. */
  neighbourBytesPerSecond: number;
  /** For what nothing is reserved for. */
  bestEffortBytesPerSecond: number;
  /** Largest packet of IP. */
  mtuBytes: number;
}

/**
 * HTB wakes by a timer that may be late by about this much; a class with less burst than its rate sends in that time
 * would not reach its rate.
 */
const TIMER_SLACK_SECONDS = 0.002;
/** A burst of more than this would let a flow take the link for too long after a pause. */
const LONGEST_BURST_SECONDS = 1;
/** What the kernel takes for a quantum without a warning. */
const LARGEST_QUANTUM_BYTES = 200_000;
/** Best effort's turn beside flows that send more than they have reserved: they are to have little of what is left. */
const BEST_EFFORT_QUANTA = 8;

/** Enough for two packets, for the timer, and for `wantedBytes` (the bucket of the flow). */
export function burstBytes(rateBytesPerSecond: number, mtuBytes: number, wantedBytes = 0): number {
  const least = Math.max(2 * mtuBytes, rateBytesPerSecond * TIMER_SLACK_SECONDS);
  const most = Math.max(least, rateBytesPerSecond * LONGEST_BURST_SECONDS);
  return Math.ceil(Math.min(Math.max(least, wantedBytes), most));
}

function settings(
  rate: number,
  ceiling: number,
  share: LinkShare,
  more: { priority?: number; quanta?: number; bucketBytes?: number } = {},
): ClassSettings {
  const { mtuBytes } = share;
  return {
    rateBytesPerSecond: Math.max(1, Math.ceil(rate)),
    ceilingBytesPerSecond: Math.max(1, Math.ceil(ceiling)),
    burstBytes: burstBytes(rate, mtuBytes, more.bucketBytes),
    ceilingBurstBytes: burstBytes(ceiling, mtuBytes),
    quantumBytes: Math.min((more.quanta ?? 1) * Math.max(1000, mtuBytes), LARGEST_QUANTUM_BYTES),
    priority: more.priority ?? PRIORITY.DATA,
  };
}

/**
 * The class of a reservation. `shape` has excess wait for its own rate (and be dropped when its queue is full) in place
 * of borrowing what others leave, as RFC 2212 asks of reshaping.
 */
export function reservationClass(
  rateBytesPerSecond: number,
  bucketBytes: number,
  share: LinkShare,
  shape: boolean,
): ClassSettings {
  const ceiling = shape ? rateBytesPerSecond : Math.max(rateBytesPerSecond, share.linkBytesPerSecond);
  return settings(rateBytesPerSecond, ceiling, share, { bucketBytes });
}

/** A spare class: no filter names it, so that its rate binds nothing. */
export function spareClass(share: LinkShare): ClassSettings {
  return settings(1000, share.linkBytesPerSecond, share);
}

/** The root and the classes that are always there. */
export function foundation(target: { device: number; name: string }, share: LinkShare, headerBytes: number) {
  return [
    { ...target, kind: "ROOT", headerBytes },
    ...standingClasses(target, share, true),
  ] satisfies KernelCommand[];
}

/** The link, RSVP, neighbours and best effort: made, or given their rates again after a crash. */
export function standingClasses(
  target: { device: number; name: string },
  share: LinkShare,
  create: boolean,
): KernelCommand[] {
  const { linkBytesPerSecond: link, rsvpBytesPerSecond, neighbourBytesPerSecond, bestEffortBytesPerSecond } = share;
  const rsvp = settings(rsvpBytesPerSecond, link, share, { priority: PRIORITY.CONTROL });
  const neighbours = settings(neighbourBytesPerSecond, neighbourBytesPerSecond, share, { priority: PRIORITY.CONTROL });
  const bestEffort = settings(bestEffortBytesPerSecond, link, share, { quanta: BEST_EFFORT_QUANTA });
  return [
    { ...target, kind: "CLASS", minor: MINOR.LINK, create, settings: settings(link, link, share) },
    { ...target, kind: "CLASS", minor: MINOR.RSVP, create, settings: rsvp },
    { ...target, kind: "CLASS", minor: MINOR.NEIGHBOURS, create, settings: neighbours },
    { ...target, kind: "CLASS", minor: MINOR.BEST_EFFORT, create, settings: bestEffort },
  ];
}
