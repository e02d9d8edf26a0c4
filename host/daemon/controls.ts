/** Traffic control that follows the interfaces of a node, and can be left standing when the node stops fast. */
import { MemoryTrafficControl } from "../traffic_control/memory_traffic_control.ts";
import type { TrafficControl } from "../traffic_control/traffic_control.ts";
import type { PlannedInterface } from "./interface_plan.ts";

/** What the node needs of it. */
export interface NodeTrafficControl {
  readonly control: TrafficControl;
  /** Takes over interfaces that came and lets go of those that went. Returns what cannot be done, a line each. */
  follow(interfaces: readonly PlannedInterface[]): string[];
  /** What an interface can give; undefined where nothing is enforced. */
  capacity(handle: number): Capacity | undefined;
  /** From now on closing removes nothing. */
  leave(): void;
}

/** Of one interface. */
export interface Capacity {
  readonly linkBytesPerSecond: number;
  /** For all reservations together. */
  readonly reservableBytesPerSecond: number;
}

/** Nothing is enforced. */
export class MemoryControl implements NodeTrafficControl {
  readonly control = new MemoryTrafficControl();

  follow(): string[] {
    return [];
  }

  capacity(): undefined {
    // Whatever the file says.
  }

  leave(): void {
    // There is nothing to leave.
  }
}
