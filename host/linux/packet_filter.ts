/**
 * Filters in the kernel: programs of classic BPF that keep what is not ours from being copied and from waking us.
 *
 * ```
 * sock_filter, 8 bytes: code@0 u16, jump if true@2 u8, jump if false@3 u8, constant@4 u32
 * sock_fprog, 16 bytes: count@0 u16, pointer@8
 * ```
 *
 * A jump counts instructions from the next one. The result is how many bytes of the packet are kept.
 */
import { addressOf, setOption } from "./libc.ts";
import { SO, SOL } from "./socket_numbers.ts";

type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, constant: number];

const LOAD_BYTE = 0x30;
const AND = 0x54;
const JUMP_EQUAL = 0x15;
const RETURN = 0x06;
const KEEP: Instruction = [RETURN, 0, 0, 0xffffffff];
const DROP: Instruction = [RETURN, 0, 0, 0];
/** Offsets from here on are those of the network header, wherever the packet's data begin (SKF_NET_OFF). */
const NETWORK_HEADER = 0xfff00000;
/** What the kernel knows of a packet (SKF_AD_OFF); its type is at 4 (SKF_AD_PKTTYPE). */
const PACKET_TYPE = 0xfffff000 + 4;
const PACKET_OTHER_HOST = 3;
const PACKET_OUTGOING = 4;
const PACKET_LOOPBACK = 5;

const PROTOCOL_RSVP = 46;
const PROTOCOL_FRAGMENT = 44;
const PROTOCOL_HOP_BY_HOP = 0;
const IPV4_PROTOCOL = 9;
const IPV4_DESTINATION = 16;
const IPV6_NEXT_HEADER = 6;
const IPV6_DESTINATION = 24;

/** A raw IPv4 socket's: everything but groups, which the packet socket brings whether they are joined or not. */
export const RAW_IPV4_FILTER: readonly Instruction[] = [
  [LOAD_BYTE, 0, 0, NETWORK_HEADER + IPV4_DESTINATION],
  [AND, 0, 0, 0xf0],
  [JUMP_EQUAL, 0, 1, 0xe0],
  DROP,
  KEEP,
];

/** A raw IPv6 socket's: everything but groups. */
export const RAW_IPV6_FILTER: readonly Instruction[] = [
  [LOAD_BYTE, 0, 0, NETWORK_HEADER + IPV6_DESTINATION],
  [JUMP_EQUAL, 0, 1, 0xff],
  DROP,
  KEEP,
];

/** Keeps what a test's last jump lets through, unless this machine sent it or it is another's by its link address. */
const NOT_OUR_OWN: readonly Instruction[] = [
  [LOAD_BYTE, 0, 0, PACKET_TYPE],
  [JUMP_EQUAL, 3, 0, PACKET_OUTGOING],
  [JUMP_EQUAL, 2, 0, PACKET_LOOPBACK],
  [JUMP_EQUAL, 1, 0, PACKET_OTHER_HOST],
  KEEP,
  DROP,
];

/** A packet socket's: protocol 46 to a group. Nearly all traffic of a machine leaves it after two instructions. */
export const GROUP_IPV4_FILTER: readonly Instruction[] = [
  [LOAD_BYTE, 0, 0, IPV4_PROTOCOL],
  [JUMP_EQUAL, 0, 8, PROTOCOL_RSVP],
  [LOAD_BYTE, 0, 0, IPV4_DESTINATION],
  [AND, 0, 0, 0xf0],
  [JUMP_EQUAL, 0, 5, 0xe0],
  ...NOT_OUR_OWN,
];

/**
 * A packet socket's: protocol 46 to a group, at once, or behind a hop-by-hop header of any length or a fragment header.
 * What stands behind those is looked at by us: an extension header's length is beyond this language.
 */
export const GROUP_IPV6_FILTER: readonly Instruction[] = [
  [LOAD_BYTE, 0, 0, IPV6_DESTINATION],
  [JUMP_EQUAL, 0, 12, 0xff],
  [LOAD_BYTE, 0, 0, IPV6_NEXT_HEADER],
  [JUMP_EQUAL, 5, 0, PROTOCOL_RSVP],
  [JUMP_EQUAL, 4, 0, PROTOCOL_FRAGMENT],
  [JUMP_EQUAL, 0, 8, PROTOCOL_HOP_BY_HOP],
  [LOAD_BYTE, 0, 0, 40],
  [JUMP_EQUAL, 1, 0, PROTOCOL_RSVP],
  [JUMP_EQUAL, 0, 5, PROTOCOL_FRAGMENT],
  ...NOT_OUR_OWN,
];

/** For a socket that only sends. */
export const NOTHING_FILTER: readonly Instruction[] = [DROP];

/** Attaches a program to a socket. The kernel keeps a copy. @throws {LinuxError} if it is refused. */
export function attachFilter(descriptor: number, program: readonly Instruction[]): void {
  const code = new Uint8Array(8 * program.length);
  const view = new DataView(code.buffer);
  for (const [i, [operation, jumpTrue, jumpFalse, constant]] of program.entries()) {
    view.setUint16(8 * i, operation, true);
    view.setUint8(8 * i + 2, jumpTrue);
    view.setUint8(8 * i + 3, jumpFalse);
    view.setUint32(8 * i + 4, constant, true);
  }
  const header = new Uint8Array(16);
  const headerView = new DataView(header.buffer);
  headerView.setUint16(0, program.length, true);
  headerView.setBigUint64(8, addressOf(code), true);
  setOption(descriptor, SOL.SOCKET, SO.ATTACH_FILTER, header, "attaching a packet filter");
}
