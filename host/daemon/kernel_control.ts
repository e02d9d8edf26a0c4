/** The kernel's traffic control on the interfaces of a node, or the lines that it would be told. */
import { KernelTrafficControl, type KernelTrafficControlOptions } from "../linux/kernel_traffic_control.ts";
import { linkShare } from "../linux/traffic_control/open_interface.ts";
import type { Capacity, NodeTrafficControl } from "./controls.ts";
import type { PlannedInterface } from "./interface_plan.ts";
import type { PartsWanted } from "./parts.ts";
import type { InterfaceFile, NodeFile } from "./schema.ts";

/** Service number of guaranteed service (RFC 2210 3). */
const GUARANTEED_SERVICE = 2;
/** Of interfaces that are not there, in a dry run. */
const DRY_MTU_BYTES = 1500;

/** Keeps the kernel's traffic control where the node has interfaces. */
export class KernelControl implements NodeTrafficControl {
  readonly control: KernelTrafficControl;
  #dry: boolean;
  /** By handle: the kernel's number of the interface, and the rates that it was taken over with. */
  #managed = new Map<number, { index: number; rates: string; name: string; capacity: Capacity }>();

  /** Takes over every interface that is there. @throws {LinuxError} @throws {RangeError} in one line. */
  constructor({ file, planned, onError, onDryRun, lifetimeMs }: PartsWanted) {
    const { mode, classifier, excess, spareClasses } = file.trafficControl;
    this.#dry = mode === "dry-run";
    this.control = new KernelTrafficControl({
      classifier,
      excess,
      lifetimeMs,
      onError,
      ...(spareClasses === undefined ? {} : { spareClasses }),
      ...(this.#dry ? { dryRun: onDryRun } : {}),
      ...codePoints(file),
    });
    try {
      for (const one of planned) this.#manage(one);
    } catch (error) {
      this.control.close();
      throw error;
    }
  }

  follow(interfaces: readonly PlannedInterface[]): string[] {
    const problems: string[] = [];
    const wanted = new Map(interfaces.map((one) => [one.settings.interface, one]));
    for (const [handle, { index, rates, name }] of this.#managed) {
      const one = wanted.get(handle);
      if (one?.link?.index === index && one.file.rsvp) {
        if (ratesOf(one.file) !== rates) problems.push(`${name}: the kernel has its rates until the node starts anew`);
        continue;
      }
      this.#managed.delete(handle);
      this.control.unmanage(handle);
    }
    for (const one of interfaces) {
      try {
        this.#manage(one);
      } catch (error) {
        problems.push((error as Error).message);
      }
    }
    return problems;
  }

  capacity(handle: number): Capacity | undefined {
    return this.#managed.get(handle)?.capacity;
  }

  leave(): void {
    this.control.leave();
  }

  #manage({ settings, file, link }: PlannedInterface): void {
    const { interface: handle } = settings;
    if (!file.rsvp || this.#managed.has(handle) || (!link && !this.#dry)) return;
    const rates = {
      linkBytesPerSecond: file.linkRate,
      rsvpBytesPerSecond: file.rsvpRate,
      bestEffortBytesPerSecond: file.bestEffortRate,
    };
    const given = Object.fromEntries(Object.entries(rates).filter(([, value]) => value !== undefined));
    const options = { interface: handle, name: file.name, ...given };
    const { linkBytesPerSecond, reservable } = linkShare(options, link?.mtuBytes ?? DRY_MTU_BYTES);
    this.control.manage(options);
    const capacity = { linkBytesPerSecond, reservableBytesPerSecond: reservable };
    this.#managed.set(handle, { index: link?.index ?? 0, rates: ratesOf(file), name: file.name, capacity });
  }
}

function ratesOf(file: InterfaceFile): string {
  return JSON.stringify([file.linkRate, file.rsvpRate, file.bestEffortRate]);
}

/** What the packets of each service are marked with, if with anything. */
function codePoints({ trafficControl }: NodeFile): Pick<KernelTrafficControlOptions, "dscp"> {
  const { guaranteedDscp, controlledLoadDscp } = trafficControl;
  if (guaranteedDscp === undefined && controlledLoadDscp === undefined) return {};
  return {
    dscp: (_request, { service }) => service === GUARANTEED_SERVICE ? guaranteedDscp : controlledLoadDscp,
  };
}
