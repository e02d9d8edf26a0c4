/** What an install or a removal comes to, before and after the kernel has been asked. */
import type { FlowMatch } from "./flow_match.ts";
import type { FilterPlace } from "./classifier.ts";
import type { ClassSettings, CommandFailure, KernelCommand } from "./kernel_command.ts";

/** A reservation as it is asked for. */
export interface WantedReservation {
  handle: number;
  generation: number;
  /** What it counts for on the link. */
  rateBytesPerSecond: number;
  settings: ClassSettings;
  /** By `matchName`. */
  matches: ReadonlyMap<string, FlowMatch>;
}

/** A reservation that stands. */
export interface StandingReservation extends WantedReservation {
  minor: number;
  /** By `matchName`. */
  places: ReadonlyMap<string, FilterPlace>;
}

/** Commands that belong together: all are carried out, or none is left. */
export interface Plan {
  commands: readonly KernelCommand[];
  /**
   * The kernel has done it. Returns what is to be done now that nothing can be refused any more: filters that are of no
   * use any more.
   */
  commit(): KernelCommand[];
  /** The kernel refused part of it. Returns what takes back the rest. */
  rollback(failures: readonly (CommandFailure | undefined)[]): KernelCommand[];
}
