// The inner structure of SENDER_TSPEC, FLOWSPEC and ADSPEC (RFC 2210 section 3): version and overall length, service
// fragments, parameters. Checked once when a message is parsed; afterwards the fields at their fixed places and the
// walk over an ADSPEC cannot leave the object. What the values mean is judged in process/ and merge/.
//
//   +4  version (4 bits) 0, reserved (12 bits), length in words after this one (16 bits)
//   +8  service number (8), reserved or break bit (8), length of the service's data in words (16)
//   +12 parameter number (8), flags (8), length of the parameter in words (16), then its words; and so on
import { load16 } from "./bytes";

export const SERVICE_NUMBER_DEFAULT: u32 = 1;
export const SERVICE_NUMBER_GUARANTEED: u32 = 2;
export const SERVICE_NUMBER_CONTROLLED_LOAD: u32 = 5;
const SERVICE_NUMBER_NULL: u32 = 6;

const PARAMETER_TOKEN_BUCKET: u32 = 127;
const PARAMETER_NULL_TSPEC: u32 = 128;
const PARAMETER_GUARANTEED_RSPEC: u32 = 130;

// The header word: version 0, and a length that is exactly the object's.
// @ts-ignore: decorator
@inline

function headerFits(object: usize, length: u32): bool {
  return length >= 8 && load<u8>(object, 4) >> 4 == 0 && load16(object + 6) * 4 + 8 == length;
}

// One parameter of `words` words at `at`.
// @ts-ignore: decorator
@inline

function isParameter(at: usize, number: u32, words: u32): bool {
  return load<u8>(at) == number && load16(at + 2) == words;
}

// Whether the parameters from `at` fill the space to `end` exactly.
function parametersFit(at: usize, end: usize): bool {
  while (at < end) {
    const next = at + 4 + load16(at + 2) * 4;
    if (next > end) return false;
    at = next;
  }
  return true;
}

// RFC 2210 section 3.1: service 1 with the token bucket first. Afterwards r, b, p, m, M stand at +16 to +35.
export function isSenderTspec(object: usize, length: u32): bool {
  if (length < 36 || !headerFits(object, length)) return false;
  const end = object + 12 + load16(object + 10) * 4;
  if (load<u8>(object, 8) != SERVICE_NUMBER_DEFAULT || end > object + length || end < object + 36) return false;
  return isParameter(object + 12, PARAMETER_TOKEN_BUCKET, 5) && parametersFit(object + 12, end);
}

// RFC 2997 section 3.2: where only the null service is offered, its TSpec (M) stands alone. There is no token bucket, so
// nothing may be read at its places: merge/ looks for it by number.
export function isNullSenderTspec(object: usize, length: u32): bool {
  if (length != 20 || !headerFits(object, length)) return false;
  return load<u8>(object, 8) == SERVICE_NUMBER_NULL && load16(object + 10) == 2 &&
    isParameter(object + 12, PARAMETER_NULL_TSPEC, 1);
}

// RFC 2210 section 3.2. For services 2 and 5 the token bucket stands at +16 to +35, and for 2 the RSpec (R, S) at +40.
// Of any other service nothing but its number at +8 may be read: it is refused as unsupported (section 3.2).
export function isFlowspec(object: usize, length: u32): bool {
  if (length < 12 || !headerFits(object, length)) return false;
  const service: u32 = load<u8>(object, 8);
  const end = object + 12 + load16(object + 10) * 4;
  if (end > object + length) return false;
  if (service != SERVICE_NUMBER_GUARANTEED && service != SERVICE_NUMBER_CONTROLLED_LOAD) {
    return parametersFit(object + 12, end);
  }
  if (end < object + 36 || !isParameter(object + 12, PARAMETER_TOKEN_BUCKET, 5)) return false;
  if (service == SERVICE_NUMBER_GUARANTEED) {
    if (end < object + 48 || !isParameter(object + 36, PARAMETER_GUARANTEED_RSPEC, 2)) return false;
  }
  return parametersFit(object + 12, end);
}

// RFC 2210 section 3.3: fragments, the default one (service 1) first, each found by its length field. The parameters
// that are composed hop by hop are single words, so one word can be read and written behind each of their headers.
export function isAdspec(object: usize, length: u32): bool {
  if (length < 12 || !headerFits(object, length)) return false;
  if (load<u8>(object, 8) != SERVICE_NUMBER_DEFAULT) return false;
  const end = object + length;
  let fragment = object + 8;
  while (fragment < end) {
    const next = fragment + 4 + load16(fragment + 2) * 4;
    if (next > end) return false;
    let parameter = fragment + 4;
    while (parameter < next) {
      const words = load16(parameter + 2);
      if (parameter + 4 + words * 4 > next) return false;
      if (words != 1 && isComposed(load<u8>(parameter))) return false;
      parameter += 4 + words * 4;
    }
    fragment = next;
  }
  return true;
}

// Hop count, bandwidth, latency, MTU (RFC 2215 section 3) and Ctot, Dtot, Csum, Dsum (RFC 2212).
function isComposed(parameter: u32): bool {
  return parameter == 4 || parameter == 6 || parameter == 8 || parameter == 10 ||
    (parameter >= 133 && parameter <= 136);
}
