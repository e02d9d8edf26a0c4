// Flowspec arithmetic for the host (RFC 2205 section 3.11.6), so that no rule of it has to stand outside the engine.
//
// The inbox and the outbox have one layout, ARITHMETIC_HEADER_BYTES and then RSVP objects one after the other:
//
//   +0  u32 little-endian   inbox: reserved;  outbox: STATUS
//   +4  u32 little-endian   bytes of objects
//   +8  f64 little-endian   ARITHMETIC_NUMBERS numbers, in the order that each operation names
//
// With STATUS BAD_VALUE the first two numbers of the outbox are the ERROR_SPEC code and value that RSVP would answer.
// Operands are checked here, lengths and inner structure, because they come from outside; nothing that stands in the
// inbox can lead a read beyond it.
import {
  ARITHMETIC_ATM_OVERHEAD,
  ARITHMETIC_BUFFER_SIZE,
  ARITHMETIC_COMPARE_FLOWSPECS,
  ARITHMETIC_COMPARE_TSPECS,
  ARITHMETIC_COMPOSE_ADSPEC,
  ARITHMETIC_CREATE_ADSPEC,
  ARITHMETIC_DELAY_BOUND,
  ARITHMETIC_EFFECTIVE_FLOWSPEC,
  ARITHMETIC_EFFECTIVE_RATE,
  ARITHMETIC_FLOWSPEC_FOR_DELAY,
  ARITHMETIC_FLOWSPEC_FROM_TSPEC,
  ARITHMETIC_GREATEST_LOWER_BOUND,
  ARITHMETIC_HEADER_BYTES,
  ARITHMETIC_LEAST_UPPER_BOUND,
  ARITHMETIC_MERGE_FLOWSPECS,
  ARITHMETIC_MINIMUM_TSPEC,
  ARITHMETIC_NUMBERS,
  ARITHMETIC_PATH_CHARACTERISTICS,
  ARITHMETIC_RATE_AFTER_SLACK,
  ARITHMETIC_RATE_FOR_DELAY,
  ARITHMETIC_SUM_TSPECS,
  ARITHMETIC_VALIDATE,
  ARITHMETIC_WRITE_TSPEC,
  PACKET_SLOT_BYTES,
  PACKET_SLOTS,
  STATUS_BAD_SUBMIT,
  STATUS_BAD_VALUE,
  STATUS_OBJECT_CONTENT,
  STATUS_OBJECT_LENGTH,
  STATUS_OBJECT_OVERRUN,
  STATUS_OK,
} from "../boundary.gen";
import { effectiveRate } from "../admission/admission";
import { isAdspec, isFlowspec, isNullSenderTspec, isSenderTspec } from "../wire/int_serv";
import {
  composeAdspec,
  createAdspec,
  HOP_PARAMETERS_BYTES,
  HopParameters,
  LARGEST_CREATED_ADSPEC_BYTES,
} from "./adspec";
import {
  atmOverhead,
  bufferSize,
  bufferSizeWithoutPeak,
  delayBound,
  delayBoundWithoutPeak,
  rateAfterSlack,
  rateForDelay,
  reshapingBufferSize,
  slackMicroseconds,
} from "./delay";
import {
  canMerge,
  compareFlowspecs,
  greatestLowerBoundFlowspecs,
  leastUpperBoundFlowspecs,
  mergeFlowspecs,
  SERVICE_CONFLICT,
} from "./flowspec";
import { ADSPEC_OBJECT, FLOWSPEC_OBJECT, objectLength, SENDER_TSPEC_OBJECT, word } from "./intserv";
import { describePath, flowspecForDelay } from "./receiver";
import {
  addToTspecSum,
  compareTspecs,
  effectiveFlowspec,
  finishTspecSum,
  flowspecFromTspec,
  minimumTspec,
  startTspecSum,
  TSPEC_SUM_BYTES,
  writeSenderTspec,
} from "./tspec";
import { validateAdspec, validateFlowspec, validateTspec } from "./validate";

/** Result of COMPARE_FLOWSPECS besides LESS, EQUAL, GREATER, INCOMPARABLE: different services, no merge exists. */
export const INCOMPATIBLE: i32 = 3;

const INBOX_BYTES: u32 = PACKET_SLOTS * PACKET_SLOT_BYTES;
const HEADER: usize = <usize> ARITHMETIC_HEADER_BYTES;
const TRAFFIC_CONTROL_ERROR: f64 = 21;

/** Working memory of one call; nothing in it lasts. */
const hopScratch: usize = memory.data(64, 8);
const sumScratch: usize = memory.data(64, 8);

