/**
 * The bpf system call. `attr` is a union; what a command reads of it:
 *
 * ```
 * MAP_CREATE:  type@0 u32, key size@4, value size@8, entries@12
 * MAP_*_ELEM:  map@0 u32, key@8 u64, value or next key@16 u64, flags@24 u64
 * PROG_LOAD:   type@0 u32, instructions@4 u32, code@8 u64, licence@16 u64, log level@24 u32, log size@28 u32, log@32 u64
 * *_GET_FD_BY_ID: id@0 u32
 * OBJ_GET_INFO_BY_FD: descriptor@0 u32, length@4 u32, info@8 u64
 * ```
 */
import { addressOf, call, errno, errorText, libc } from "../libc.ts";
import { LinuxError } from "../linux_error.ts";

export const BPF = {
  MAP_CREATE: 0,
  MAP_LOOKUP_ELEM: 1,
  MAP_UPDATE_ELEM: 2,
  MAP_DELETE_ELEM: 3,
  MAP_GET_NEXT_KEY: 4,
  PROG_LOAD: 5,
  PROG_GET_FD_BY_ID: 13,
  MAP_GET_FD_BY_ID: 14,
  OBJ_GET_INFO_BY_FD: 15,
} as const;
export const MAP_TYPE = { HASH: 1, ARRAY: 2 } as const;
const PROGRAM_TYPE_SCHED_CLS = 3;
const LOG_BYTES = 65536;
const CALL_NUMBER = Deno.build.arch === "aarch64" ? 280n : 321n;

type Bytes = Uint8Array<ArrayBuffer>;

/** The result, negative if refused. */
export function bpf(command: number, attributes: Bytes): number {
  return Number(
    libc().syscall(CALL_NUMBER, BigInt(command), addressOf(attributes), BigInt(attributes.length), 0n, 0n, 0n),
  );
}

/** A new map. @throws {LinuxError} where BPF is not permitted. */
export function createMap(type: number, keyBytes: number, valueBytes: number, entries: number): number {
  const attributes = new Uint8Array(72);
  new Uint32Array(attributes.buffer).set([type, keyBytes, valueBytes, entries]);
  return call(
    bpf(BPF.MAP_CREATE, attributes),
    "the BPF classifier needs CAP_BPF and CAP_NET_ADMIN, or root; classify by u32, or give them",
  );
}

/** A map's entries, by the copying of keys and values. */
export class MapEntries {
  readonly descriptor: number;
  #key: Bytes;
  #value: Bytes;
  #attributes = new Uint8Array(32);
  #view = new DataView(this.#attributes.buffer);

  constructor(descriptor: number, keyBytes: number, valueBytes: number) {
    this.descriptor = descriptor;
    this.#key = new Uint8Array(keyBytes);
    this.#value = new Uint8Array(valueBytes);
    this.#view.setUint32(0, descriptor, true);
    this.#view.setBigUint64(8, addressOf(this.#key), true);
  }

