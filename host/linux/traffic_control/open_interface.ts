/** Takes an interface over: as it is after a boot, or as an earlier run of ours has left it. */
import { libc } from "../libc.ts";
import { ERRNO, LinuxError } from "../linux_error.ts";
import type { NetlinkSocket } from "../netlink.ts";
import { FlowMap, keyName } from "./bpf_map.ts";
import { ClassPool } from "./class_pool.ts";
import { Classifier } from "./classifier.ts";
import { foundation, type LinkShare, standingClasses } from "./htb.ts";
import { type CommandRunner, type KernelCommand, LAST_RESERVATION_MINOR, MINOR } from "./kernel_command.ts";
import type { KernelRunner } from "./kernel_runner.ts";
import {
  driverBytesPerSecond,
  type FoundFilter,
  type LinkFacts,
  readClasses,
  readFilters,
  readLink,
  readRoot,
} from "./kernel_state.ts";
import { Leftovers } from "./leftovers.ts";
import { type InterfaceParts, ManagedInterface } from "./managed_interface.ts";
import { U32Tables } from "./u32.ts";
import { keysName } from "./u32_keys.ts";

/** An interface whose traffic is to be controlled. Rates count bytes of IP. */
export interface ControlledInterface {
  /** Handle of the interface, as the node has it. */
  interface: number;
  /** Its name in the kernel: `eth0`. */
  name: string;
  /** What it can send: the rate of the root. What its driver says, unless given; a virtual interface has to be told. */
  linkBytesPerSecond?: number;
  /** What all reservations may have together: the link less what is set aside for RSVP, neighbours (1%) and best effort, or less. */
  reservableBytesPerSecond?: number;
  /** Guaranteed to RSVP's own messages: 2% of the link, at least 8,000, unless given. */
  rsvpBytesPerSecond?: number;
  /** Guaranteed to what nothing is reserved for: 2% of the link unless given. */
  bestEffortBytesPerSecond?: number;
}

/** How flows are told apart: hashed u32 filters, a BPF map, or the map where it is permitted. */
export type ClassifierChoice = "u32" | "bpf" | "auto";

/** What to do where the kernel says EPERM. */
const PERMISSION_NEEDED =
  "traffic control needs the capability CAP_NET_ADMIN: run as root, or give it to a copy of deno " +
  "(setcap cap_net_raw,cap_net_admin+ep)";
const SET_ASIDE_SHARE = 0.02;
const NEIGHBOUR_SHARE = 0.01;
const LEAST_RSVP_BYTES_PER_SECOND = 8000;
const DRY_LINK: LinkFacts = { device: 0, mtuBytes: 1500, headerBytes: 14, queueLength: 1000 };

/** Sizes of everything on the link. @throws {RangeError} in one line, where they do not fit. */
export function linkShare(options: ControlledInterface, mtuBytes: number): LinkShare & { reservable: number } {
  const { name } = options;
  const link = options.linkBytesPerSecond ?? driverBytesPerSecond(name);
  if (link === undefined) throw new RangeError(`${name}: the driver does not say how fast it is: give its rate`);
  const rsvp = options.rsvpBytesPerSecond ??
    Math.min(Math.max(link * SET_ASIDE_SHARE, LEAST_RSVP_BYTES_PER_SECOND), link / 4);
  const bestEffort = options.bestEffortBytesPerSecond ?? link * SET_ASIDE_SHARE;
  const neighbours = link * NEIGHBOUR_SHARE;
  const rest = link - rsvp - neighbours - bestEffort;
  const reservable = options.reservableBytesPerSecond ?? rest;
  if (![link, rsvp, bestEffort].every((rate) => Number.isFinite(rate) && rate >= 1)) {
    throw new RangeError(`${name}: the rates of the link, of RSVP and of best effort must be at least 1 byte/s`);
  }
  if (!(reservable >= 0 && reservable <= rest)) {
    throw new RangeError(
      `${name}: ${Math.round(reservable)} bytes/s cannot be reserved of ${Math.round(link)}: RSVP, neighbours and ` +
        `best effort keep ${Math.ceil(link - rest)}, which leaves ${Math.floor(rest)}`,
    );
  }
  return {
    linkBytesPerSecond: link,
    rsvpBytesPerSecond: rsvp,
    neighbourBytesPerSecond: neighbours,
    bestEffortBytesPerSecond: bestEffort,
    mtuBytes,
    reservable,
  };
}

/** What the parts of an interface are before anything is asked of the kernel. */
function newParts(
  options: ControlledInterface,
  facts: LinkFacts,
  runner: CommandRunner,
  useMap: boolean,
): InterfaceParts {
  const { reservable, ...share } = linkShare(options, facts.mtuBytes);
  const target = { device: facts.device, name: options.name };
  return {
    target,
    share,
    reservableBytesPerSecond: reservable,
    classifier: new Classifier(target, new U32Tables(target, runner), useMap),
    pool: new ClassPool(),
    leftovers: new Leftovers(),
    runner,
  };
}

/** An interface of a dry run: nothing is asked of the kernel but its driver's speed, where none is given. */
export function pretendInterface(options: ControlledInterface, runner: CommandRunner): ManagedInterface {
  const parts = newParts(options, DRY_LINK, runner, false);
  runner.run([
    ...foundation(parts.target, parts.share, DRY_LINK.headerBytes),
    ...parts.classifier.tables.foundation(),
  ]);
  return new ManagedInterface(parts);
}

