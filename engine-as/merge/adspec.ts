// The ADSPEC, made by a sender and composed hop by hop: RFC 2210 section 3.3 (its pseudo-code is in 3.3.5), RFC 2215
// section 3, RFC 2212 "Exported Information".
//
// Composition at one hop, for the interface that the Path leaves by:
// - service 1 is always composed: hops + 1 (up to 255), bandwidth min, latency sum, MTU min;
// - the fragment of a service that the hop implements: Ctot, Csum + C and Dtot, Dsum + D (guaranteed service), general
//   parameters that are there as overrides with the hop's override or else its default, and overrides that only the hop
//   has, composed with the arriving default and added in the order of parameter numbers;
// - the fragment of any other service: break bit, content untouched;
// - a service that the sender left out stays out: its absence tells receivers not to use it.
// A parameter that this engine does not know, inside a fragment that it composes, is kept and marked INVALID (A1.3),
// because its value was not correctly processed here. Break bits and INVALID are set and never cleared.
import { copyWords } from "../wire/bytes";
import {
  ADSPEC_OBJECT,
  BREAK_BIT,
  CONTROLLED_LOAD_SERVICE,
  findParameter,
  GENERAL_SERVICE,
  GUARANTEED_SERVICE,
  lesser,
  objectLength,
  saturatingSum,
  setWord,
  word,
} from "./intserv";
import { composeUsualAdspec, USUAL_ADSPEC_BYTES } from "./usual_adspec";
import { serviceBit } from "./validate";

/** NON_IS_HOP, NUMBER_OF_IS_HOPS, AVAILABLE_PATH_BANDWIDTH, MINIMUM_PATH_LATENCY, PATH_MTU, as composed. */
const NON_IS_HOP: u32 = 2;
const HOPS: u32 = 4;
const BANDWIDTH: u32 = 6;
const LATENCY: u32 = 8;
const MTU: u32 = 10;
const C_TOTAL: u32 = 133;
const D_TOTAL: u32 = 134;
const C_SUM: u32 = 135;
const D_SUM: u32 = 136;

const MOST_HOPS: u32 = 255;

/** The most that one composition adds: an empty guaranteed service fragment is expanded, two overrides per service. */
export const ADSPEC_GROWTH_BYTES: u32 = 32 + 2 * 16;
/** The longest ADSPEC that createAdspec writes. */
export const LARGEST_CREATED_ADSPEC_BYTES: u32 = 4 + 4 + 36 + 36 + 16 + 4 + 16 + 4;
const LARGEST_OBJECT_BYTES: u32 = 65532;

/**
 * What one hop exports for its outgoing interface. Memory layout is the engine's own: fill it in field by field. All
 * fields count; zero the memory first.
 */
@unmanaged
export class HopParameters {
  /** AVAILABLE_PATH_BANDWIDTH of the link, bytes per second; 0 for unknown. */
  linkBytesPerSecond: f32;
  /** MINIMUM_PATH_LATENCY; 0xFFFFFFFF for indeterminate. */
  minimumLatencyMicroseconds: u32;
  /** PATH_MTU of the link. */
  mtuBytes: u32;
  /** C and D of RFC 2212: bytes, microseconds. */
  guaranteedC: u32;
  guaranteedD: u32;
  /** Bits of SERVICE: the services that this hop implements. */
  services: u32;
  /** Overrides of bandwidth and MTU for one service (RFC 2210 section 3.3.5); 0 for none. */
  guaranteedBytesPerSecond: f32;
  guaranteedMtuBytes: u32;
  controlledLoadBytesPerSecond: f32;
  controlledLoadMtuBytes: u32;
  /** Not 0 if the hop reshapes: Csum and Dsum start again behind it (RFC 2212, Policing). */
  reshapes: u32;
}

export const HOP_PARAMETERS_BYTES: usize = offsetof<HopParameters>();

