/**
 * Local policy as people write it (RFC 2205 2.7) and the boundary records made from it, and the POLICY_DATA object that
 * carries a preemption priority (RFC 3181). What the rules mean is decided by the engine.
 */
import { MAXIMUM_POLICY_RULES, POLICY_OPTION, type PolicyInput } from "./boundary.gen.ts";
import { parsePrefix } from "./address.ts";
import type { ObjectInput } from "./object_list.ts";

/**
 * One rule of local policy. Every condition that is given must hold; without any, the rule is for everything. The first
 * rule that matches decides.
 */
export interface PolicyRule {
  /** Only for Path messages and local senders, or only for Resv messages and local receivers; for both by default. */
  direction?: "path" | "resv";
  /** The session's destination is this address, or in this prefix (`10.0.0.0/8`). */
  destination?: string;
  /** The sender is this address, or in this prefix; of a reservation, one of the senders that it is for. */
  sender?: string;
  /** IP protocol of the session. */
  protocol?: "udp" | "tcp" | number;
  /** Destination port of the session, or the first and the last one. */
  ports?: number | readonly [number, number];
  /** Handle: the interface that a Path came by, or the outgoing one of a reservation. */
  interface?: number;
  /** P-Type of an element that its POLICY_DATA must have (RFC 2750 3.3); AUTH_USER and AUTH_APP are those of RFC 3182. */
  element?: "AUTH_USER" | "AUTH_APP" | number;
  /** An attribute of that element that must have exactly this text, such as `CN=alice` (RFC 3182 3.3). */
  attribute?: string;
  /** Refused with code 02 (RFC 2205 appendix B), or accepted, which is the default. */
  verdict?: "accept" | "refuse";
  /** Value that goes with code 02 (RFC 2750 appendix A.1); 3, generic policy rejection, by default. */
  errorValue?: number;
  /** Against what stands, while the reservation is new (RFC 3181 4), 0 to 65,535; 0 by default. */
  preemptionPriority?: number;
  /** Against what comes, once it stands; the same as `preemptionPriority` by default, and never less. */
  defendingPriority?: number;
  /** PREEMPTION_PRI elements of its POLICY_DATA come before the rule's own priorities (RFC 3181); false by default. */
  signalledPriority?: boolean;
  /** The priority goes on upstream in an element of its own, for routers without rules like these; false by default. */
  announcePriority?: boolean;
}

const ELEMENTS = { AUTH_USER: 2, AUTH_APP: 3 } as const;
const PROTOCOLS = { udp: 17, tcp: 6 } as const;
/** ERR_REJECT of RFC 2750: generic policy rejection. */
const DEFAULT_ERROR_VALUE = 3;

/** The POLICY records of a list; one that takes all rules away for an empty list. @throws {RangeError} naming the rule. */
export function policyRecords(rules: readonly PolicyRule[]): PolicyInput[] {
  if (rules.length > MAXIMUM_POLICY_RULES) {
    throw new RangeError(`${rules.length} policy rules: there may be ${MAXIMUM_POLICY_RULES} at the most`);
  }
  if (rules.length === 0) return [{ position: 0, count: 0 }];
  return rules.map((rule, position) => {
    try {
      return { ...ruleRecord(rule), position, count: rules.length };
    } catch (error) {
      throw new RangeError(`policy rule ${position + 1}: ${(error as Error).message}`);
    }
  });
}

function ruleRecord(rule: PolicyRule): PolicyInput {
  const preemptionPriority = whole("preemptionPriority", rule.preemptionPriority ?? 0);
  const defendingPriority = whole("defendingPriority", rule.defendingPriority ?? preemptionPriority);
  if (defendingPriority < preemptionPriority) {
    throw new RangeError(`defendingPriority ${defendingPriority} is below preemptionPriority ${preemptionPriority}`);
  }
  if (rule.attribute !== undefined && rule.element === undefined) {
    throw new RangeError("attribute needs element, AUTH_USER or AUTH_APP");
  }
  const { element, protocol } = rule;
  const [firstPort, lastPort] = typeof rule.ports === "object" ? rule.ports : [rule.ports ?? 0, rule.ports ?? 0];
  if (whole("ports", firstPort) > whole("ports", lastPort)) throw new RangeError(`ports ${firstPort} to ${lastPort}`);
  return {
    ...prefix("destination", rule.destination),
    ...prefix("sender", rule.sender),
    interface: rule.interface ?? 0,
    protocol: protocol === undefined ? 0 : typeof protocol === "number" ? protocol : PROTOCOLS[protocol],
    firstPort,
    lastPort,
    elementType: element === undefined ? 0 : typeof element === "number" ? element : ELEMENTS[element],
    attribute: rule.attribute === undefined ? undefined : new TextEncoder().encode(rule.attribute),
    refuses: rule.verdict === "refuse" ? 1 : 0,
    errorValue: whole("errorValue", rule.errorValue ?? DEFAULT_ERROR_VALUE),
    preemptionPriority,
    defendingPriority,
    options: (rule.direction === "path" ? POLICY_OPTION.PATH : rule.direction === "resv" ? POLICY_OPTION.RESV : 0) |
      (rule.signalledPriority ? POLICY_OPTION.SIGNALLED_PRIORITY : 0) |
      (rule.announcePriority ? POLICY_OPTION.ANNOUNCE_PRIORITY : 0),
  };
}