  /** @throws {LinuxError} if the map is full. */
  set(key: Uint8Array, value: number): void {
    this.#key.set(key);
    new DataView(this.#value.buffer).setUint32(0, value, true);
    this.#view.setBigUint64(16, addressOf(this.#value), true);
    call(bpf(BPF.MAP_UPDATE_ELEM, this.#attributes), "an entry of a BPF map");
  }

  /** @throws {LinuxError} if there is no such entry. */
  delete(key: Uint8Array): void {
    this.#key.set(key);
    // What a command does not use must be zero.
    this.#view.setBigUint64(16, 0n, true);
    call(bpf(BPF.MAP_DELETE_ELEM, this.#attributes), "an entry of a BPF map");
  }

  /** Every entry; keys are copies. */
  list(): { key: Uint8Array; value: number }[] {
    const found: { key: Uint8Array; value: number }[] = [];
    const next = new Uint8Array(this.#key.length);
    this.#view.setBigUint64(8, 0n, true);
    for (;;) {
      this.#view.setBigUint64(16, addressOf(next), true);
      const more = bpf(BPF.MAP_GET_NEXT_KEY, this.#attributes) === 0;
      this.#view.setBigUint64(8, addressOf(this.#key), true);
      if (!more) return found;
      this.#key.set(next);
      this.#view.setBigUint64(16, addressOf(this.#value), true);
      if (bpf(BPF.MAP_LOOKUP_ELEM, this.#attributes) < 0) continue;
      found.push({ key: next.slice(), value: new DataView(this.#value.buffer).getUint32(0, true) });
    }
  }

  close(): void {
    libc().close(this.descriptor);
  }
}

/** Loads a classifier. @throws {LinuxError} with the end of what the verifier says. */
export function loadClassifier(code: Bytes): number {
  const licence = new TextEncoder().encode("MIT\0");
  const log = new Uint8Array(LOG_BYTES);
  const attributes = new Uint8Array(120);
  const view = new DataView(attributes.buffer);
  view.setUint32(0, PROGRAM_TYPE_SCHED_CLS, true);
  view.setUint32(4, code.length / 8, true);
  view.setBigUint64(8, addressOf(code), true);
  view.setBigUint64(16, addressOf(licence), true);
  view.setUint32(24, 1, true);
  view.setUint32(28, log.length, true);
  view.setBigUint64(32, addressOf(log), true);
  const descriptor = bpf(BPF.PROG_LOAD, attributes);
  if (descriptor >= 0) return descriptor;
  const number = errno();
  const said = new TextDecoder().decode(log.subarray(0, log.indexOf(0))).trim().split("\n").slice(-3).join("; ");
  throw new LinuxError(`the BPF classifier: ${errorText(number)} ${said}`.trim(), number);
}

/** The numbers of the maps that a program uses. @throws {LinuxError} where that may not be asked (CAP_SYS_ADMIN). */
export function mapsOfProgram(programId: number): number[] {
  const program = descriptorOf(BPF.PROG_GET_FD_BY_ID, programId, "the program of a classifier");
  try {
    // bpf_prog_info: nr_map_ids@52 u32, map_ids@56 u64 (where they are to be written).
    const ids = new Uint32Array(8);
    const info = new Uint8Array(64);
    new DataView(info.buffer).setUint32(52, ids.length, true);
    new DataView(info.buffer).setBigUint64(56, addressOf(new Uint8Array(ids.buffer)), true);
    const attributes = new Uint8Array(16);
    const view = new DataView(attributes.buffer);
    view.setUint32(0, program, true);
    view.setUint32(4, info.length, true);
    view.setBigUint64(8, addressOf(info), true);
    call(bpf(BPF.OBJ_GET_INFO_BY_FD, attributes), "the maps of a classifier");
    return [...ids.subarray(0, new DataView(info.buffer).getUint32(52, true))];
  } finally {
    libc().close(program);
  }
}

/** Opens a program or map by its number. @throws {LinuxError} naming `what`. */
export function descriptorOf(command: number, id: number, what: string): number {
  const attributes = new Uint8Array(12);
  new DataView(attributes.buffer).setUint32(0, id, true);
  return call(bpf(command, attributes), what);
}

/** bpf_map_info of a map: its type and the bytes of its keys. @throws {LinuxError} if it cannot be had. */
export function mapFacts(descriptor: number): { type: number; keyBytes: number } {
  const info = new Uint8Array(80);
  const attributes = new Uint8Array(16);
  const view = new DataView(attributes.buffer);
  view.setUint32(0, descriptor, true);
  view.setUint32(4, info.length, true);
  view.setBigUint64(8, addressOf(info), true);
  call(bpf(BPF.OBJ_GET_INFO_BY_FD, attributes), "a BPF map");
  const values = new DataView(info.buffer);
  return { type: values.getUint32(0, true), keyBytes: values.getUint32(8, true) };
}
