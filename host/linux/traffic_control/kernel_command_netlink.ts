/**
 * Commands as requests of rtnetlink (linux/rtnetlink.h, linux/pkt_sched.h, linux/pkt_cls.h).
 *
 * ```
 * tcmsg, 20 bytes: family@0 u8, interface@4 i32, handle@8 u32, parent@12 u32, info@16 u32 (filters: preference << 16 |
 *   EtherType in network order)
 * tc_ratespec, 12 bytes: cell_log@0 u8, linklayer@1 u8, overhead@2 u16, cell_align@4 i16, mpu@6 u16, rate@8 u32
 * tc_htb_opt, 44 bytes: rate@0, ceil@12 (tc_ratespec), buffer@24 u32, cbuffer@28 u32 (ticks of 64 ns), quantum@32 u32,
 *   level@36 u32, prio@40 u32
 * tc_htb_glob, 20 bytes: version@0 u32, rate2quantum@4 u32, defcls@8 u32, debug@12 u32, direct_pkts@16 u32
 * tc_sizespec, 24 bytes: cell_log@0 u8, size_log@1 u8, cell_align@2 i16, overhead@4 i32, linklayer@8, mpu@12, mtu@16,
 *   tsize@20 u32
 * tc_u32_sel, 16 bytes: flags@0 u8, offshift@1 u8, nkeys@2 u8, offmask@4 be16, off@6 u16, offoff@8 i16, hoff@10 i16,
 *   hmask@12 be32; then keys of 16 bytes: mask@0 be32, value@4 be32, offset@8 i32, offmask@12 i32
 * ```
 */
import { type NetlinkBatch, NLM } from "../netlink_message.ts";
import {
  type ClassSettings,
  type KernelCommand,
  MAJOR,
  MARKER,
  MINOR,
  PREFERENCE,
  type U32Key,
} from "./kernel_command.ts";

/** Types of messages. */
export const RTM = {
  NEWQDISC: 36,
  DELQDISC: 37,
  GETQDISC: 38,
  NEWTCLASS: 40,
  DELTCLASS: 41,
  GETTCLASS: 42,
  NEWTFILTER: 44,
  DELTFILTER: 45,
  GETTFILTER: 46,
} as const;

/** Attributes of every traffic control message. */
export const TCA = { KIND: 1, OPTIONS: 2, STAB: 8 } as const;
export const TCA_HTB = { PARMS: 1, INIT: 2, RATE64: 6, CEIL64: 7 } as const;
export const TCA_U32 = { CLASSID: 1, HASH: 2, LINK: 3, DIVISOR: 4, SEL: 5 } as const;
export const TCA_BPF = { FD: 6, NAME: 7, ID: 11 } as const;
const TCA_STAB_BASE = 1;
/** Parent of a root. */
export const ROOT_PARENT = 0xffffffff;
/** Handle of our root. */
export const ROOT_HANDLE = (MAJOR << 16) >>> 0;
const HTB_VERSION = 3;
const LINKLAYER_ETHERNET = 1;
const U32_TERMINAL = 1;
const BPF_HANDLE = 1;
/** EtherTypes, as they stand in network order. */
export const ETHERTYPE = { 4: 0x0008, 6: 0xdd86, ARP: 0x0608, ALL: 0x0300 } as const;
/** PSCHED_SHIFT of 6: a tick is 64 ns. */
const TICKS_PER_SECOND = 1e9 / 64;
const U32_MAXIMUM = 0xffffffff;
/** What RTM.NEWTFILTER calls our program; `tc filter show` shows it. */
const PROGRAM_NAME = "resv";

const ANYTHING: U32Key = { mask: 0, value: 0, offset: 0 };

const info = (preference: number, etherType: number) => ((preference << 16) | etherType) >>> 0;
const filterInfo = (family: 4 | 6) => info(family === 4 ? PREFERENCE.IPV4 : PREFERENCE.IPV6, ETHERTYPE[family]);
const classHandle = (minor: number) => (ROOT_HANDLE | minor) >>> 0;

/** How long the class may send at its rate after a pause, in ticks: what HTB wants in place of bytes. */
export function ticks(bytes: number, bytesPerSecond: number): number {
  return Math.min(U32_MAXIMUM, Math.max(1, Math.ceil(bytes / bytesPerSecond * TICKS_PER_SECOND)));
}

function header(
  batch: NetlinkBatch,
  type: number,
  flags: number,
  command: KernelCommand,
  place: { handle: number; parent: number; info?: number },
): NetlinkBatch {
  return batch.begin(type, NLM.ACK | flags).u32(0).u32(command.device).u32(place.handle).u32(place.parent)
    .u32(place.info ?? 0);
}

const CREATE = NLM.CREATE | NLM.EXCL;

