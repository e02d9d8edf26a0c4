// The ADSPEC that nearly every sender makes (RFC 2210 section 3.3.6): default parameters, guaranteed service with its four
// terms, controlled load without parameters, 84 bytes. Every value stands at a fixed place, so that it is checked and
// composed without a search. The results are those of adspec.ts and validate.ts; a test holds them against each other.
import { isUsualAdspec } from "../wire/usual_message";
import { HopParameters } from "./adspec";
import {
  BREAK_BIT,
  CONTROLLED_LOAD_SERVICE,
  GUARANTEED_SERVICE,
  lesser,
  POSITIVE_INFINITY_BITS,
  saturatingSum,
  setWord,
  word,
} from "./intserv";
import { serviceBit } from "./validate";

export const USUAL_ADSPEC_BYTES: u32 = 84;

// Length, class and C-Type as they stand in memory.
const HEADER: u32 = 0x020d5400;

const GENERAL: usize = 8;
const HOPS: usize = 16;
const BANDWIDTH: usize = 24;
const LATENCY: usize = 32;
const MTU: usize = 40;
const GUARANTEED: usize = 44;
const C_TOTAL: usize = 52;
const D_TOTAL: usize = 60;
const C_SUM: usize = 68;
const D_SUM: usize = 76;
const CONTROLLED_LOAD: usize = 80;

const MOST_HOPS: u32 = 255;

@inline
export function hasUsualShape(adspec: usize): bool {
  return load<u32>(adspec) == HEADER && isUsualAdspec(adspec);
}

// What validateAdspec says of it: its bandwidth is finite and not negative, its MTU not 0.
@inline
export function usualAdspecIsValid(adspec: usize): bool {
  return word(adspec + BANDWIDTH) < POSITIVE_INFINITY_BITS && load<u32>(adspec + MTU) != 0;
}

@inline
function markBreak(to: usize, breaks: bool): void {
  if (breaks) setWord(to, word(to) | BREAK_BIT);
}

// Composes it for a hop that overrides nothing for one service; false, and nothing written, for any other ADSPEC or hop.
export function composeUsualAdspec(adspec: usize, to: usize, hop: HopParameters, breakBit: bool): bool {
  if (!hasUsualShape(adspec)) return false;
  if (hop.guaranteedBytesPerSecond != 0 || hop.controlledLoadBytesPerSecond != 0) return false;
  if ((hop.guaranteedMtuBytes | hop.controlledLoadMtuBytes) != 0) return false;
  for (let at: usize = 0; at < 80; at += 16) v128.store(to + at, v128.load(adspec + at));
  store<u32>(to, load<u32>(adspec, 80), 80);
  markBreak(to + GENERAL, breakBit);
  const bits = reinterpret<u32>(hop.linkBytesPerSecond);
  setWord(to + HOPS, lesser(saturatingSum(word(adspec + HOPS), 1), MOST_HOPS));
  setWord(to + BANDWIDTH, lesser(word(adspec + BANDWIDTH), bits < POSITIVE_INFINITY_BITS ? bits : 0));
  setWord(to + LATENCY, saturatingSum(word(adspec + LATENCY), hop.minimumLatencyMicroseconds));
  setWord(to + MTU, lesser(word(adspec + MTU), hop.mtuBytes));
  markBreak(to + CONTROLLED_LOAD, (serviceBit(CONTROLLED_LOAD_SERVICE) & hop.services) == 0);
  if ((serviceBit(GUARANTEED_SERVICE) & hop.services) == 0) {
    markBreak(to + GUARANTEED, true);
    return true;
  }
  const c = hop.guaranteedC, d = hop.guaranteedD, again = hop.reshapes != 0;
  setWord(to + C_TOTAL, saturatingSum(word(adspec + C_TOTAL), c));
  setWord(to + D_TOTAL, saturatingSum(word(adspec + D_TOTAL), d));
  setWord(to + C_SUM, saturatingSum(again ? 0 : word(adspec + C_SUM), c));
  setWord(to + D_SUM, saturatingSum(again ? 0 : word(adspec + D_SUM), d));
  return true;
}
