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
/** Notifications of the kernel would tell of each of our own classes and filters, too: roots are looked at instead. */
const LOOK_INTERVAL_MS = 2_000;

/** Keeps the kernel's traffic control where the node has interfaces. */
export class KernelControl implements NodeTrafficControl {
  readonly control: KernelTrafficControl;
  #dry: boolean;
  /** By handle: the kernel's number of the interface, and the rates that it was taken over with. */
  #managed = new Map<number, { index: number; rates: string; name: string; capacity: Capacity }>();

  #planned: readonly PlannedInterface[];
  /** Why an interface cannot be had, by its handle, as it was told. */
  #refused = new Map<number, string>();
  #onError: (error: Error) => void;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Takes over every interface that is there. @throws {LinuxError} @throws {RangeError} in one line. */
  constructor({ file, planned, onError, onDryRun, lifetimeMs }: PartsWanted) {
    this.#planned = planned;
    this.#onError = onError;
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
    if (this.#dry) return;
    this.#timer = setInterval(() => this.#look(), LOOK_INTERVAL_MS);
    Deno.unrefTimer(this.#timer as unknown as number);
  }

  follow(interfaces: readonly PlannedInterface[]): string[] {
    this.#planned = interfaces;
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
    problems.push(...this.#manageAll());
    return problems;
  }

  capacity(handle: number): Capacity | undefined {
    return this.#managed.get(handle)?.capacity;
  }

  leave(): void {
    clearInterval(this.#timer);
    this.control.leave();
  }

  /**
   * Whether our roots stand still: `tc qdisc del dev eth0 root` takes one away with all that it had, and the kernel tells
   * nobody but who asks. What was reserved there is reported lost, and made anew, on a root made anew, as it is refreshed.
   * Somebody else's root is left alone, and our own comes back once that is gone.
   */
  #look(): void {
    if (this.control.closed) return clearInterval(this.#timer);
    try {
      for (const [handle, { name }] of this.#managed) {
        if (this.control.rootStands(handle)) continue;
        this.#managed.delete(handle);
        this.control.unmanage(handle);
        this.#onError(
          new Error(`${name}: somebody has taken our root queueing discipline away, and all reservations with it`),
        );
      }
    } catch (error) {
      this.#onError(error as Error);
    }
    for (const problem of this.#manageAll()) this.#onError(new Error(problem));
  }

  /** Takes over what is not yet. Returns what cannot be had and has not been told yet. */
  #manageAll(): string[] {
    const problems: string[] = [];
    for (const one of this.#planned) {
      const handle = one.settings.interface;
      try {
        this.#manage(one);
        this.#refused.delete(handle);
      } catch (error) {
        const { message } = error as Error;
        if (this.#refused.get(handle) !== message) problems.push(message);
        this.#refused.set(handle, message);
      }
    }
    return problems;
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
