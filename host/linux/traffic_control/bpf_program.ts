/**
 * The classifier as a program of BPF: it makes a key of the packet's addresses and ports, and looks it up in a hash map,
 * once for each shape of key that any flow has. What it finds is the class.
 *
 * ```
 * key, 40 bytes: family@0 u8 (4 or 6), shape@1 u8, protocol@2 u8, zero@3, ports or SPI or flow label@4 (as in the
 *   packet), source@8 16 bytes, destination@24 16 bytes (an IPv4 address in the first four, zeros after it)
 * ```
 *
 * Unlike u32 it finds ports behind IPv4 options. Instructions are 8 bytes: code u8, registers u8 (source << 4 |
 * destination), offset i16, value i32.
 */

/** Which fields of a key are compared; the others are zero. Asked for in this order. */
export const SHAPE = {
  /** Source, destination, flow label. */
  LABEL: 0,
  /** All; an SPI stands in place of ports. */
  FULL: 1,
  /** All but the source port. */
  ANY_SOURCE_PORT: 2,
  /** Addresses and protocol. */
  ADDRESSES: 3,
  /** Any sender. */
  ANY_SENDER: 4,
  /** Any sender, no ports. */
  DESTINATION: 5,
} as const;
export const SHAPES = 6;
export const KEY_BYTES = 40;

const KEY = -KEY_BYTES;
const SCRATCH = KEY - 8;
const AT = { FAMILY: KEY, SHAPE: KEY + 1, PROTOCOL: KEY + 2, PORTS: KEY + 4, SOURCE: KEY + 8, DESTINATION: KEY + 24 };
/** Registers: the packet, the shapes in use, the ports, the offset of the transport header, the frame. */
const R = { RESULT: 0, A: 1, B: 2, C: 3, D: 4, E: 5, PACKET: 6, SHAPES: 7, PORTS: 8, TRANSPORT: 9, FRAME: 10 } as const;
const HELPER = { MAP_LOOKUP: 1, LOAD_BYTES_RELATIVE: 68 } as const;
const FROM_NETWORK_HEADER = 1;
const PSEUDO_MAP = 1;
const PSEUDO_MAP_VALUE = 2;
const AH = 51;

type Size = "u8" | "u16" | "u32" | "u64";
const SIZE = { u32: 0x00, u16: 0x08, u8: 0x10, u64: 0x18 } as const;
const JUMP = { always: 0x05, equal: 0x15, notEqual: 0x55, bitSet: 0x45 } as const;

class Assembler {
  #code: number[] = [];
  #labels = new Map<string, number>();
  #jumps: { at: number; label: string }[] = [];

  emit(code: number, to: number, from: number, offset: number, value: number): void {
    const parts = [code, (from << 4) | to, offset, offset >> 8, value, value >> 8, value >> 16, value >> 24];
    this.#code.push(...parts.map((part) => part & 0xff));
  }

  move(to: number, from: number): void {
    this.emit(0xbf, to, from, 0, 0);
  }

  set(to: number, value: number): void {
    this.emit(0xb7, to, 0, 0, value);
  }

  add(to: number, value: number): void {
    this.emit(0x07, to, 0, 0, value);
  }

  and(to: number, value: number): void {
    this.emit(0x57, to, 0, 0, value);
  }

  shiftLeft(to: number, bits: number): void {
    this.emit(0x67, to, 0, 0, bits);
  }

  /** From the network's byte order. */
  swap(to: number, bits: 16 | 32): void {
    this.emit(0xdc, to, 0, 0, bits);
  }

  load(size: Size, to: number, base: number, offset: number): void {
    this.emit(0x61 | SIZE[size], to, base, offset, 0);
  }

  store(size: Size, offset: number, from: number): void {
    this.emit(0x63 | SIZE[size], R.FRAME, from, offset, 0);
  }

  storeValue(size: Size, offset: number, value: number): void {
    this.emit(0x62 | SIZE[size], R.FRAME, 0, offset, value);
  }

  map(to: number, descriptor: number, pseudo: number): void {
    this.emit(0x18, to, pseudo, 0, descriptor);
    this.emit(0, 0, 0, 0, 0);
  }

  call(helper: number): void {
    this.emit(0x85, 0, 0, 0, helper);
  }

  exit(): void {
    this.emit(0x95, 0, 0, 0, 0);
  }

  jump(condition: keyof typeof JUMP, register: number, value: number, label: string): void {
    this.#jumps.push({ at: this.#code.length / 8, label });
    this.emit(JUMP[condition], register, 0, 0, value);
  }

  label(name: string): void {
    this.#labels.set(name, this.#code.length / 8);
  }

