/** What the engine exports, and which record each kind of submit takes. */
import type {
  CallInput,
  ConfigInput,
  CounterRow,
  InterfaceInput,
  PolicyInput,
  RouteInput,
  TickInput,
  TrafficControlResultInput,
} from "./boundary.gen.ts";
import {
  COUNTER,
  STATUS_TEXT,
  writeCall,
  writeConfig,
  writeInterface,
  writePolicy,
  writeRoute,
  writeTick,
  writeTrafficControlResult,
} from "./boundary.gen.ts";

/** Sees every submit before the engine does; `inbox` is valid during the call only. */
export type SubmitObserver = (kind: number, count: number, nowMs: number, inbox: Uint8Array) => void;

/** Settings of the host's side of the engine. */
export interface EngineOptions {
  /** Sees every submit, for recording (host/recorder.ts). */
  onSubmit?: SubmitObserver;
  /** Names the build in snapshots: 32 bytes. By default the hash of the engine that this host was built with. */
  engineHash?: Uint8Array;
}

/** The records that `submit` takes, by name. Packets go through `submitPackets`. */
export interface SubmitRecords {
  /** Settings of the node; the first submit of all. */
  CONFIG: ConfigInput;
  /** Time has passed. */
  TICK: TickInput;
  /** An interface appears, changes or goes. */
  INTERFACE: InterfaceInput;
  /** Answers a ROUTE_QUERY, or tells that routes have changed. */
  ROUTE: RouteInput;
  /** Answers an INSTALL, or tells that a reservation was lost. */
  TRAFFIC_CONTROL_RESULT: TrafficControlResultInput;
  /** What an application wants (RFC 2205 3.11.1). */
  CALL: CallInput;
  /** One rule of local policy (RFC 2205 2.7). */
  POLICY: PolicyInput;
}

/** What the engine exports (ARCHITECTURE.md, "The boundary"). Numbers only. */
export interface EngineExports {
  readonly memory: WebAssembly.Memory;
  abiVersion(): number;
  inbox(): number;
  inboxLength(): number;
  submit(kind: number, count: number, nowMs: number): number;
  poll(): number;
  outbox(): number;
  outboxLength(): number;
  deadline(): number;
  /** Submit, first poll and deadline, which it returns, in one; a stand-in for tests has neither this nor the next. */
  turn?(kind: number, count: number, nowMs: number): number;
  /** Where `turn` leaves what it has found: OUTCOME_*. */
  outcome?(): number;
  inspect(table: number, cursor: number): number;
  stateStart(): number;
  stateLength(): number;
  restore(length: number): number;
  arithmetic?(operation: number): number;
}

type Writer = (view: DataView, bytes: Uint8Array, at: number, record: never) => number;
/** The generated writer of each record. */
export const WRITERS: Record<keyof SubmitRecords, Writer> = {
  CONFIG: writeConfig,
  TICK: writeTick,
  INTERFACE: writeInterface,
  ROUTE: writeRoute,
  TRAFFIC_CONTROL_RESULT: writeTrafficControlResult,
  CALL: writeCall,
  POLICY: writePolicy,
};

/** Bytes of a record's tail. */
export function tailLength(record: object): number {
  const { objects, hops, attribute } = record as { objects?: Uint8Array; hops?: Uint8Array; attribute?: Uint8Array };
  return (objects ?? hops ?? attribute)?.length ?? 0;
}

const COUNTER_NAMES = new Map<number, string>(Object.entries(COUNTER).map(([name, number]) => [number, name]));

/** The name of a counter: that of COUNTER, or of the STATUS under which drops are counted. */
export function counterName(counter: number): string {
  return COUNTER_NAMES.get(counter) ?? STATUS_TEXT[counter]?.name ?? `COUNTER_${counter}`;
}

/** The counters that are not zero, by name. */
export function countersByName(rows: readonly CounterRow[]): Record<string, number> {
  const counters: Record<string, number> = {};
  for (const { counter, value } of rows) if (value !== 0) counters[counterName(counter)] = value;
  return counters;
}
