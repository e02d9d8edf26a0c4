/** Settings of a node and of its interfaces as people write them, and the boundary records made from them. */
import {
  CONFIG_OPTION,
  type ConfigInput,
  INTERFACE_OPTION,
  type InterfaceInput,
  MAXIMUM_INTERFACE_HANDLE,
  SERVICE,
} from "./boundary.gen.ts";
import { parseAddress, parsePrefix } from "./address.ts";

/** All have defaults; times in milliseconds. */
export interface NodeSettings {
  /** R of RFC 2205 3.7, the mean time between refreshes; 30,000. */
  refreshIntervalMs: number;
  /** K of RFC 2205 3.7: state outlives about so many lost refreshes; 3. */
  lifetimeMultiplier: number;
  /** Kb of RFC 2205 3.5: blockade state lasts Kb * R; 3. */
  blockadeMultiplier: number;
  /** W of RFC 2205 3.6: how long local repair waits for routing to settle; 2,000. */
  localRepairDelayMs: number;
  /** Slew.Max of RFC 2205 3.7: R grows by so many percent at the most from one refresh to the next; 30. */
  slewMaximumPercent: number;
  /** The most memory the engine may take; new state is refused above it. 64 MiB. */
  memoryLimitBytes: number;
  /** Sessions held at the most; 0 (the default) for no limit but memory. */
  maximumSessions: number;
  /** Senders held in one session at the most; 0 (the default) for no limit but memory. */
  maximumSendersPerSession: number;
  /** Path and reservation states one neighbour may create; 0 (the default) for no limit but memory. */
  maximumStatePerNeighbour: number;
  /**
   * Who wakes the node does so at multiples of so many milliseconds of its clock; refreshes are set to such times within
   * [0.5 R, 1.5 R] (RFC 2205 3.7). 1.
   */
  timerGranularityMs: number;
  /** Refresh timers without their random part, for tests that count them; false. */
  noJitter: boolean;
  /** Report every dropped message; false. */
  reportDrops: boolean;
  /** Multicast routes do not depend on the sender (RFC 2205 3.9); false. */
  sharedTrees: boolean;
  /** This node is an end system and does not forward; false. */
  host: boolean;
  /** The first refresh after a change comes after a tenth of R, so that one loss costs little (RFC 2205 3.7); false. */
  fastStart: boolean;
  /** Reservations count as installed without asking traffic control for its answer; false. */
  noTrafficControlResult: boolean;
}

/**
 * What a node uses where nothing else is said: the RFC's recommendations where it has any. A lifetime follows from them:
 * (K + 0.5) * 1.5 * R (RFC 2205 3.7).
 *
 * @example
 * ```ts
 * import { DEFAULT_SETTINGS } from "@resv/resv";
 *
 * const { refreshIntervalMs, lifetimeMultiplier } = DEFAULT_SETTINGS;
 * console.log((lifetimeMultiplier + 0.5) * 1.5 * refreshIntervalMs); // 157500
 * ```
 */
export const DEFAULT_SETTINGS: Readonly<NodeSettings> = {
  refreshIntervalMs: 30_000,
  lifetimeMultiplier: 3,
  blockadeMultiplier: 3,
  localRepairDelayMs: 2_000,
  slewMaximumPercent: 30,
  memoryLimitBytes: 64 * 1024 * 1024,
  maximumSessions: 0,
  maximumSendersPerSession: 0,
  maximumStatePerNeighbour: 0,
  timerGranularityMs: 1,
  noJitter: false,
  reportDrops: false,
  sharedTrees: false,
  host: false,
  fastStart: false,
  noTrafficControlResult: false,
};