  finish(): Uint8Array<ArrayBuffer> {
    const code = new Uint8Array(this.#code);
    const view = new DataView(code.buffer);
    for (const { at, label } of this.#jumps) view.setInt16(at * 8 + 2, this.#labels.get(label)! - at - 1, true);
    return code;
  }
}

/** Copies bytes of the packet to the frame; to `otherwise` if it has not so many. */
function loadBytes(a: Assembler, at: number | "transport", to: number, length: number, otherwise: string): void {
  a.move(R.A, R.PACKET);
  if (at === "transport") a.move(R.B, R.TRANSPORT);
  else a.set(R.B, at);
  a.move(R.C, R.FRAME);
  a.add(R.C, to);
  a.set(R.D, length);
  a.set(R.E, FROM_NETWORK_HEADER);
  a.call(HELPER.LOAD_BYTES_RELATIVE);
  a.jump("notEqual", R.RESULT, 0, otherwise);
}

/** Looks the key up as one shape, if any flow has it. */
function lookUp(a: Assembler, shape: number, flows: number): void {
  const next = `after${shape}`;
  a.jump("bitSet", R.SHAPES, 1 << shape, `try${shape}`);
  a.jump("always", 0, 0, next);
  a.label(`try${shape}`);
  a.storeValue("u8", AT.SHAPE, shape);
  a.map(R.A, flows, PSEUDO_MAP);
  a.move(R.B, R.FRAME);
  a.add(R.B, KEY);
  a.call(HELPER.MAP_LOOKUP);
  a.jump("notEqual", R.RESULT, 0, "found");
  a.label(next);
}

function readIpv4(a: Assembler): void {
  a.load("u8", R.TRANSPORT, R.FRAME, SCRATCH);
  a.and(R.TRANSPORT, 0x0f);
  a.shiftLeft(R.TRANSPORT, 2);
  a.storeValue("u8", AT.FAMILY, 4);
  loadBytes(a, 9, AT.PROTOCOL, 1, "none");
  loadBytes(a, 12, AT.SOURCE, 4, "none");
  loadBytes(a, 16, AT.DESTINATION, 4, "none");
  // Fragments after the first have no ports.
  loadBytes(a, 6, SCRATCH, 2, "none");
  a.load("u16", R.A, R.FRAME, SCRATCH);
  a.swap(R.A, 16);
  a.and(R.A, 0x1fff);
  a.jump("notEqual", R.A, 0, "addresses");
}

function readIpv6(a: Assembler, flows: number): void {
  a.storeValue("u8", AT.FAMILY, 6);
  loadBytes(a, 8, AT.SOURCE, 16, "none");
  loadBytes(a, 24, AT.DESTINATION, 16, "none");
  a.load("u32", R.PORTS, R.FRAME, SCRATCH);
  a.swap(R.PORTS, 32);
  a.and(R.PORTS, 0x000fffff);
  a.swap(R.PORTS, 32);
  a.store("u32", AT.PORTS, R.PORTS);
  lookUp(a, SHAPE.LABEL, flows);
  a.storeValue("u32", AT.PORTS, 0);
  a.set(R.PORTS, 0);
  loadBytes(a, 6, AT.PROTOCOL, 1, "none");
  a.set(R.TRANSPORT, 40);
}

/** The program for two maps: the flows, and an array of one entry with a bit for each shape in use. */
export function classifierProgram(flows: number, shapes: number): Uint8Array<ArrayBuffer> {
  const a = new Assembler();
  a.move(R.PACKET, R.A);
  a.map(R.A, shapes, PSEUDO_MAP_VALUE);
  a.load("u32", R.SHAPES, R.A, 0);
  a.jump("equal", R.SHAPES, 0, "none");
  a.set(R.PORTS, 0);
  for (let at = SCRATCH; at < 0; at += 8) a.storeValue("u64", at, 0);
  loadBytes(a, 0, SCRATCH, 4, "none");
  a.load("u8", R.A, R.FRAME, SCRATCH);
  a.and(R.A, 0xf0);
  a.jump("equal", R.A, 0x60, "ipv6");
  a.jump("notEqual", R.A, 0x40, "none");
  readIpv4(a);
  a.jump("always", 0, 0, "transport");
  a.label("ipv6");
  readIpv6(a, flows);
  a.label("transport");
  a.load("u8", R.A, R.FRAME, AT.PROTOCOL);
  a.jump("notEqual", R.A, AH, "ports");
  a.add(R.TRANSPORT, 4);
  a.label("ports");
  loadBytes(a, "transport", AT.PORTS, 4, "portless");
  a.load("u32", R.PORTS, R.FRAME, AT.PORTS);
  lookUp(a, SHAPE.FULL, flows);
  a.storeValue("u16", AT.PORTS, 0);
  lookUp(a, SHAPE.ANY_SOURCE_PORT, flows);
  a.label("portless");
  a.label("addresses");
  a.storeValue("u32", AT.PORTS, 0);
  lookUp(a, SHAPE.ADDRESSES, flows);
  a.storeValue("u64", AT.SOURCE, 0);
  a.storeValue("u64", AT.SOURCE + 8, 0);
  a.store("u32", AT.PORTS, R.PORTS);
  a.storeValue("u16", AT.PORTS, 0);
  lookUp(a, SHAPE.ANY_SENDER, flows);
  a.storeValue("u32", AT.PORTS, 0);
  lookUp(a, SHAPE.DESTINATION, flows);
  a.label("none");
  a.set(R.RESULT, 0);
  a.exit();
  a.label("found");
  a.load("u32", R.RESULT, R.RESULT, 0);
  a.exit();
  return a.finish();
}