/**
 * Takes an interface over. What is there by default is replaced; what an earlier run has left is taken over.
 * @throws {LinuxError} in one line that says what to do; nothing is left behind then.
 */
export function openInterface(
  options: ControlledInterface,
  choice: ClassifierChoice,
  socket: NetlinkSocket,
  runner: KernelRunner,
): ManagedInterface {
  const { name } = options;
  const facts = readLink(socket, name);
  if (facts.queueLength === 0) {
    throw new LinuxError(`${name}: its queue takes no packets: ip link set ${name} txqueuelen 1000`, 0);
  }
  const root = readRoot(socket, facts.device);
  if (root && root.handle !== 0 && !root.ours) {
    const handle = (root.handle >>> 16).toString(16);
    throw new LinuxError(
      `${name}: its root queueing discipline (${root.discipline} ${handle}:) is somebody else's: ` +
        `remove it (tc qdisc del dev ${name} root) or leave the interface out`,
      0,
    );
  }
  const map = choice === "u32" ? undefined : mapFor(choice);
  const parts = newParts(options, facts, runner, map !== undefined);
  try {
    if (!root?.ours || !recover(parts, socket, runner)) {
      if (root?.ours) demand(runner, [{ ...parts.target, kind: "REMOVE_ROOT" }], "what an earlier run has left");
      demand(runner, foundation(parts.target, parts.share, facts.headerBytes), name);
      demand(runner, parts.classifier.tables.foundation(), name);
    }
    if (map) attach(parts.target, map, runner);
  } catch (error) {
    runner.maps.get(facts.device)?.close();
    runner.maps.delete(facts.device);
    if (!root?.ours) runner.run([{ ...parts.target, kind: "REMOVE_ROOT" }]);
    throw error;
  } finally {
    if (map && runner.maps.get(facts.device) !== map) map.close();
  }
  return new ManagedInterface(parts);
}

function mapFor(choice: ClassifierChoice): FlowMap | undefined {
  try {
    return FlowMap.create();
  } catch (error) {
    if (choice === "bpf" || !(error instanceof LinuxError)) throw error;
  }
}

/** Puts the program in place, unless an earlier run's is there already. */
function attach(target: { device: number; name: string }, map: FlowMap, runner: KernelRunner): void {
  if (runner.maps.has(target.device)) return;
  const descriptor = map.loadProgram();
  try {
    demand(runner, [{ ...target, kind: "PROGRAM", descriptor }], target.name);
  } finally {
    libc().close(descriptor);
  }
  runner.maps.set(target.device, map);
}

function demand(runner: CommandRunner, commands: readonly KernelCommand[], doing: string): void {
  const failure = runner.run(commands).find((each) => each !== undefined);
  if (!failure) return;
  const remedy = failure.errorNumber === ERRNO.EPERM ? `: ${PERMISSION_NEEDED}` : "";
  throw new LinuxError(`${doing}: ${failure.text}${remedy}`, failure.errorNumber);
}

/** False if the earlier run was stopped before its root was whole. */
function recover(parts: InterfaceParts, socket: NetlinkSocket, runner: KernelRunner): boolean {
  const { target, share, pool, leftovers, classifier } = parts;
  const filters = readFilters(socket, target.device);
  // The last of what u32 begins with.
  const whole = filters.some((filter) => filter.kind === "LINK" && filter.family === 6 && filter.handle >= 0x80000000);
  const classes = readClasses(socket, target.device);
  if (!whole || !classes.has(MINOR.BEST_EFFORT) || !classes.has(MINOR.NEIGHBOURS)) return false;
  demand(runner, standingClasses(target, share, false), target.name);
  const found = (minor: number, name: string, place: Parameters<Leftovers["add"]>[3]) => {
    const settings = classes.get(minor);
    if (settings) leftovers.add(minor, settings, name, place);
  };
  for (const filter of filters) adoptFilter(filter, classifier.tables, found);
  for (const filter of filters) {
    if (filter.kind === "PROGRAM") adoptProgram(target, filter.programId, runner, found);
  }
  const inUse = new Set(leftovers.minors());
  for (const minor of [...classes.keys()].sort((a, b) => b - a)) {
    if (minor < MINOR.FIRST_RESERVATION || minor > LAST_RESERVATION_MINOR) continue;
    pool.adopt(minor);
    if (!inUse.has(minor)) pool.give(minor);
  }
  return true;
}

type FoundPlace = (minor: number, name: string, place: Parameters<Leftovers["add"]>[3]) => void;

function adoptFilter(filter: FoundFilter, tables: U32Tables, found: FoundPlace): void {
  if (filter.kind === "TABLE") tables.adoptTable(filter.table);
  else if (filter.kind === "LINK") tables.adopt(filter.handle, filter.table);
  else if (filter.kind === "FILTER") {
    const { family, handle, minor, keys } = filter;
    tables.adopt(handle);
    if (minor < MINOR.FIRST_RESERVATION || minor > LAST_RESERVATION_MINOR) return;
    found(minor, keysName(family, keys), { kind: "U32", family, handle });
  }
}

function adoptProgram(
  target: { device: number; name: string },
  programId: number,
  runner: KernelRunner,
  found: FoundPlace,
): void {
  try {
    const map = FlowMap.ofProgram(programId);
    runner.maps.set(target.device, map);
    for (const { key, minor } of map.list()) found(minor, keyName(key), { kind: "MAP", key });
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
    // What cannot be looked into cannot be kept.
    demand(runner, [{ ...target, kind: "REMOVE_PROGRAM" }], target.name);
  }
}
