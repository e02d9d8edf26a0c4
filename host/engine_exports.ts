/** What the engine exports, and which record each kind of submit takes. */
import type {
  CallInput,
  ConfigInput,
  InterfaceInput,
  RouteInput,
  TickInput,
  TrafficControlResultInput,
} from "./boundary.gen.ts";
import {
  writeCall,
  writeConfig,
  writeInterface,
  writeRoute,
  writeTick,
  writeTrafficControlResult,
} from "./boundary.gen.ts";

/** The records that `submit` takes, by name. Packets go through `submitPackets`. */
export interface SubmitRecords {
  CONFIG: ConfigInput;
  TICK: TickInput;
  INTERFACE: InterfaceInput;
  ROUTE: RouteInput;
  TRAFFIC_CONTROL_RESULT: TrafficControlResultInput;
  CALL: CallInput;
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
  inspect(table: number, cursor: number): number;
  stateStart(): number;
  stateLength(): number;
  restore(length: number): number;
  workspace?(bytes: number): number;
  check?(pointer: number, length: number): number;
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
};