function whole(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= 0xffff) return value;
  throw new RangeError(`${name} is ${value}, not a whole number from 0 to 65535`);
}

function prefix(name: "destination" | "sender", text: string | undefined): PolicyInput {
  if (text === undefined) return {};
  const { prefix, prefixLength, family } = parsePrefix(text);
  return { [name]: prefix, [`${name}Family`]: family, [`${name}PrefixLength`]: prefixLength };
}

/** What becomes of a priority where reservations merge (RFC 3181 5.1). */
export type MergeStrategy = "highest-qos" | "highest-priority" | "error";
const STRATEGIES: Readonly<Record<MergeStrategy, number>> = { "highest-qos": 1, "highest-priority": 2, error: 3 };

/** A priority that a reservation signals (RFC 3181 4). */
export interface SignalledPriority {
  /** Against what stands, while the reservation is new; 0 to 65,535. */
  preemptionPriority: number;
  /** Against what comes, once it stands; the same as `preemptionPriority` by default, and never less. */
  defendingPriority?: number;
  /**
   * Where it merges with others: it counts if its flowspec is among the largest (the default, recommended), it always
   * counts, or an error comes back where flowspecs differ.
   */
  mergeStrategy?: MergeStrategy;
}

/**
 * A POLICY_DATA object with a preemption priority, for `objects` of a reservation. It counts at nodes whose policy says
 * `signalledPriority`.
 *
 * @example What is urgent takes the place of what is not (RFC 3181)
 * ```ts
 * import { Network, priorityObject } from "@resv/resv";
 *
 * const network = new Network({ policy: [{ signalledPriority: true }] });
 * const alice = network.host("alice"), r1 = network.router("r1"), bob = network.host("bob");
 * network.link(alice, r1);
 * network.link(r1, bob, { reservableBytesPerSecond: 50_000 });
 * const reserve = (port: number, preemptionPriority: number) => {
 *   const flow = { destination: bob.address, port };
 *   alice.send(flow, { tokenBucketRateBytesPerSecond: 40_000 });
 *   const session = bob.session(flow);
 *   session.on(({ kind, errorCode }) => {
 *     if (kind === "RESV_ERROR") console.log(`port ${port} loses its reservation: error ${errorCode}`);
 *   });
 *   const objects = [priorityObject({ preemptionPriority })];
 *   session.reserve({ style: "WF", flowspec: { tokenBucketRateBytesPerSecond: 40_000 }, objects });
 *   network.settle();
 * };
 * reserve(5004, 1);
 * reserve(5006, 9); // port 5004 loses its reservation: error 12
 * console.log(r1.counters().RESERVATION_PREEMPTED); // 1
 * ```
 * @throws {RangeError} if a priority is out of range.
 */
export function priorityObject(priority: SignalledPriority): ObjectInput {
  const preemptionPriority = whole("preemptionPriority", priority.preemptionPriority);
  const defendingPriority = whole("defendingPriority", priority.defendingPriority ?? preemptionPriority);
  if (defendingPriority < preemptionPriority) {
    throw new RangeError(`defendingPriority ${defendingPriority} is below preemptionPriority ${preemptionPriority}`);
  }
  const mergeStrategy = STRATEGIES[priority.mergeStrategy ?? "highest-qos"];
  const element = {
    name: "PREEMPTION_PRI",
    flags: 0,
    mergeStrategy,
    errorCode: 0,
    preemptionPriority,
    defendingPriority,
  };
  return { name: "POLICY_DATA", ctype: 1, dataOffset: 8, elements: [element] } as ObjectInput;
}
