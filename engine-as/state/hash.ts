// A keyed hash, so that a peer who chooses keys cannot choose collisions. Multiply and fold, eight bytes a step.
import { root } from "./memory";

@inline
function mix(state: u64, word: u64): u64 {
  let x = (state ^ word) * 0x9e3779b97f4a7c15;
  x ^= x >> 32;
  return x;
}

// hashBytes of eight bytes given as a word: the key of an IPv4 session.
@inline
export function hashWord(word: u64, salt: u64): u32 {
  const state = mix(root().hashKey ^ (salt * 0xd6e8feb86659fd93) ^ 8, word);
  return <u32> ((state * 0xd6e8feb86659fd93) >> 32);
}

// Hash of `length` bytes, a multiple of four; `salt` tells the users of one key space apart.
export function hashBytes(pointer: usize, length: usize, salt: u64): u32 {
  let state = root().hashKey ^ (salt * 0xd6e8feb86659fd93) ^ <u64> length;
  let at = pointer;
  const end = pointer + length;
  while (at + 8 <= end) {
    state = mix(state, load<u64>(at));
    at += 8;
  }
  if (at < end) state = mix(state, load<u32>(at));
  state *= 0xd6e8feb86659fd93;
  return <u32> (state >> 32);
}

// xorshift64*: seeded by CONFIG, used for jitter only.
export function random(): u32 {
  const state = root();
  let x = state.random;
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  state.random = x;
  return <u32> ((x * 0x2545f4914f6cdd1d) >> 32);
}
