/** What stands in the kernel: the root of an interface, its classes and its filters; the link itself. */
import { call, cString, libc } from "../libc.ts";
import { LinuxError } from "../linux_error.ts";
import { NetlinkBatch, type NetlinkSocket, NLM, readAttributes, readText, readU16, readU32 } from "../netlink.ts";
import { type ClassSettings, MAJOR, MARKER, type U32Key } from "./kernel_command.ts";
import { ETHERTYPE, ROOT_HANDLE, ROOT_PARENT, RTM, TCA, TCA_BPF, TCA_HTB, TCA_U32 } from "./kernel_command_netlink.ts";

const RTM_GETLINK = 18;
const IFLA = { MTU: 4, TRANSMIT_QUEUE_LENGTH: 13 } as const;
const TCMSG_BYTES = 20;
const IFINFOMSG_BYTES = 16;
const TICK_SECONDS = 64e-9;
/** Hardware types whose packets have an Ethernet header at the queueing discipline: Ethernet, loopback. */
const ETHERNET_TYPES = new Set([1, 772]);
const ETHERNET_HEADER_BYTES = 14;

/** What is to be known of a link. */
export interface LinkFacts {
  device: number;
  mtuBytes: number;
  /** Bytes of link header that the kernel counts with each packet. */
  headerBytes: number;
  /** Packets that a queue takes. */
  queueLength: number;
}

/** Looks an interface up. @throws {LinuxError} in one line if there is none. */
export function readLink(socket: NetlinkSocket, name: string): LinkFacts {
  const device = libc().if_nametoindex(cString(name));
  if (device === 0) throw new LinuxError(`${name}: there is no such interface`, 19);
  const batch = new NetlinkBatch().begin(RTM_GETLINK, 0).u32(0).u32(device).zeros(8).end();
  const answer = socket.ask(batch);
  if (!("body" in answer)) throw new LinuxError(`${name}: ${answer.text}`, answer.errorNumber);
  const attributes = readAttributes(answer.body, IFINFOMSG_BYTES);
  const number = (type: number, otherwise: number) => {
    const value = attributes.get(type);
    return value ? readU32(value) : otherwise;
  };
  return {
    device,
    mtuBytes: number(IFLA.MTU, 1500),
    headerBytes: ETHERNET_TYPES.has(readU16(answer.body, 2)) ? ETHERNET_HEADER_BYTES : 0,
    queueLength: number(IFLA.TRANSMIT_QUEUE_LENGTH, 0),
  };
}

/** Who an interface's root is. */
export interface RootFacts {
  /** `htb`, `fq_codel`... */
  discipline: string;
  /** Its handle; 0 for what the kernel puts there by default. */
  handle: number;
  /** Made by us, now or before a crash. */
  ours: boolean;
}

function* dumped(socket: NetlinkSocket, type: number, device: number, parent: number, doing: string) {
  const found: { body: Uint8Array; attributes: Map<number, Uint8Array> }[] = [];
  const batch = new NetlinkBatch().begin(type, NLM.DUMP).u32(0).u32(device).u32(0).u32(parent).u32(0).end();
  socket.dump(batch, doing, ({ body }) => {
    // The buffer is used again for the next datagram.
    const kept = body.slice();
    if (readU32(kept, 4) === device) found.push({ body: kept, attributes: readAttributes(kept, TCMSG_BYTES) });
  }, () => found.length = 0);
  yield* found;
}

/** The root of an interface; undefined if it has none. */
export function readRoot(socket: NetlinkSocket, device: number): RootFacts | undefined {
  for (const { body, attributes } of dumped(socket, RTM.GETQDISC, device, 0, "queueing disciplines")) {
    if (readU32(body, 12) !== ROOT_PARENT) continue;
    const handle = readU32(body, 8);
    const discipline = readText(attributes.get(TCA.KIND) ?? new Uint8Array(1));
    const options = attributes.get(TCA.OPTIONS);
    const init = options && discipline === "htb" ? readAttributes(options).get(TCA_HTB.INIT) : undefined;
    const ours = handle === ROOT_HANDLE && init !== undefined && readU32(init, 4) === MARKER;
    return { discipline, handle, ours };
  }
}

