// A keyed hash, so that a peer who chooses keys cannot choose collisions. Eight bytes a step, two multiplications each: the
// second one's factor is secret. With known factors only, flipping the highest bit of one word and two bits of the next
// gives the same hash whatever the key, and addresses that collide could be written down by anyone.
import { root } from "./memory";

@inline
function mixBy(factor: u64, state: u64, word: u64): u64 {
  let x = (state ^ word) * 0x9e3779b97f4a7c15;
  x ^= x >> 32;
  x *= factor;
  return x ^ (x >> 29);
}
@inline
function mix(state: u64, word: u64): u64 {
  return mixBy(root().hashFactor, state, word);
}

// Sets both keys from the seed of CONFIG.
export function seedHash(seed: u64): void {
  const state = root();
  state.hashFactor = 0xda942042e4dd58b5;
  state.hashKey = mix(0x5851f42d4c957f2d, seed);
  // Odd, so that multiplying by it loses nothing.
  state.hashFactor = mix(state.hashKey, ~seed) | 1;
}

// hashBytes of eight bytes given as a word: the key of an IPv4 session.
@inline
export function hashWord(word: u64, salt: u64): u32 {
  return <u32> (mix(root().hashKey ^ (salt * 0xd6e8feb86659fd93) ^ 8, word) >> 32);
}

// hashBytes of four bytes given as a word: an IPv4 address.
@inline
export function hashShort(word: u32, salt: u64): u32 {
  return <u32> (mix(root().hashKey ^ (salt * 0xd6e8feb86659fd93) ^ 4, word) >> 32);
}

// Hash of `length` bytes, a multiple of four; `salt` tells the users of one key space apart. Two runs of words are mixed
// side by side, since each mixing has to wait for the one before it.
export function hashBytes(pointer: usize, length: usize, salt: u64): u32 {
  const factor = root().hashFactor;
  let state = root().hashKey ^ (salt * 0xd6e8feb86659fd93) ^ <u64> length;
  let at = pointer;
  const end = pointer + length;
  if (length >= 16) {
    let other = ~state;
    while (at + 16 <= end) {
      state = mixBy(factor, state, load<u64>(at));
      other = mixBy(factor, other, load<u64>(at, 8));
      at += 16;
    }
    state = mixBy(factor, state, other);
  }
  if (at + 8 <= end) {
    state = mixBy(factor, state, load<u64>(at));
    at += 8;
  }
  if (at < end) state = mixBy(factor, state, load<u32>(at));
  return <u32> (state >> 32);
}

// The fingerprint of a message that refreshes (process/unchanged_refresh.ts), mixed in four runs side by side.
let runA: u64 = 0;
let runB: u64 = 0;
let runC: u64 = 0;
let runD: u64 = 0;

@inline
export function beginFingerprint(first: u64, second: u64, third: u64, fourth: u64): void {
  const key = root().hashKey;
  const factor = root().hashFactor;
  runA = mixBy(factor, key, first);
  runB = mixBy(factor, ~key, second);
  runC = mixBy(factor, rotl(key, 21), third);
  runD = mixBy(factor, ~rotl(key, 42), fourth);
}
@inline
export function fingerprintWord(word: u64): void {
  runA = mix(runA, word);
}

// Of what the runs hold and the bytes from `at` to `end`, a multiple of four; never zero.
export function fingerprintOf(at: usize, end: usize): u64 {
  const factor = root().hashFactor;
  let a = runA, b = runB, c = runC, d = runD;
  while (at + 32 <= end) {
    a = mixBy(factor, a, load<u64>(at));
    b = mixBy(factor, b, load<u64>(at, 8));
    c = mixBy(factor, c, load<u64>(at, 16));
    d = mixBy(factor, d, load<u64>(at, 24));
    at += 32;
  }
  while (at + 8 <= end) {
    a = mixBy(factor, a, load<u64>(at));
    at += 8;
  }
  if (at < end) b = mixBy(factor, b, load<u32>(at));
  a = mixBy(factor, mixBy(factor, a, b), mixBy(factor, c, d));
  return a == 0 ? 1 : a;
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
