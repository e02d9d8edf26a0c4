/**
 * What is asked of the kernel's traffic control, as data: one record is one request of rtnetlink
 * (kernel_command_netlink.ts writes it) and one line of tc (kernel_command_text.ts), so that what `dry-run` prints is
 * what would be done.
 *
 * How an interface is laid out, in tc's notation (major:minor, hexadecimal):
 *
 * ```
 * 5256:        htb root; r2q is our marker; what no filter takes goes to fffe
 *   5256:1     the link: rate = ceiling = what the interface may send
 *     5256:ffff  RSVP itself, priority 0
 *     5256:fffd  ARP and neighbour discovery, priority 0
 *     5256:fffe  best effort, a small guarantee
 *     5256:10... reservations; those without filters are spare (class_pool.ts)
 * filters of 5256: preference 1 IPv4, 2 IPv6 (u32), 3 all (bpf), 4 ARP (u32)
 * ```
 *
 * Neighbours are asked for in a class of their own, because a flood would drown that as well: then the next hop counts
 * as unreachable, and reserved packets are dropped before they come to any queue. It is not RSVP's, because whoever
 * sends to many absent addresses makes many requests.
 *
 * All other classes have one priority. HTB serves classes that are within their rate before all that borrow, so a
 * reservation never waits for best effort's excess; and what a flow sends beyond its reservation borrows beside best
 * effort, as RFC 2211 5 and RFC 2212 want it treated.
 */

/** "RV": handles 5256:... are ours. */
export const MAJOR = 0x5256;
/**
 * "RSVP", as the root's r2q. HTB uses r2q only for classes made without a quantum, and ours all have one; so the number
 * has no effect, and is still there after a crash to tell our root from another one that happens to be called 5256:.
 */
export const MARKER = 0x52535650;
/** Minor numbers of classes that are always there. */
export const MINOR = {
  LINK: 1,
  FIRST_RESERVATION: 0x10,
  NEIGHBOURS: 0xfffd,
  BEST_EFFORT: 0xfffe,
  RSVP: 0xffff,
} as const;
/** Reservations have minor numbers up to this. */
export const LAST_RESERVATION_MINOR = 0xffef;
/** Priorities of classes. */
export const PRIORITY = { CONTROL: 0, DATA: 1 } as const;
/** Preferences of filters; the lowest is asked first. The kernel lets one preference have one protocol only. */
export const PREFERENCE = { IPV4: 1, IPV6: 2, BPF: 3, ARP: 4 } as const;

/** Bits that must have a value, in a 32-bit word of the packet. */
export interface U32Key {
  /** 32 bits. */
  mask: number;
  /** 32 bits, zero outside the mask. */
  value: number;
  /** Bytes from the start of the IP header; a multiple of 4. */
  offset: number;
}

/** An HTB class. */
export interface ClassSettings {
  /** What it is guaranteed. */
  rateBytesPerSecond: number;
  /** What it may have of what others leave. */
  ceilingBytesPerSecond: number;
  /** What it may send at once beyond its rate, after a pause. */
  burstBytes: number;
  /** The same for the ceiling. */
  ceilingBurstBytes: number;
  /** Bytes it sends before the next class of its priority has its turn. */
  quantumBytes: number;
  priority: number;
}

/** One request. `device` is the kernel's number of the interface; 0 in a dry run. */
export type KernelCommand =
  & { device: number; name: string }
  & (
    | { kind: "ROOT"; headerBytes: number }
    | { kind: "REMOVE_ROOT" }
    | { kind: "CLASS"; minor: number; create: boolean; settings: ClassSettings }
    | { kind: "REMOVE_CLASS"; minor: number }
    | { kind: "TABLE"; family: 4 | 6; table: number; divisor: number }
    | { kind: "LINK"; family: 4 | 6; handle: number; table: number; offset: number; mask: number }
    | { kind: "ARP_FILTER"; minor: number }
    | { kind: "FILTER"; family: 4 | 6; handle: number; minor: number; keys: readonly U32Key[] }
    | { kind: "REMOVE_FILTER"; family: 4 | 6; handle: number }
    | { kind: "PROGRAM"; descriptor: number }
    | { kind: "REMOVE_PROGRAM" }
    | { kind: "MAP_SET"; key: Uint8Array; minor: number }
    | { kind: "MAP_DELETE"; key: Uint8Array }
  );

/** What the kernel refused. */
export interface CommandFailure {
  /** As in errno.h. */
  errorNumber: number;
  /** One line. */
  text: string;
  /** The request may have been carried out nevertheless: its answer was lost. */
  unknown?: true;
}

/** Carries commands out, in order, and says of each what the kernel refused. */
export interface CommandRunner {
  run(commands: readonly KernelCommand[]): (CommandFailure | undefined)[];
}

/** The handle of a u32 filter: table, bucket and node, `table:bucket:node` in tc's notation. */
export function filterHandle(table: number, bucket: number, node: number): number {
  return ((table << 20) | (bucket << 12) | node) >>> 0;
}
