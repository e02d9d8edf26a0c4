/** A message is encoded from plain values and decoded to them again. */
import { decode, encode, isObject } from "../mod.ts";

const bytes = encode({ message: "Path", objects: [{ name: "TIME_VALUES", refreshPeriodMs: 30_000 }] });
const { message, checksum, objects } = decode(bytes);
for (const object of objects) {
  if (isObject(object, "TIME_VALUES")) console.log(message, checksum, object.refreshPeriodMs);
}
