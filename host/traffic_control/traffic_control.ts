/**
 * The one interface between a node and what enforces its reservations: a queueing discipline of the kernel, or the
 * in-memory stand-in of a virtual network (RFC 2205 3.11.2, the RSVP / traffic control interface).
 */

/** A reservation to install or to change, from the engine's INSTALL action. */
export interface InstallRequest {
  /** Names the reservation until it is removed. */
  handle: number;
  /** Handed back with the answer, so that a late answer to an older request is recognised. */
  generation: number;
  /** Outgoing interface handle. */
  interface: number;
  /** 0 new, 1 a change of a standing reservation. */
  change: number;
  /** Option vector of the STYLE object: 0x11 WF, 0x0A FF, 0x12 SE. */
  style: number;
  /** Policing flags (RFC 2205 3.8): E_Police 1, M_Police 2, B_Police 4. */
  policing: number;
  /** What admission control counted for it. */
  rateBytesPerSecond: number;
  /** SESSION, FLOWSPEC, SENDER_TSPEC, then the FILTER_SPECs (SENDER_TEMPLATEs for WF), in wire form. */
  objects: Uint8Array;
}

/** What became of an install, or of a reservation that stood. */
export interface TrafficControlAnswer {
  /** True if the reservation stands. */
  ok: boolean;
  /** True if a standing reservation was taken away (TC_Preempt of RFC 2205 3.11.2). */
  preempted?: boolean;
  /** ERROR_SPEC code when refused; 0 or absent means 01, admission control failure (RFC 2205 appendix B). */
  errorCode?: number;
  /** ERROR_SPEC value when refused. */
  errorValue?: number;
  /**
   * Fwd_Flowspec (RFC 2205 3.11.2): a FLOWSPEC object in wire form, of the same service, that is requested upstream in
   * place of what was installed here, for example with some of the slack used up (RFC 2212). Where the reservation merges
   * with others this is what is merged. It holds until the next answer for the handle.
   */
  forwardFlowspec?: Uint8Array;
}

/** A standing reservation was lost, unasked: TC_Preempt, whatever else the answer says. Receivers hear of code 12. */
export type ReservationLostHandler = (handle: number, generation: number, answer: TrafficControlAnswer) => void;

/**
 * What enforces a node's reservations (RFC 2205 3.11.2): {@linkcode MemoryTrafficControl} stands for it without a kernel.
 */
export interface TrafficControl {
  /**
   * Installs or changes a reservation and calls `answer` once, at once or later. A callback and not a promise, because
   * virtual time does not wait for the runtime's microtasks. Throwing counts as a refusal with error code 21.
   */
  install(request: InstallRequest, answer: (answer: TrafficControlAnswer) => void): void;
  /** Takes a reservation out. Unknown handles are ignored. */
  remove(handle: number, interfaceHandle: number): void;
  /** Sets the one receiver of losses. */
  onLost(handler: ReservationLostHandler): void;
  /** Frees what is held; installed reservations are removed. */
  close(): void;
}
