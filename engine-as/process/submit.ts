// The one funnel for every input: records of one kind from the INBOX, with the time at which they are given.
import {
  CALL_KIND_CLEAR,
  INPUT_CALL,
  INPUT_CALL_CALL,
  INPUT_CALL_OBJECTS,
  INPUT_CONFIG,
  INPUT_CONFIG_BLOCKADE_MULTIPLIER,
  INPUT_CONFIG_BYTES,
  INPUT_CONFIG_LIFETIME_MULTIPLIER,
  INPUT_CONFIG_LOCAL_REPAIR_DELAY_MS,
  INPUT_CONFIG_MAXIMUM_SENDERS_PER_SESSION,
  INPUT_CONFIG_MAXIMUM_SESSIONS,
  INPUT_CONFIG_MAXIMUM_STATE_PER_NEIGHBOUR,
  INPUT_CONFIG_MEMORY_LIMIT_BYTES,
  INPUT_CONFIG_OPTIONS,
  INPUT_CONFIG_REFRESH_INTERVAL_MS,
  INPUT_CONFIG_SEED,
  INPUT_CONFIG_SLEW_MAXIMUM_PERCENT,
  INPUT_CONFIG_TIMER_GRANULARITY_MS,
  INPUT_CONFIG_UNIX_EPOCH_MS,
  INPUT_INTERFACE,
  INPUT_PACKETS,
  INPUT_POLICY,
  INPUT_POLICY_ATTRIBUTE,
  INPUT_ROUTE,
  INPUT_ROUTE_HOPS,
  INPUT_TICK,
  INPUT_TRAFFIC_CONTROL_RESULT,
  INPUT_TRAFFIC_CONTROL_RESULT_OBJECTS,
  STATUS_BAD_SUBMIT,
  STATUS_NOT_CONFIGURED,
  STATUS_OK,
} from "../boundary.gen";
import { giveBackActions, initializeQueue } from "../actions/queue";
import {
  MAXIMUM_MULTIPLIER,
  MAXIMUM_REPAIR_DELAY_MS,
  MAXIMUM_SENDERS_PER_SESSION,
  MAXIMUM_SLEW_PERCENT,
} from "../limits";
import { initializeHandles } from "../state/handles";
import { seedHash } from "../state/hash";
import {
  addressTable,
  applicationTable,
  blobTable,
  destinationTable,
  initializeTable,
  neighbourTable,
  sessionTable,
  shrinkSparseTables,
} from "../state/hash_table";
import { clearFrom, ensureMemory, forgetCeiling, INBOX_BYTES, inboxPointer, root, ROOT_BYTES, rootPointer } from "../state/memory";
import { policyArrives } from "../state/policy";
import { forgetAllRefreshes } from "../state/refresh_fingerprint";
import { clampRefresh, LATEST_TIME, setNow } from "../timers/clock";
import { nodeTiming, setRefreshInterval } from "../timers/timing";
import { initializeWheel } from "../timers/wheel";
import { clearState } from "./clear";
import { interfaceArrives } from "./interface_change";
import { callArrives } from "./local_call";
import { packetsArrive } from "./message_arrives";
import { continueRouteChange, routeArrives, routeChangeOpen } from "./route_change";
import { trafficControlResult } from "./settle";
import { tick } from "./timeout";

export function submitRecords(kind: u32, records: u32, nowMs: f64): u32 {
  if (kind == INPUT_CONFIG) {
    if (root().configured == 0) initialize(nowMs);
  } else if (root().configured == 0) {
    return STATUS_NOT_CONFIGURED;
  }
  giveBackActions();
  setNow(nowMs);
  const status = take(kind, records);
  shrinkSparseTables();
  return status;
}

function take(kind: u32, records: u32): u32 {
  if (kind == INPUT_PACKETS) return packetsArrive(inboxPointer(), records, inboxPointer() + INBOX_BYTES);
  if (kind == INPUT_TICK) {
    if (routeChangeOpen()) continueRouteChange();
    tick();
    return STATUS_OK;
  }
  return eachRecord(kind, records);
}

// Lengths are checked here, once: a record lies inside the inbox, is a multiple of eight and has at least its fixed part.
function eachRecord(kind: u32, records: u32): u32 {
  const end = inboxPointer() + INBOX_BYTES;
  let record = inboxPointer();
  for (let index: u32 = 0; index < records; index++) {
    if (record + 8 > end) return STATUS_BAD_SUBMIT;
    const length = load<u32>(record, 4);
    if (length < 8 || (length & 7) != 0 || <u64> record + length > <u64> end || load<u16>(record, 2) > 7) {
      return STATUS_BAD_SUBMIT;
    }
    const status = one(kind, record, length, index + 1 < records ? end : 0);
    if (status != STATUS_OK) return status;
    record += length;
  }
  return STATUS_OK;
}