/** The classes of our root, by minor number. */
export function readClasses(socket: NetlinkSocket, device: number): Map<number, ClassSettings> {
  const classes = new Map<number, ClassSettings>();
  for (const { body, attributes } of dumped(socket, RTM.GETTCLASS, device, 0, "classes")) {
    const handle = readU32(body, 8);
    const options = attributes.get(TCA.OPTIONS);
    const values = options && readAttributes(options);
    const parameters = values?.get(TCA_HTB.PARMS);
    if (handle >>> 16 !== MAJOR || !values || !parameters) continue;
    const wide = (type: number, offset: number) => {
      const value = values.get(type);
      return value ? readU32(value) + readU32(value, 4) * 2 ** 32 : readU32(parameters, offset);
    };
    const rate = wide(TCA_HTB.RATE64, 8);
    const ceiling = wide(TCA_HTB.CEIL64, 20);
    classes.set(handle & 0xffff, {
      rateBytesPerSecond: rate,
      ceilingBytesPerSecond: ceiling,
      burstBytes: Math.floor(readU32(parameters, 24) * TICK_SECONDS * rate),
      ceilingBurstBytes: Math.floor(readU32(parameters, 28) * TICK_SECONDS * ceiling),
      quantumBytes: readU32(parameters, 32),
      priority: readU32(parameters, 40),
    });
  }
  return classes;
}

/** A filter of our root. */
export type FoundFilter =
  | { kind: "FILTER"; family: 4 | 6; handle: number; minor: number; keys: U32Key[] }
  | { kind: "LINK"; family: 4 | 6; handle: number; table: number }
  | { kind: "TABLE"; family: 4 | 6; table: number }
  | { kind: "PROGRAM"; programId: number };

/** The filters of our root, in the kernel's order. */
export function readFilters(socket: NetlinkSocket, device: number): FoundFilter[] {
  const filters: FoundFilter[] = [];
  for (const { body, attributes } of dumped(socket, RTM.GETTFILTER, device, ROOT_HANDLE, "filters")) {
    const options = attributes.get(TCA.OPTIONS);
    if (!options) continue;
    const values = readAttributes(options);
    const kind = readText(attributes.get(TCA.KIND) ?? new Uint8Array(1));
    const etherType = readU32(body, 16) & 0xffff;
    if (etherType === ETHERTYPE.ARP) continue;
    const family = etherType === ETHERTYPE[6] ? 6 : 4;
    const found = kind === "u32" ? readU32Filter(family, readU32(body, 8), values) : readProgram(kind, values);
    if (found) filters.push(found);
  }
  return filters;
}

function readProgram(kind: string, values: Map<number, Uint8Array>): FoundFilter | undefined {
  const id = values.get(TCA_BPF.ID);
  return kind === "bpf" && id ? { kind: "PROGRAM", programId: readU32(id) } : undefined;
}

function readU32Filter(family: 4 | 6, handle: number, values: Map<number, Uint8Array>): FoundFilter | undefined {
  if (values.has(TCA_U32.DIVISOR)) return { kind: "TABLE", family, table: handle >>> 20 };
  const link = values.get(TCA_U32.LINK);
  if (link) return { kind: "LINK", family, handle, table: readU32(link) >>> 20 };
  const minor = values.get(TCA_U32.CLASSID);
  const selector = values.get(TCA_U32.SEL);
  if (!minor || !selector) return undefined;
  const view = new DataView(selector.buffer, selector.byteOffset, selector.byteLength);
  const keys: U32Key[] = [];
  for (let at = 16; at + 16 <= selector.length; at += 16) {
    keys.push({ mask: view.getUint32(at), value: view.getUint32(at + 4), offset: view.getInt32(at + 8, true) });
  }
  return { kind: "FILTER", family, handle, minor: readU32(minor) & 0xffff, keys };
}

const SIOCETHTOOL = 0x8946n;
const ETHTOOL_GSET = 1;
/** Of a full Ethernet frame on the wire (1,538 bytes with preamble and gap), what is IP. */
const IP_SHARE_OF_ETHERNET = 1500 / 1538;

/**
 * What the interface can send, in bytes of IP a second, as its driver says; undefined if it does not know.
 *
 * ```
 * ifreq: name@0, pointer@16; ethtool_cmd, 44 bytes: command@0 u32, speed@12 u16, high half of speed@28 u16, in Mbit/s
 * ```
 */
export function driverBytesPerSecond(name: string): number | undefined {
  const socket = call(libc().socket(2, 2 | 0x80000, 0), "a socket");
  try {
    const settings = new Uint8Array(44);
    settings[0] = ETHTOOL_GSET;
    const request = new Uint8Array(40);
    request.set(new TextEncoder().encode(name).subarray(0, 15));
    const pointer = BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(settings)));
    new DataView(request.buffer).setBigUint64(16, pointer, true);
    if (libc().ioctl(socket, SIOCETHTOOL, request) < 0) return undefined;
    const megabits = readU16(settings, 12) | (readU16(settings, 28) << 16);
    return megabits === 0 || megabits === -1 || megabits === 0xffff
      ? undefined
      : megabits * 125_000 * IP_SHARE_OF_ETHERNET;
  } finally {
    libc().close(socket);
  }
}