/** Bits of a bandwidth that may be sent: finite, non-negative; anything else is 0, unknown (RFC 2215 section 3.3). */
function bandwidthBits(bytesPerSecond: f32): u32 {
  const bits = reinterpret<u32>(bytesPerSecond);
  return bits < 0x7f800000 ? bits : 0;
}

/** The hop's override of a general parameter for a service, as bits; 0 if it has none. */
function overrideOf(service: u32, parameter: u32, hop: HopParameters): u32 {
  if (service == GUARANTEED_SERVICE) {
    if (parameter == BANDWIDTH) return bandwidthBits(hop.guaranteedBytesPerSecond);
    if (parameter == MTU) return hop.guaranteedMtuBytes;
  }
  if (service == CONTROLLED_LOAD_SERVICE) {
    if (parameter == BANDWIDTH) return bandwidthBits(hop.controlledLoadBytesPerSecond);
    if (parameter == MTU) return hop.controlledLoadMtuBytes;
  }
  return 0;
}

/** What the hop supplies for a general parameter within a service: its override or its default. */
function localValue(service: u32, parameter: u32, hop: HopParameters): u32 {
  const special = overrideOf(service, parameter, hop);
  if (parameter == BANDWIDTH) {
    const general = bandwidthBits(hop.linkBytesPerSecond);
    // An unknown link says nothing about the part of it that a service may use; a known one bounds it.
    return special == 0 ? general : general == 0 ? special : lesser(special, general);
  }
  if (parameter == MTU) return special == 0 ? hop.mtuBytes : lesser(special, hop.mtuBytes);
  return parameter == LATENCY ? hop.minimumLatencyMicroseconds : 1;
}

/** Composition of one general parameter. For bandwidths the order of the bits is that of the numbers, 0 is unknown. */
function composeGeneral(parameter: u32, arriving: u32, local: u32): u32 {
  if (parameter == HOPS) return lesser(saturatingSum(arriving, local), MOST_HOPS);
  if (parameter == LATENCY) return saturatingSum(arriving, local);
  return lesser(arriving, local);
}

// @ts-ignore: decorator
@inline
function isGeneral(parameter: u32): bool {
  return parameter == HOPS || parameter == BANDWIDTH || parameter == LATENCY || parameter == MTU;
}

/** Composition of Ctot, Dtot, Csum, Dsum. Behind a reshaping point the last two hold nothing of what was before. */
function composeErrorTerm(parameter: u32, arriving: u32, hop: HopParameters): u32 {
  if (parameter == C_TOTAL) return saturatingSum(arriving, hop.guaranteedC);
  if (parameter == D_TOTAL) return saturatingSum(arriving, hop.guaranteedD);
  const before = hop.reshapes != 0 ? 0 : arriving;
  return saturatingSum(before, parameter == C_SUM ? hop.guaranteedC : hop.guaranteedD);
}

function putParameter(at: usize, parameter: u32, value: u32): usize {
  setWord(at, parameter << 24 | 1);
  setWord(at + 4, value);
  return at + 8;
}

/** Adds the hop's overrides with numbers in (after, before) that the fragment lacks. Returns the end. */
function addOverrides(at: usize, service: u32, after: u32, before: u32, arriving: usize, hop: HopParameters): usize {
  for (let parameter = BANDWIDTH; parameter <= MTU; parameter += MTU - BANDWIDTH) {
    if (parameter <= after || parameter >= before || overrideOf(service, parameter, hop) == 0) continue;
    const general = findParameter(arriving, GENERAL_SERVICE, parameter, 1);
    const local = localValue(service, parameter, hop);
    at = putParameter(at, parameter, general == 0 ? local : composeGeneral(parameter, word(general), local));
  }
  return at;
}