// @ts-ignore: decorator
@inline
function number(inbox: usize, index: usize): f64 {
  return load<f64>(inbox + 8 + (index << 3));
}

// @ts-ignore: decorator
@inline
function setNumber(outbox: usize, index: usize, value: f64): void {
  store<f64>(outbox + 8 + (index << 3), value);
}

/** A number of the inbox as u32: clamped, NaN as 0, so that no value of it is undefined. */
function whole(inbox: usize, index: usize): u32 {
  const value = number(inbox, index);
  return value >= 4294967295 ? u32.MAX_VALUE : value > 0 ? <u32> value : 0;
}

/** STATUS of the operands: whole objects, of the three Int-Serv classes, each of sound inner structure. */
function checkOperands(inbox: usize): u32 {
  const total = load<u32>(inbox + 4);
  if (total > INBOX_BYTES - ARITHMETIC_HEADER_BYTES) return STATUS_BAD_SUBMIT;
  const end = inbox + HEADER + total;
  let at = inbox + HEADER;
  while (at < end) {
    if (end - at < 4) return STATUS_OBJECT_OVERRUN;
    const length = objectLength(at);
    if (length < 4 || (length & 3) != 0) return STATUS_OBJECT_LENGTH;
    if (at + length > end) return STATUS_OBJECT_OVERRUN;
    const object = word(at) & 0xffff;
    if (object == FLOWSPEC_OBJECT) {
      if (!isFlowspec(at, length)) return STATUS_OBJECT_CONTENT;
    } else if (object == SENDER_TSPEC_OBJECT) {
      if (!isSenderTspec(at, length) && !isNullSenderTspec(at, length)) return STATUS_OBJECT_CONTENT;
    } else if (object == ADSPEC_OBJECT) {
      if (!isAdspec(at, length)) return STATUS_OBJECT_CONTENT;
    } else {
      return STATUS_BAD_SUBMIT;
    }
    at += length;
  }
  return STATUS_OK;
}

/** Address of the operand at `index` if it is of the class wanted, else 0. checkOperands has passed. */
function operand(inbox: usize, index: u32, object: u32): usize {
  const end = inbox + HEADER + load<u32>(inbox + 4);
  let at = inbox + HEADER;
  while (at < end && index-- > 0) at += objectLength(at);
  return at < end && (word(at) & 0xffff) == object ? at : 0;
}

function conflict(outbox: usize, value: u32): u32 {
  setNumber(outbox, 0, TRAFFIC_CONTROL_ERROR);
  setNumber(outbox, 1, value);
  return STATUS_BAD_VALUE;
}

/** Closes an operation whose result is an object of `length` bytes; none, if it could not be made. */
function made(outbox: usize, length: u32): u32 {
  store<u32>(outbox + 4, length);
  return length != 0 ? STATUS_OK : STATUS_BAD_SUBMIT;
}

function onTwoFlowspecs(operation: u32, inbox: usize, outbox: usize): u32 {
  const a = operand(inbox, 0, FLOWSPEC_OBJECT), b = operand(inbox, 1, FLOWSPEC_OBJECT);
  if (a == 0 || b == 0) return STATUS_BAD_SUBMIT;
  const conflicting = canMerge(a, b) != 0;
  if (operation == ARITHMETIC_COMPARE_FLOWSPECS) {
    setNumber(outbox, 0, conflicting ? INCOMPATIBLE : compareFlowspecs(a, b));
    return STATUS_OK;
  }
  if (conflicting) return conflict(outbox, SERVICE_CONFLICT);
  const to = outbox + HEADER;
  if (operation == ARITHMETIC_MERGE_FLOWSPECS) return made(outbox, mergeFlowspecs(a, b, to));
  if (operation == ARITHMETIC_LEAST_UPPER_BOUND) return made(outbox, leastUpperBoundFlowspecs(a, b, to));
  return made(outbox, greatestLowerBoundFlowspecs(a, b, to));
}

function onTspecs(operation: u32, inbox: usize, outbox: usize): u32 {
  const a = operand(inbox, 0, SENDER_TSPEC_OBJECT);
  if (a == 0) return STATUS_BAD_SUBMIT;
  const to = outbox + HEADER;
  if (operation == ARITHMETIC_SUM_TSPECS) {
    startTspecSum(sumScratch);
    const end = inbox + HEADER + load<u32>(inbox + 4);
    for (let at = a; at < end; at += objectLength(at)) {
      if ((word(at) & 0xffff) != SENDER_TSPEC_OBJECT) return STATUS_BAD_SUBMIT;
      addToTspecSum(sumScratch, at);
    }
    return made(outbox, finishTspecSum(sumScratch, to));
  }
  const b = operand(inbox, 1, SENDER_TSPEC_OBJECT);
  if (b == 0) return STATUS_BAD_SUBMIT;
  if (operation == ARITHMETIC_MINIMUM_TSPEC) return made(outbox, minimumTspec(a, b, to));
  setNumber(outbox, 0, compareTspecs(a, b));
  return STATUS_OK;
}

