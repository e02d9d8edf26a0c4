/** What somebody may have meant who wrote a name that there is not. */

/** Letters that may be wrong, missing, too many, or two in each other's place. */
const MAXIMUM_MISTAKES = 2;

/** Letters to add, to take away, to change or to swap with the next between two texts (Damerau, Levenshtein). */
function distance(a: string, b: string): number {
  let before: number[] = [], row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    [before, row] = [row, next];
  }
  return row[b.length];
}

/** The known name that is most like another, in any case of letters; undefined if none is. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  let best: string | undefined, mistakes = Math.min(MAXIMUM_MISTAKES, Math.floor(name.length / 2)) + 1;
  for (const one of known) {
    const number = distance(wanted, one.toLowerCase());
    if (number < mistakes) [best, mistakes] = [one, number];
  }
  return best;
}

/** `no field "adress", did you mean "address"?`, or what there is if that is not too much. */
export function unknownName(what: string, name: string, known: Iterable<string>): string {
  const names = [...known], meant = nearestName(name, names);
  if (meant !== undefined) return `${what} "${name}", did you mean "${meant}"?`;
  return names.length > 0 && names.length <= 12
    ? `${what} "${name}"; there are ${names.join(", ")}`
    : `${what} "${name}"`;
}