/** Copies the parameters from `from` to `end` to `to`, composed, with the hop's own overrides. Returns the end. */
function composeParameters(
  from: usize,
  end: usize,
  to: usize,
  service: u32,
  arriving: usize,
  hop: HopParameters,
): usize {
  // RFC 2210 section 3.3 puts service-specific parameters (128 and up) before overrides; both runs ascend.
  let last: u32 = 0;
  while (from < end) {
    const header = word(from);
    const parameter = header >>> 24;
    const bytes = lesser(4 + ((header & 0xffff) << 2), <u32> (end - from));
    if (parameter < 128) {
      if (service != GENERAL_SERVICE) to = addOverrides(to, service, last, parameter, arriving, hop);
      last = parameter;
    }
    copyWords(to, from, bytes);
    if (bytes == 8 && isGeneral(parameter)) {
      setWord(to + 4, composeGeneral(parameter, word(from + 4), localValue(service, parameter, hop)));
    } else if (bytes == 8 && service == GUARANTEED_SERVICE && parameter >= C_TOTAL && parameter <= D_SUM) {
      setWord(to + 4, composeErrorTerm(parameter, word(from + 4), hop));
    } else if (parameter != NON_IS_HOP) {
      setWord(to, header | BREAK_BIT);
    }
    from += bytes;
    to += bytes;
  }
  return service == GENERAL_SERVICE ? to : addOverrides(to, service, last, 128, arriving, hop);
}

/** The values of a guaranteed service fragment that has none yet, composed with this hop's. */
function expandGuaranteed(to: usize, hop: HopParameters): usize {
  for (let parameter = C_TOTAL; parameter <= D_SUM; parameter++) {
    to = putParameter(to, parameter, composeErrorTerm(parameter, 0, hop));
  }
  return to;
}

/**
 * Composes an ADSPEC that validateAdspec has passed with what the hop exports, for one outgoing interface, into
 * `destination`, which must not overlap it and must have room for ADSPEC_GROWTH_BYTES more. `parameters` is the address
 * of HopParameters. `breakBit`: a hop without RSVP or without integrated services was passed (RFC 2210 section 3.3.2).
 * Returns the length written.
 */
export function composeAdspec(adspec: usize, destination: usize, parameters: usize, breakBit: bool): u32 {
  if (composeUsualAdspec(adspec, destination, changetype<HopParameters>(parameters), breakBit)) return USUAL_ADSPEC_BYTES;
  return composeAnyAdspec(adspec, destination, parameters, breakBit);
}

/** The same by a walk over all fragments and parameters. */
export function composeAnyAdspec(adspec: usize, destination: usize, parameters: usize, breakBit: bool): u32 {
  const hop = changetype<HopParameters>(parameters);
  const length = objectLength(adspec);
  const end = adspec + length;
  if (length + ADSPEC_GROWTH_BYTES > LARGEST_OBJECT_BYTES) {
    // No room to say what this hop adds, so its values cannot be relied upon: that is what the global break bit says.
    copyWords(destination, adspec, length);
    breakAdspec(destination);
    return length;
  }
  let from = adspec + 8;
  let to = destination + 8;
  while (from + 4 <= end) {
    const header = word(from);
    const service = header >>> 24;
    const next = from + 4 + ((header & 0xffff) << 2);
    if (next > end) break;
    const implemented = service == GENERAL_SERVICE || (serviceBit(service) & hop.services) != 0;
    const breaks = service == GENERAL_SERVICE ? breakBit : !implemented;
    const flags = (header & 0x00ff0000) | (breaks ? BREAK_BIT : 0);
    const body = to + 4;
    let tail = body;
    if (!implemented) {
      copyWords(body, from + 4, next - from - 4);
      tail = body + (next - from - 4);
    } else {
      if (service == GUARANTEED_SERVICE && next == from + 4) tail = expandGuaranteed(body, hop);
      tail = composeParameters(from + 4, next, tail, service, adspec, hop);
    }
    setWord(to, service << 24 | flags | <u32> ((tail - body) >>> 2));
    from = next;
    to = tail;
  }
  return finish(destination, to);
}