/** Adds the request to the batch. */
export function writeCommand(batch: NetlinkBatch, command: KernelCommand): void {
  switch (command.kind) {
    case "ROOT":
      header(batch, RTM.NEWQDISC, CREATE, command, { handle: ROOT_HANDLE, parent: ROOT_PARENT });
      writeRoot(batch, command.headerBytes);
      break;
    case "REMOVE_ROOT":
      header(batch, RTM.DELQDISC, 0, command, { handle: ROOT_HANDLE, parent: ROOT_PARENT });
      break;
    case "CLASS": {
      const parent = command.minor === MINOR.LINK ? ROOT_HANDLE : classHandle(MINOR.LINK);
      header(batch, RTM.NEWTCLASS, command.create ? CREATE : 0, command, {
        handle: classHandle(command.minor),
        parent,
      });
      writeClass(batch, command.settings);
      break;
    }
    case "REMOVE_CLASS":
      header(batch, RTM.DELTCLASS, 0, command, { handle: classHandle(command.minor), parent: 0 });
      break;
    case "ARP_FILTER": {
      const place = { handle: 0, parent: ROOT_HANDLE, info: info(PREFERENCE.ARP, ETHERTYPE.ARP) };
      header(batch, RTM.NEWTFILTER, CREATE, command, place).text(TCA.KIND, "u32").nest(TCA.OPTIONS, (options) => {
        options.attributeU32(TCA_U32.CLASSID, classHandle(command.minor));
        writeSelector(options, U32_TERMINAL, [ANYTHING]);
      });
      break;
    }
    case "PROGRAM":
    case "REMOVE_PROGRAM":
      writeProgram(batch, command);
      break;
    case "MAP_SET":
    case "MAP_DELETE":
      throw new Error("maps are not netlink's");
    default:
      writeFilter(batch, command);
  }
  batch.end();
}

function writeRoot(batch: NetlinkBatch, headerBytes: number): void {
  batch.text(TCA.KIND, "htb").nest(TCA.OPTIONS, (options) => {
    options.nest(TCA_HTB.INIT, (init) => init.u32(HTB_VERSION).u32(MARKER).u32(MINOR.BEST_EFFORT).u32(0).u32(0));
  });
  if (headerBytes === 0) return;
  batch.nest(TCA.STAB, (table) => {
    table.nest(TCA_STAB_BASE, (base) => base.u32(0).u32(-headerBytes).zeros(16));
  });
}

function writeClass(batch: NetlinkBatch, settings: ClassSettings): void {
  const { rateBytesPerSecond: rate, ceilingBytesPerSecond: ceiling } = settings;
  // With a link layer given the kernel wants no table of rates, which would be a kilobyte.
  const rateSpec = (bytesPerSecond: number) =>
    batch.u8(0).u8(LINKLAYER_ETHERNET).u16(0).u16(0xffff).u16(0).u32(Math.min(bytesPerSecond, U32_MAXIMUM));
  batch.text(TCA.KIND, "htb").nest(TCA.OPTIONS, (options) => {
    options.nest(TCA_HTB.PARMS, () => {
      rateSpec(rate);
      rateSpec(ceiling);
      batch.u32(ticks(settings.burstBytes, rate)).u32(ticks(settings.ceilingBurstBytes, ceiling));
      batch.u32(settings.quantumBytes).u32(0).u32(settings.priority);
    });
    if (rate >= U32_MAXIMUM) options.attributeU64(TCA_HTB.RATE64, BigInt(rate));
    if (ceiling >= U32_MAXIMUM) options.attributeU64(TCA_HTB.CEIL64, BigInt(ceiling));
  });
}

function writeProgram(batch: NetlinkBatch, command: KernelCommand & { kind: "PROGRAM" | "REMOVE_PROGRAM" }): void {
  const place = { handle: BPF_HANDLE, parent: ROOT_HANDLE, info: info(PREFERENCE.BPF, ETHERTYPE.ALL) };
  if (command.kind === "REMOVE_PROGRAM") {
    header(batch, RTM.DELTFILTER, 0, command, place).text(TCA.KIND, "bpf");
    return;
  }
  header(batch, RTM.NEWTFILTER, CREATE, command, place).text(TCA.KIND, "bpf").nest(TCA.OPTIONS, (options) => {
    options.attributeU32(TCA_BPF.FD, command.descriptor).text(TCA_BPF.NAME, PROGRAM_NAME);
  });
}

type FilterCommand = KernelCommand & { kind: "TABLE" | "LINK" | "FILTER" | "REMOVE_FILTER" };

function writeFilter(batch: NetlinkBatch, command: FilterCommand): void {
  const handle = command.kind === "TABLE" ? (command.table << 20) >>> 0 : command.handle;
  const place = { handle, parent: ROOT_HANDLE, info: filterInfo(command.family) };
  if (command.kind === "REMOVE_FILTER") {
    header(batch, RTM.DELTFILTER, 0, command, place).text(TCA.KIND, "u32");
    return;
  }
  header(batch, RTM.NEWTFILTER, CREATE, command, place).text(TCA.KIND, "u32").nest(TCA.OPTIONS, (options) => {
    if (command.kind === "TABLE") {
      options.attributeU32(TCA_U32.DIVISOR, command.divisor);
      return;
    }
    // The bucket that it goes to; without, the root's table.
    const bucket = (handle & 0xfffff000) >>> 0;
    if (bucket !== 0) options.attributeU32(TCA_U32.HASH, bucket);
    if (command.kind === "LINK") {
      options.attributeU32(TCA_U32.LINK, (command.table << 20) >>> 0);
      writeSelector(options, 0, [ANYTHING], command);
    } else {
      options.attributeU32(TCA_U32.CLASSID, classHandle(command.minor));
      writeSelector(options, U32_TERMINAL, command.keys);
    }
  });
}

/** A link takes its bucket from the bits of `mask` of the word at `offset`. */
function writeSelector(
  batch: NetlinkBatch,
  flags: number,
  keys: readonly U32Key[],
  link = { offset: 0, mask: 0 },
): void {
  batch.nest(TCA_U32.SEL, () => {
    batch.u8(flags).u8(0).u8(keys.length).u8(0).u16(0).u16(0).u16(0).u16(link.offset).u32be(link.mask);
    for (const { mask, value, offset } of keys) batch.u32be(mask).u32be(value).u32(offset).u32(0);
  });
}