/** One interface. Only `interface` and an address are needed. */
export interface InterfaceSettings {
  /** Handle, 1 to 65,535; also sent as the logical interface handle, so it has to survive a restart. */
  interface: number;
  /** For people, such as `eth0`; not sent. */
  name?: string;
  /** With prefix lengths: `10.0.0.1/24`, `2001:db8::1/64`, `fe80::1/64`; at most one of each kind. */
  addresses: readonly string[];
  /** Down, nothing is sent or taken on it and what is reserved on it goes; true by default. */
  up?: boolean;
  /** MTU of the link, announced in the ADSPEC as PATH_MTU (RFC 2215); 1,500 by default. */
  mtuBytes?: number;
  /** What admission may give away in all; no limit by default. */
  reservableBytesPerSecond?: number;
  /** The most for one reservation; no limit by default. */
  perFlowBytesPerSecond?: number;
  /** AVAILABLE_PATH_BANDWIDTH of the link (RFC 2215); 125,000,000 (a gigabit) by default. */
  linkBytesPerSecond?: number;
  /** MINIMUM_PATH_LATENCY of the link (RFC 2215); unknown by default. */
  minimumLatencyMicroseconds?: number;
  /** C of RFC 2212; 0 by default. */
  guaranteedErrorTermBytes?: number;
  /** D of RFC 2212; 0 by default. */
  guaranteedErrorTermMicroseconds?: number;
  /** Int-Serv services that it implements: RFC 2211, RFC 2212, RFC 2997; all by default. */
  services?: readonly ("controlled-load" | "guaranteed" | "null")[];
  /** Its traffic control can police (RFC 2205 3.8); true by default. */
  policing?: boolean;
  /** UDP encapsulation (RFC 2205 appendix C): `only` without raw access, `also` beside it; `none` by default. */
  udp?: "none" | "only" | "also";
  /** Ra of RFC 2205 appendix C: the RSVP node to which a host without raw access sends its Path messages. */
  udpNextHop?: string;
  /** Ta of RFC 2205 appendix C; the usual TTL by default. */
  udpNextHopTtl?: number;
  /** R of what is sent by it (RFC 2205 3.7); the node's by default. */
  refreshIntervalMs?: number;
  /** K of what arrives by it (RFC 2205 3.7); the node's by default. */
  lifetimeMultiplier?: number;
  /** Kb of what is refused by way of it (RFC 2205 3.5); the node's by default. */
  blockadeMultiplier?: number;
  /** W of local repair that sends by it (RFC 2205 3.6), above zero; the node's by default. */
  localRepairDelayMs?: number;
  /** Slew.Max of its R (RFC 2205 3.7); the node's by default. */
  slewMaximumPercent?: number;
  /** RSVP is switched off on it; false by default. */
  noRsvp?: boolean;
  /** It leads back to this node; false by default. */
  loopback?: boolean;
}

/** How long state lives that is not refreshed: (K + 0.5) * 1.5 * R (RFC 2205 3.7). In milliseconds. */
export function stateLifetimeMs({ refreshIntervalMs, lifetimeMultiplier }: NodeSettings): number {
  return (lifetimeMultiplier + 0.5) * 1.5 * refreshIntervalMs;
}

const TIMING = [
  "refreshIntervalMs",
  "lifetimeMultiplier",
  "blockadeMultiplier",
  "localRepairDelayMs",
  "slewMaximumPercent",
] as const;
const UNKNOWN_LATENCY = 0xffffffff;
const DEFAULT_LINK_BYTES_PER_SECOND = 125_000_000;
const NO_LIMIT = -1;

/** The CONFIG record. @throws {RangeError} naming a setting that is out of range. */
export function configRecord(settings: Partial<NodeSettings>, seed: number): ConfigInput {
  const all = { ...DEFAULT_SETTINGS, ...settings };
  for (const [name, value] of Object.entries(all)) {
    if (typeof value === "number" && !(Number.isInteger(value) && value >= 0 && value <= 0xffffffff)) {
      throw new RangeError(`${name} is ${value}, not a whole number from 0 to 4294967295`);
    }
  }
  for (
    const name of [
      "refreshIntervalMs",
      "lifetimeMultiplier",
      "blockadeMultiplier",
      "slewMaximumPercent",
      "memoryLimitBytes",
      "timerGranularityMs",
    ] as const
  ) {
    if (all[name] === 0) throw new RangeError(`${name} must be above zero`);
  }
  const { noJitter, reportDrops, sharedTrees, host, fastStart, noTrafficControlResult, ...numbers } = all;
  const options = (noTrafficControlResult ? CONFIG_OPTION.NO_TRAFFIC_CONTROL_RESULT : 0) |
    (reportDrops ? CONFIG_OPTION.REPORT_DROPS : 0) | (noJitter ? CONFIG_OPTION.NO_JITTER : 0) |
    (sharedTrees ? CONFIG_OPTION.SHARED_TREES : 0) | (host ? CONFIG_OPTION.HOST : 0) |
    (fastStart ? CONFIG_OPTION.FAST_START : 0);
  return { ...numbers, seed: seed >>> 0, options };
}

