/** Smaller inputs that fail like a large one: pieces are left out as long as the failure stays. */

/** So many attempts are enough for a person to see what matters. */
const MAXIMUM_ATTEMPTS = 2000;

/** The list without what the failure does not need; as it is if it does not fail any more when it is run again. */
export function smallerList<T>(list: readonly T[], fails: (list: T[]) => boolean): T[] {
  let current = [...list];
  if (!fails(current)) return current;
  let attempts = 0;
  for (let size = current.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < current.length && attempts < MAXIMUM_ATTEMPTS;) {
      const candidate = current.toSpliced(at, size);
      attempts++;
      if (fails(candidate)) current = candidate;
      else at += size;
    }
  }
  return current;
}

/** Leaves bytes out, then sets them to zero. Lengths and checksums are not repaired: what is left fails as it stands. */
export function smallerBytes(bytes: Uint8Array, fails: (bytes: Uint8Array) => boolean): Uint8Array {
  let current = Uint8Array.from(smallerList([...bytes], (list) => fails(Uint8Array.from(list))));
  let attempts = 0;
  for (let at = 0; at < current.length && attempts < MAXIMUM_ATTEMPTS; at++) {
    if (current[at] === 0) continue;
    const candidate = current.slice();
    candidate[at] = 0;
    attempts++;
    if (fails(candidate)) current = candidate;
  }
  return current;
}