/** EFFECTIVE_FLOWSPEC and EFFECTIVE_RATE: FLOWSPEC [SENDER_TSPEC]. */
function onEffective(operation: u32, inbox: usize, outbox: usize): u32 {
  const flowspec = operand(inbox, 0, FLOWSPEC_OBJECT);
  if (flowspec == 0) return STATUS_BAD_SUBMIT;
  const tspec = operand(inbox, 1, SENDER_TSPEC_OBJECT);
  if (operation == ARITHMETIC_EFFECTIVE_FLOWSPEC) {
    return made(outbox, effectiveFlowspec(flowspec, tspec, outbox + HEADER));
  }
  setNumber(outbox, 0, effectiveRate(flowspec, tspec));
  return STATUS_OK;
}

/** Numbers: link bytes/s, latency us, MTU, C, D, services, break bit or offered services, hops, then the overrides. */
function readHop(inbox: usize): usize {
  memory.fill(hopScratch, 0, HOP_PARAMETERS_BYTES);
  const hop = changetype<HopParameters>(hopScratch);
  hop.linkBytesPerSecond = <f32> number(inbox, 0);
  hop.minimumLatencyMicroseconds = whole(inbox, 1);
  hop.mtuBytes = whole(inbox, 2);
  hop.guaranteedC = whole(inbox, 3);
  hop.guaranteedD = whole(inbox, 4);
  hop.services = whole(inbox, 5);
  hop.guaranteedBytesPerSecond = <f32> number(inbox, 8);
  hop.guaranteedMtuBytes = whole(inbox, 9);
  hop.controlledLoadBytesPerSecond = <f32> number(inbox, 10);
  hop.controlledLoadMtuBytes = whole(inbox, 11);
  hop.reshapes = whole(inbox, 12);
  return hopScratch;
}

function onAdspec(operation: u32, inbox: usize, outbox: usize): u32 {
  const to = outbox + HEADER;
  if (operation == ARITHMETIC_CREATE_ADSPEC) {
    return made(outbox, createAdspec(to, readHop(inbox), whole(inbox, 6), whole(inbox, 7)));
  }
  const index: u32 = operation == ARITHMETIC_FLOWSPEC_FOR_DELAY ? 1 : 0;
  const adspec = operand(inbox, index, ADSPEC_OBJECT);
  if (adspec == 0) return STATUS_BAD_SUBMIT;
  const invalid = validateAdspec(adspec);
  if (invalid != 0) return conflict(outbox, invalid);
  if (operation == ARITHMETIC_COMPOSE_ADSPEC) {
    return made(outbox, composeAdspec(adspec, to, readHop(inbox), whole(inbox, 6) != 0));
  }
  if (operation == ARITHMETIC_PATH_CHARACTERISTICS) {
    describePath(adspec, whole(inbox, 0), outbox + 8);
    return STATUS_OK;
  }
  const tspec = operand(inbox, 0, SENDER_TSPEC_OBJECT);
  if (tspec == 0) return STATUS_BAD_SUBMIT;
  const unsound = validateTspec(tspec);
  if (unsound != 0) return conflict(outbox, unsound);
  const length = flowspecForDelay(tspec, adspec, number(inbox, 0), to, outbox + 8);
  store<u32>(outbox + 4, length);
  return STATUS_OK;
}

function onNumbers(operation: u32, inbox: usize, outbox: usize): u32 {
  const n0 = number(inbox, 0), n1 = number(inbox, 1), n2 = number(inbox, 2), n3 = number(inbox, 3);
  const n4 = number(inbox, 4), n5 = number(inbox, 5), n6 = number(inbox, 6);
  switch (operation) {
    case ARITHMETIC_DELAY_BOUND:
      setNumber(outbox, 0, delayBound(n0, n1, n2, n3, n4, n5, n6));
      setNumber(outbox, 1, delayBoundWithoutPeak(n0, n1, n4, n5, n6));
      break;
    case ARITHMETIC_RATE_FOR_DELAY:
      setNumber(outbox, 0, rateForDelay(n0, n1, n2, n3, n4, n5, n6));
      setNumber(outbox, 1, slackMicroseconds(n0, n1, n4, n5, n6));
      break;
    case ARITHMETIC_RATE_AFTER_SLACK:
      setNumber(outbox, 0, rateAfterSlack(n0, n1, n2, n3, n4, n5));
      break;
    case ARITHMETIC_BUFFER_SIZE:
      setNumber(outbox, 0, bufferSize(n0, n1, n2, n3, n4, n5, n6));
      setNumber(outbox, 1, bufferSizeWithoutPeak(n1, n4, n5, n6));
      setNumber(outbox, 2, reshapingBufferSize(n0, n1, n5, n6));
      break;
    case ARITHMETIC_ATM_OVERHEAD:
      setNumber(outbox, 0, atmOverhead(n0, n1));
      break;
    default:
      return STATUS_BAD_SUBMIT;
  }
  return STATUS_OK;
}