/** The INTERFACE record. @throws {RangeError} naming the setting that cannot be used. */
export function interfaceRecord(settings: InterfaceSettings): InterfaceInput {
  const handle = settings.interface;
  if (!Number.isInteger(handle) || handle < 1 || handle > MAXIMUM_INTERFACE_HANDLE) {
    throw new RangeError(`interface handle ${handle} is not 1 to ${MAXIMUM_INTERFACE_HANDLE}`);
  }
  const { services = ["controlled-load", "guaranteed", "null"], udp = "none" } = settings;
  const record: InterfaceInput = {
    interface: handle,
    up: settings.up === false ? 0 : 1,
    options: (udp === "only" ? INTERFACE_OPTION.UDP_ONLY : udp === "also" ? INTERFACE_OPTION.UDP_ALSO : 0) |
      (settings.noRsvp ? INTERFACE_OPTION.NO_RSVP : 0) | (settings.loopback ? INTERFACE_OPTION.LOOPBACK : 0),
    mtuBytes: settings.mtuBytes ?? 1500,
    policing: settings.policing === false ? 0 : 1,
    reservableBytesPerSecond: settings.reservableBytesPerSecond ?? NO_LIMIT,
    perFlowBytesPerSecond: settings.perFlowBytesPerSecond ?? NO_LIMIT,
    linkBytesPerSecond: settings.linkBytesPerSecond ?? DEFAULT_LINK_BYTES_PER_SECOND,
    minimumLatencyMicroseconds: settings.minimumLatencyMicroseconds ?? UNKNOWN_LATENCY,
    guaranteedErrorTermBytes: settings.guaranteedErrorTermBytes ?? 0,
    guaranteedErrorTermMicroseconds: settings.guaranteedErrorTermMicroseconds ?? 0,
    services: (services.includes("controlled-load") ? SERVICE.CONTROLLED_LOAD : 0) |
      (services.includes("guaranteed") ? SERVICE.GUARANTEED : 0) |
      (services.includes("null") ? SERVICE.NULL : 0),
  };
  for (const name of TIMING) {
    const value = settings[name];
    if (value === undefined) continue;
    if (!Number.isInteger(value) || value < 1 || value > 0xffffffff) {
      throw new RangeError(`interface ${handle}: ${name} is ${value}, not a whole number above zero`);
    }
    record[name] = value;
  }
  for (const text of settings.addresses) placeAddress(record, handle, text);
  if (settings.udpNextHop !== undefined) {
    const { bytes, family } = parseAddress(settings.udpNextHop);
    Object.assign(record, { udpNextHop: bytes, udpNextHopFamily: family, udpNextHopTtl: settings.udpNextHopTtl ?? 0 });
  }
  return record;
}

function placeAddress(record: InterfaceInput, handle: number, text: string): void {
  const { prefix: bytes, prefixLength, family } = parsePrefix(text);
  const linkLocal = family === 6 && bytes[0] === 0xfe && (bytes[1] & 0xc0) === 0x80;
  const field = family === 4 ? "ipv4" : linkLocal ? "ipv6LinkLocal" : "ipv6";
  if (record[field]) throw new RangeError(`interface ${handle}: "${text}" is its second ${field} address`);
  record[field] = bytes;
  if (field !== "ipv6LinkLocal") record[`${field}PrefixLength`] = prefixLength;
}
