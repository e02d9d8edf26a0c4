/**
 * IPv4 addresses that the engine names, each as one array however often it is named: messages go to and fro between the
 * same few, and making an array for each costs more than looking it up. So nobody may change an address that came out of
 * the engine.
 */
const MAXIMUM_ADDRESSES = 16_384;
const ADDRESS_BYTES = 16;

const addresses = new Map<number, Uint8Array>();

/** The 16 bytes of an address at `at`: shared with others if it is of IPv4, else a view. */
export function addressAt(view: DataView, bytes: Uint8Array, at: number): Uint8Array {
  if ((view.getInt32(at + 4) | view.getInt32(at + 8) | view.getInt32(at + 12)) !== 0) {
    return bytes.subarray(at, at + ADDRESS_BYTES);
  }
  const key = view.getInt32(at);
  let address = addresses.get(key);
  if (!address) {
    if (addresses.size >= MAXIMUM_ADDRESSES) addresses.clear();
    address = bytes.slice(at, at + ADDRESS_BYTES);
    addresses.set(key, address);
  }
  return address;
}
