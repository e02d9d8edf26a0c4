/**
 * The header of a snapshot. State is raw memory, so it is only good for the very build of the engine that wrote it:
 * the header names that build, and a checksum tells damage from a difference in versions.
 *
 * Layout, little-endian: magic "RSVS" 4, header version u16, 2 zero bytes, boundary version u32, state length u32,
 * FNV-1a of the state u32, 12 zero bytes, engine hash 32 bytes; then the state.
 */
import { ABI_VERSION } from "./boundary.gen.ts";
import { ENGINE_SHA256 } from "./wasm_hash.gen.ts";

const SNAPSHOT_HEADER_BYTES = 64;
const MAGIC = 0x53565352;
const HEADER_VERSION = 1;

/**
 * A snapshot that cannot be used, and why: damaged, cut, or of another build of the engine.
 *
 * @example
 * ```ts
 * import { defaultModule, Engine, Network, SnapshotError } from "@resv/resv";
 *
 * const network = new Network();
 * const snapshot = network.host("alice").rsvp.snapshot();
 * snapshot[snapshot.length - 1] ^= 1;
 * try {
 *   Engine.restore(defaultModule(), snapshot);
 * } catch (error) {
 *   if (error instanceof SnapshotError) console.log(error.message); // offset 16: checksum of the state does not match
 * }
 * ```
 */
export class SnapshotError extends Error {
  /** Tells it from other errors where `instanceof` cannot. */
  override readonly name: string = "SnapshotError";
}

/** SHA-256 of the engine that this host was built with, the default name of a build in snapshots and logs. */
export function defaultEngineHash(): Uint8Array {
  return Uint8Array.from(ENGINE_SHA256.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** A snapshot of this state, by the build that `hash` names. */
export function writeSnapshot(hash: Uint8Array, state: Uint8Array): Uint8Array {
  const out = new Uint8Array(SNAPSHOT_HEADER_BYTES + state.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, HEADER_VERSION, true);
  view.setUint32(8, ABI_VERSION, true);
  view.setUint32(12, state.length, true);
  view.setUint32(16, fnv1a(state), true);
  out.set(hash, 32);
  out.set(state, SNAPSHOT_HEADER_BYTES);
  return out;
}

/**
 * Checks a snapshot and returns its state, a view of the same bytes.
 * @throws {SnapshotError} naming what does not fit.
 */
export function readSnapshotHeader(snapshot: Uint8Array, hash: Uint8Array): Uint8Array {
  if (snapshot.length < SNAPSHOT_HEADER_BYTES) {
    throw new SnapshotError(`snapshot has ${snapshot.length} bytes, its header alone has ${SNAPSHOT_HEADER_BYTES}`);
  }
  const view = new DataView(snapshot.buffer, snapshot.byteOffset, snapshot.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new SnapshotError("offset 0: not a snapshot, the magic is not RSVS");
  const headerVersion = view.getUint16(4, true);
  if (headerVersion !== HEADER_VERSION) {
    throw new SnapshotError(`offset 4: snapshot header version ${headerVersion}, this host knows ${HEADER_VERSION}`);
  }
  const abi = view.getUint32(8, true);
  if (abi !== ABI_VERSION) {
    throw new SnapshotError(`offset 8: boundary version ${abi}, this host speaks ${ABI_VERSION}`);
  }
  const length = view.getUint32(12, true);
  if (length !== snapshot.length - SNAPSHOT_HEADER_BYTES) {
    throw new SnapshotError(
      `offset 12: state of ${length} bytes announced, ${snapshot.length - SNAPSHOT_HEADER_BYTES} are there`,
    );
  }
  if (!snapshot.subarray(32, 64).every((byte, i) => byte === hash[i])) {
    throw new SnapshotError("offset 32: snapshot was taken by another build of the engine");
  }
  const state = snapshot.subarray(SNAPSHOT_HEADER_BYTES);
  if (view.getUint32(16, true) !== fnv1a(state)) {
    throw new SnapshotError("offset 16: checksum of the state does not match");
  }
  return state;
}

function fnv1a(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return hash >>> 0;
}
