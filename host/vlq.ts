/** Base64 VLQ, the number format of source maps: five bits a character, the lowest bit of a number is its sign. */
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Writes the numbers one after the other. */
export function encodeVlq(numbers: readonly number[]): string {
  let out = "";
  for (const number of numbers) {
    let rest = number < 0 ? (-number * 2) + 1 : number * 2;
    do {
      const digit = rest & 31;
      rest = Math.floor(rest / 32);
      out += ALPHABET[rest > 0 ? digit | 32 : digit];
    } while (rest > 0);
  }
  return out;
}

/** Reads all numbers of a run. Throws on a character that is not base64. */
export function decodeVlq(text: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let factor = 1;
  for (let i = 0; i < text.length; i++) {
    const digit = ALPHABET.indexOf(text[i]);
    if (digit < 0) throw new Error(`offset ${i}: ${JSON.stringify(text[i])} is not a base64 digit`);
    value += (digit & 31) * factor;
    factor *= 32;
    if (digit & 32) continue;
    numbers.push(value % 2 === 1 ? -((value - 1) / 2) : value / 2);
    value = 0;
    factor = 1;
  }
  return numbers;
}
