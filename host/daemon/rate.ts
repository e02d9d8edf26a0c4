/** Rates as people write them: with their unit, because a number alone may be bits or bytes. */

const PREFIX: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6, G: 1e9 };

/** What to say of a text that is none. */
export const RATE_WANTED = 'wants a rate with its unit, such as "10 Mbit/s", "64 kbit/s" or "1.25 MB/s"';

/** Bytes per second of `10 Mbit/s`, `64 kbit/s`, `1.25 MB/s`, `500 B/s`; undefined for what is no rate. */
export function parseRate(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kKMG]?)(bit|B)\/s\s*$/.exec(text);
  if (!match) return undefined;
  const [, digits, prefix, unit] = match;
  return Number(digits) * PREFIX[prefix.replace("K", "k")] / (unit === "bit" ? 8 : 1);
}
