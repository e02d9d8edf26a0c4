/**
 * The interfaces of the file as a node takes them: handles that stay, addresses of the file or else of the system, and
 * whether they are up.
 */
import { MAXIMUM_INTERFACE_HANDLE } from "../boundary.gen.ts";
import { handleOfName } from "../linux/links.ts";
import type { InterfaceSettings } from "../node_settings.ts";
import { addressKind } from "./config_file.ts";
import type { InterfaceFile, NodeFile } from "./schema.ts";

/** What the system says of an interface. */
export interface Link {
  readonly name: string;
  /** The kernel's number; 0 where it is not known. */
  readonly index: number;
  readonly up: boolean;
  readonly mtuBytes?: number;
  /** With prefix lengths. */
  readonly addresses: readonly string[];
}

/** Handles by name. */
export type Handles = ReadonlyMap<string, number>;

/**
 * A handle for every interface: the file's, else the one that it has already, else one made from its name. Handles are
 * sent in messages, so they must mean the same after a restart (RFC 2205 A.2), whatever the order of the file.
 */
export function giveHandles(interfaces: readonly InterfaceFile[], known: Handles): Map<string, number> {
  const handles = new Map<string, number>();
  const taken = new Set<number>();
  const give = (name: string, handle: number) => {
    handles.set(name, handle);
    taken.add(handle);
  };
  for (const { name, handle } of interfaces) if (handle !== undefined) give(name, handle);
  for (const { name } of interfaces) {
    const handle = known.get(name);
    if (!handles.has(name) && handle !== undefined && !taken.has(handle)) give(name, handle);
  }
  // A handle of an interface that has left the file stays its own: what it stood for may not have timed out yet.
  for (const handle of known.values()) taken.add(handle);
  for (const { name } of interfaces) {
    let handle = handleOfName(name);
    while (taken.has(handle)) handle = handle % MAXIMUM_INTERFACE_HANDLE + 1;
    if (!handles.has(name)) give(name, handle);
  }
  return handles;
}

/** An interface as the node takes it, and what is missing for it to work. */
export interface PlannedInterface {
  readonly settings: InterfaceSettings;
  /** What the file says of it. */
  readonly file: InterfaceFile;
  /** What the system says of it, if it has it. */
  readonly link: Link | undefined;
  /** In words, where it cannot be up. */
  readonly problem?: string;
}

/** The settings of one interface. `link` is what the system says of it, if it has it. */
export function planInterface(
  file: InterfaceFile,
  handle: number,
  node: NodeFile["node"],
  link: Link | undefined,
): PlannedInterface {
  const addresses = file.addresses ?? firstOfEachKind(link?.addresses ?? []);
  const raw = node.transport === "raw";
  // Over UDP alone and with routes of the file, addresses may be those of any device, such as the loopback's.
  const needsLink = raw || node.routing === "kernel";
  const up = link?.up ?? (!needsLink && file.addresses !== undefined);
  const mtuBytes = file.mtuBytes ?? link?.mtuBytes;
  const problem = needsLink && !link
    ? "there is no such interface"
    : addresses.length === 0
    ? "it has no address"
    : up
    ? undefined
    : "it is down";
  const settings: InterfaceSettings = {
    interface: handle,
    name: file.name,
    addresses,
    up: up && addresses.length > 0,
    udp: file.udp ?? (raw ? "none" : "only"),
    noRsvp: !file.rsvp,
    ...defined({
      mtuBytes,
      reservableBytesPerSecond: file.reservableRate,
      perFlowBytesPerSecond: file.perFlowRate,
      linkBytesPerSecond: file.linkRate,
      minimumLatencyMicroseconds: file.minimumLatencyMicroseconds,
      refreshIntervalMs: file.refreshIntervalMs,
      lifetimeMultiplier: file.lifetimeMultiplier,
      blockadeMultiplier: file.blockadeMultiplier,
      localRepairDelayMs: file.localRepairDelayMs,
      slewMaximumPercent: file.slewMaximumPercent,
      services: file.services,
      policing: file.policing,
      udpNextHop: file.udpNextHop,
      udpNextHopTtl: file.udpNextHopTtl,
    }),
  };
  return { settings, file, link, ...(problem === undefined ? {} : { problem }) };
}

/** An engine's interface has one address of each kind; of several the system's first is the primary one. */
function firstOfEachKind(addresses: readonly string[]): string[] {
  const kinds = new Set<string>();
  return addresses.filter((text) => {
    const kind = addressKind(text);
    return !kinds.has(kind) && kinds.add(kind);
  });
}

function defined<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