function one(kind: u32, record: usize, length: u32, end: usize): u32 {
  switch (kind) {
    case INPUT_CONFIG: {
      if (length < <u32> INPUT_CONFIG_BYTES) return STATUS_BAD_SUBMIT;
      configure(record);
      return STATUS_OK;
    }
    case INPUT_INTERFACE:
      return interfaceArrives(record, length);
    case INPUT_ROUTE:
      return length < <u32> INPUT_ROUTE_HOPS ? STATUS_BAD_SUBMIT : routeArrives(record, length);
    case INPUT_TRAFFIC_CONTROL_RESULT: {
      if (length - load<u16>(record, 2) < <u32> INPUT_TRAFFIC_CONTROL_RESULT_OBJECTS) return STATUS_BAD_SUBMIT;
      trafficControlResult(
        record,
        end != 0 && record + length + INPUT_TRAFFIC_CONTROL_RESULT_OBJECTS <= end ? record + length : 0,
      );
      return STATUS_OK;
    }
    case INPUT_POLICY: {
      const bytes = length - load<u16>(record, 2);
      forgetAllRefreshes();
      return bytes < <u32> INPUT_POLICY_ATTRIBUTE ? STATUS_BAD_SUBMIT : policyArrives(record, bytes);
    }
    case INPUT_CALL: {
      if (length < <u32> INPUT_CALL_OBJECTS) return STATUS_BAD_SUBMIT;
      if (load<u8>(record, INPUT_CALL_CALL) == CALL_KIND_CLEAR) return clearState(record, length);
      callArrives(record, length);
      return STATUS_OK;
    }
    default:
      return STATUS_BAD_SUBMIT;
  }
}

function initialize(nowMs: f64): void {
  ensureMemory(rootPointer() + ROOT_BYTES);
  clearFrom(rootPointer());
  const state = root();
  state.heapTop = <u32> (rootPointer() + ROOT_BYTES);
  setNow(nowMs);
  initializeQueue();
  initializeTable(sessionTable());
  initializeTable(blobTable());
  initializeTable(neighbourTable());
  initializeTable(applicationTable());
  initializeTable(destinationTable());
  initializeTable(addressTable());
  initializeHandles();
  initializeWheel();
}

// Seed and keys are fixed by the first CONFIG; the rest may change while the node runs.
function configure(record: usize): void {
  const state = root();
  forgetAllRefreshes();
  if (state.configured == 0) {
    const seed = <u64> load<u32>(record, INPUT_CONFIG_SEED);
    state.random = (seed + 1) * 0x9e3779b97f4a7c15;
    seedHash(seed);
    state.generation = <u32> (state.hashKey >> 40);
    state.configured = 1;
  }
  configureTiming(record);
  forgetCeiling();
  state.memoryLimitBytes = load<u32>(record, INPUT_CONFIG_MEMORY_LIMIT_BYTES);
  state.maximumSessions = load<u32>(record, INPUT_CONFIG_MAXIMUM_SESSIONS);
  const senders = load<u32>(record, INPUT_CONFIG_MAXIMUM_SENDERS_PER_SESSION);
  state.maximumSendersPerSession = senders == 0
    ? MAXIMUM_SENDERS_PER_SESSION
    : min(senders, MAXIMUM_SENDERS_PER_SESSION);
  state.maximumStatePerNeighbour = load<u32>(record, INPUT_CONFIG_MAXIMUM_STATE_PER_NEIGHBOUR);
  state.options = load<u32>(record, INPUT_CONFIG_OPTIONS);
  state.timerGranularityMs = load<u32>(record, INPUT_CONFIG_TIMER_GRANULARITY_MS);
  const epoch = load<f64>(record, INPUT_CONFIG_UNIX_EPOCH_MS);
  state.unixEpochMs = Math.abs(epoch) < LATEST_TIME ? epoch : 0;
}

function configureTiming(record: usize): void {
  const timing = nodeTiming();
  const refresh = clampRefresh(orDefault(load<u32>(record, INPUT_CONFIG_REFRESH_INTERVAL_MS), 30000));
  setRefreshInterval(timing, refresh, timing.refreshIntervalMs);
  const lifetime = orDefault(load<u32>(record, INPUT_CONFIG_LIFETIME_MULTIPLIER), 3);
  const blockade = orDefault(load<u32>(record, INPUT_CONFIG_BLOCKADE_MULTIPLIER), 3);
  const slew = orDefault(load<u32>(record, INPUT_CONFIG_SLEW_MAXIMUM_PERCENT), 30);
  timing.lifetimeMultiplier = min<u32>(lifetime, MAXIMUM_MULTIPLIER);
  timing.blockadeMultiplier = min<u32>(blockade, MAXIMUM_MULTIPLIER);
  timing.localRepairDelayMs = min<u32>(load<u32>(record, INPUT_CONFIG_LOCAL_REPAIR_DELAY_MS), MAXIMUM_REPAIR_DELAY_MS);
  timing.slewMaximumPercent = min<u32>(slew, MAXIMUM_SLEW_PERCENT);
}

@inline
function orDefault(value: u32, fallback: u32): u32 {
  return value == 0 ? fallback : value;
}