/** FLOWSPEC_FROM_TSPEC: SENDER_TSPEC; service, bound of M, R, S. WRITE_TSPEC: r, b, p, m, M. */
function onMaking(operation: u32, inbox: usize, outbox: usize): u32 {
  const to = outbox + HEADER;
  const n0 = number(inbox, 0), n1 = number(inbox, 1), n2 = number(inbox, 2);
  if (operation == ARITHMETIC_WRITE_TSPEC) {
    return made(outbox, writeSenderTspec(to, n0, n1, n2, whole(inbox, 3), whole(inbox, 4)));
  }
  const tspec = operand(inbox, 0, SENDER_TSPEC_OBJECT);
  if (tspec == 0) return STATUS_BAD_SUBMIT;
  return made(outbox, flowspecFromTspec(tspec, to, whole(inbox, 0), whole(inbox, 1), n2, whole(inbox, 3)));
}

/** VALIDATE: any operands, number 0 the services of the interface. The third number is the index of the bad operand. */
function onValidate(inbox: usize, outbox: usize): u32 {
  const end = inbox + HEADER + load<u32>(inbox + 4);
  let index: u32 = 0;
  for (let at = inbox + HEADER; at < end; at += objectLength(at)) {
    const object = word(at) & 0xffff;
    const value = object == FLOWSPEC_OBJECT
      ? validateFlowspec(at, whole(inbox, 0))
      : object == ADSPEC_OBJECT
      ? validateAdspec(at)
      : validateTspec(at);
    if (value != 0) {
      setNumber(outbox, 2, index);
      return conflict(outbox, value);
    }
    index++;
  }
  return STATUS_OK;
}

function dispatch(operation: u32, inbox: usize, outbox: usize): u32 {
  switch (operation) {
    case ARITHMETIC_COMPARE_FLOWSPECS:
    case ARITHMETIC_MERGE_FLOWSPECS:
    case ARITHMETIC_LEAST_UPPER_BOUND:
    case ARITHMETIC_GREATEST_LOWER_BOUND:
      return onTwoFlowspecs(operation, inbox, outbox);
    case ARITHMETIC_COMPARE_TSPECS:
    case ARITHMETIC_SUM_TSPECS:
    case ARITHMETIC_MINIMUM_TSPEC:
      return onTspecs(operation, inbox, outbox);
    case ARITHMETIC_EFFECTIVE_FLOWSPEC:
    case ARITHMETIC_EFFECTIVE_RATE:
      return onEffective(operation, inbox, outbox);
    case ARITHMETIC_FLOWSPEC_FROM_TSPEC:
    case ARITHMETIC_WRITE_TSPEC:
      return onMaking(operation, inbox, outbox);
    case ARITHMETIC_COMPOSE_ADSPEC:
    case ARITHMETIC_CREATE_ADSPEC:
    case ARITHMETIC_PATH_CHARACTERISTICS:
    case ARITHMETIC_FLOWSPEC_FOR_DELAY:
      return onAdspec(operation, inbox, outbox);
    case ARITHMETIC_VALIDATE:
      return onValidate(inbox, outbox);
    default:
      return onNumbers(operation, inbox, outbox);
  }
}

/**
 * Carries out one operation of ARITHMETIC on what stands in the inbox and writes the outbox. Returns the bytes written
 * there: always the header, with the STATUS, and then the result's object, if it has one.
 */
export function arithmetic(operation: u32, inbox: usize, outbox: usize): u32 {
  memory.fill(outbox, 0, HEADER);
  let status = checkOperands(inbox);
  if (status == STATUS_OK) status = dispatch(operation, inbox, outbox);
  if (status != STATUS_OK) store<u32>(outbox + 4, 0);
  store<u32>(outbox, status);
  return ARITHMETIC_HEADER_BYTES + load<u32>(outbox + 4);
}