function finish(destination: usize, end: usize): u32 {
  const length = <u32> (end - destination);
  setWord(destination, length << 16 | ADSPEC_OBJECT);
  setWord(destination + 4, (length >>> 2) - 2);
  return length;
}

/**
 * Writes the ADSPEC that a sender starts with (RFC 2210 sections 3.3.2 to 3.3.4): the default parameters with the local
 * values and `hops` (1 where the local node's own interface is described by `parameters`; 0 where that interface will
 * compose it later), then a fragment for each service of `offered` (bits of SERVICE). A service that is offered but not
 * in the HopParameters' services gets an empty fragment with its break bit set. Needs LARGEST_CREATED_ADSPEC_BYTES;
 * returns the length written.
 */
export function createAdspec(destination: usize, parameters: usize, offered: u32, hops: u32): u32 {
  const hop = changetype<HopParameters>(parameters);
  let to = destination + 8;
  setWord(to, GENERAL_SERVICE << 24 | 8);
  to = putParameter(to + 4, HOPS, lesser(hops, MOST_HOPS));
  to = putParameter(to, BANDWIDTH, bandwidthBits(hop.linkBytesPerSecond));
  to = putParameter(to, LATENCY, hop.minimumLatencyMicroseconds);
  to = putParameter(to, MTU, hop.mtuBytes);
  // Overrides look up the general values in what has been written so far, so the object's length must be true.
  finish(destination, to);
  // Guaranteed 2, controlled load 5, null 6: RFC 2210 section 3.3 wants services in ascending order.
  for (let service = GUARANTEED_SERVICE; service <= 6; service++) {
    const bit = serviceBit(service);
    if ((bit & offered) == 0) continue;
    const body = to + 4;
    let tail = body;
    if ((bit & hop.services) != 0) {
      if (service == GUARANTEED_SERVICE) tail = expandGuaranteed(body, hop);
      tail = addOverrides(tail, service, 0, 128, destination, hop);
    }
    setWord(to, service << 24 | ((bit & hop.services) == 0 ? BREAK_BIT : 0) | <u32> ((tail - body) >>> 2));
    to = tail;
  }
  return finish(destination, to);
}

/**
 * What an ADSPEC says about a general parameter (4, 6, 8 or 10) for a service: the service's override if its fragment
 * has one, else the default (RFC 2210 section 3.3.5), as the word on the wire; 0 if it has neither.
 */
export function adspecGeneral(adspec: usize, service: u32, parameter: u32): u32 {
  const special = findParameter(adspec, service, parameter, 1);
  if (special != 0) return word(special);
  const general = findParameter(adspec, GENERAL_SERVICE, parameter, 1);
  return general != 0 ? word(general) : 0;
}

/** One of Ctot, Dtot, Csum, Dsum (133 to 136); 0 where the guaranteed service fragment is empty or absent. */
export function adspecErrorTerm(adspec: usize, parameter: u32): u32 {
  const at = findParameter(adspec, GUARANTEED_SERVICE, parameter, 1);
  return at != 0 ? word(at) : 0;
}

/** Address of the header of a service's fragment, or 0: then receivers must not use it (RFC 2210 section 2.2). */
export function adspecFragment(adspec: usize, service: u32): usize {
  const end = adspec + objectLength(adspec);
  let at = adspec + 8;
  while (at + 4 <= end) {
    if (word(at) >>> 24 == service) return at;
    at += 4 + ((word(at) & 0xffff) << 2);
  }
  return 0;
}

/** Whether the break bit of a service's fragment is set; true also if it has no fragment. */
export function adspecBreaks(adspec: usize, service: u32): bool {
  const fragment = adspecFragment(adspec, service);
  return fragment == 0 || (word(fragment) & BREAK_BIT) != 0;
}

/** Sets the global break bit: whoever is given this ADSPEC heard it through nodes without integrated services. */
export function breakAdspec(adspec: usize): void {
  setWord(adspec + 8, word(adspec + 8) | BREAK_BIT);
}
