/** What a {@linkcode KernelTrafficControl} (../kernel_traffic_control.ts) is told. */
import type { Clock } from "../../clock.ts";
import type { InstallRequest } from "../../traffic_control/traffic_control.ts";
import type { FlowService } from "./flow_match.ts";
import type { ClassifierChoice, ControlledInterface } from "./open_interface.ts";

/**
 * What becomes of traffic beyond a reservation. `borrow`: it takes what others leave, beside best effort. `demote`: where
 * the request's policing flags are set, nftables sends it to best effort's class; elsewhere it borrows. `shape`: where
 * the flags are set it waits for the reservation's own rate; elsewhere it borrows.
 */
export type ExcessChoice = "borrow" | "demote" | "shape";

/** What code point a reservation's packets get; undefined to leave theirs. */
export type CodePointChooser = (request: InstallRequest, service: FlowService) => number | undefined;

/** Settings; all may be left out. */
export interface KernelTrafficControlOptions {
  /** May be empty; `manage` adds more. */
  interfaces?: readonly ControlledInterface[];
  /** `u32` by default. */
  classifier?: ClassifierChoice;
  /** Classes made ahead on each interface; 16 by default. */
  spareClasses?: number;
  /** `borrow` by default. */
  excess?: ExcessChoice;
  /** Marks packets of reservations (DCLASS of RFC 2996, or a code point for each service), and RSVP's own with CS6. */
  dscp?: CodePointChooser;
  /** How long what an earlier run has left is kept, 157,500 ms by default: (3 + 0.5) * 1.5 * 30 s (RFC 2205 3.7). */
  lifetimeMs?: number;
  /** For the lifetime of leftovers. */
  clock?: Clock;
  /** Nothing is done in the kernel; what would be is handed over, as lines for a shell. Everything is granted. */
  dryRun?: (line: string) => void;
  /** The program nft with its first arguments; `["nft"]` by default. */
  nft?: readonly string[];
  /** Takes what goes wrong, in the system's words; whoever asked gets but an error code. */
  onError?: (error: Error) => void;
}

/** (3 + 0.5) * 1.5 * 30 s (RFC 2205 3.7). */
export const DEFAULT_LIFETIME_MS = 157_500;
export const DEFAULT_SPARE_CLASSES = 16;
