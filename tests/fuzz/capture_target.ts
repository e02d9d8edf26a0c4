/**
 * The capture reader under attack: capture files of damaged and undamaged messages, themselves damaged, cut, and fed in
 * pieces of any size. What must hold: no trap, an end, and the same messages however the file is cut into pieces.
 */
import { CaptureReader } from "../../host/capture.ts";
import type { Random } from "../../host/random.ts";
import {
  ethernet,
  interfaceBlock,
  ipv4,
  ipv6,
  packetBlock,
  pcap,
  sectionHeader,
  simpleBlock,
  udp,
} from "../capture_samples.ts";
import { type Bytes, concat } from "./bytes.ts";
import { Finding, LONGEST_SUBMIT_MS } from "./lockstep.ts";
import { processorMs } from "../processor_time.ts";

export interface CaptureExports {
  readonly memory: WebAssembly.Memory;
  workspace(bytes: number): number;
  captureStateBytes(): number;
  captureBegin(state: number, mode: number): void;
  captureRead(state: number, chunk: number, length: number, output: number, capacity: number): number;
  captureEnd(state: number, left: number): number;
}

const INTERESTING = [0, 1, 4, 8, 0x40, 0x45, 0x60, 0x7f, 0x80, 0xff];

export class CaptureAttack {
  #exports: CaptureExports;
  #place = 0;
  #room = 0;

  constructor(module: WebAssembly.Module) {
    this.#exports = new WebAssembly.Instance(module, {}).exports as unknown as CaptureExports;
  }

  /** Reads the file in both modes, whole and in pieces. */
  run(file: Uint8Array, pieceBytes: number): void {
    const started = processorMs();
    for (const mode of ["packets", "text"] as const) {
      const whole = this.#read(file, mode, file.length + 1);
      const pieces = this.#read(file, mode, pieceBytes);
      if (whole !== pieces) {
        throw new Finding(`${mode} depend on how the file is cut into pieces of ${pieceBytes} bytes`);
      }
    }
    const took = processorMs() - started;
    if (took > LONGEST_SUBMIT_MS) throw new Finding(`took ${Math.round(took)} ms`);
  }

  #read(file: Uint8Array, mode: "packets" | "text", pieceBytes: number): string {
    const exports = this.#exports;
    const reader = new CaptureReader({
      room: (bytes) => {
        if (bytes > this.#room) [this.#place, this.#room] = [exports.workspace(bytes), bytes];
        return this.#place;
      },
      bytes: () => new Uint8Array(exports.memory.buffer),
      captureStateBytes: () => exports.captureStateBytes(),
      captureBegin: (state, which) => exports.captureBegin(state, which),
      captureRead: (...parameters) => exports.captureRead(...parameters),
      captureEnd: (state, left) => exports.captureEnd(state, left),
    }, mode);
    const digest = new Digest();
    for (let at = 0; at < file.length; at += pieceBytes) {
      const take = (found: Uint8Array) => digest.add(mode === "text" ? found : withoutPlaces(found));
      if (!reader.feed(file.subarray(at, at + pieceBytes), take)) break;
    }
    return `${digest.value} ${JSON.stringify(reader.end())}`;
  }
}

/** The records without where their payloads stood in the piece at hand. */
function withoutPlaces(found: Uint8Array): Uint8Array {
  const copy = found.slice();
  const view = new DataView(copy.buffer);
  for (let at = 0; at < copy.length; at += view.getUint32(at, true)) view.setUint32(at + 12, 0);
  return copy;
}

/** FNV-1a over all that was found. */
class Digest {
  value = 0x811c9dc5;
  add(bytes: Uint8Array): void {
    let value = this.value;
    for (let at = 0; at < bytes.length; at++) value = Math.imul(value ^ bytes[at], 0x01000193);
    this.value = value >>> 0;
  }
}

/** A frame around the message, with link type Ethernet. */
function frame(random: Random, message: Uint8Array): Uint8Array {
  switch (random.below(6)) {
    case 0:
      return ethernet(0x86dd, ipv6(message.subarray(0, 1400)));
    case 1:
      return ethernet(0x0800, ipv4(udp(message.subarray(0, 1400)), { protocol: 17 }));
    case 2:
      return ethernet(0x8100, concat([new Uint8Array([0, 5, 8, 0]), ipv4(message.subarray(0, 1400))]));
    case 3:
      return ethernet(0x0800, ipv4(message.subarray(0, 64), { fragment: [random.below(3) * 8, random.chance(0.5)] }));
    default:
      return ethernet(
        0x0800,
        ipv4(message.subarray(0, 1400), random.chance(0.5) ? { options: new Uint8Array([0x94, 4, 0, 0]) } : {}),
      );
  }
}

/** A capture file of these messages, damaged. */
export function randomCapture(random: Random, messages: readonly Uint8Array[]): Bytes {
  const frames = messages.map((message) => frame(random, message));
  let file: Bytes;
  if (random.chance(0.5)) {
    file = concat([
      pcap(frames, { bigEndian: random.chance(0.3), nanoseconds: random.chance(0.3), modified: random.chance(0.1) }),
    ]);
  } else {
    const blocks = frames.map((one) => random.chance(0.2) ? simpleBlock(one) : packetBlock(0, one, 0x5f000, 1));
    file = concat([sectionHeader(), interfaceBlock(1, random.chance(0.3) ? random.below(256) : undefined), ...blocks]);
  }
  for (let changes = random.below(6); changes > 0 && file.length > 0; changes--) {
    const at = random.chance(0.2) ? random.below(Math.min(64, file.length)) : random.below(file.length);
    file[at] = random.chance(0.5) ? INTERESTING[random.below(INTERESTING.length)] : file[at] ^ (1 << random.below(8));
  }
  return random.chance(0.3) ? file.slice(0, random.below(file.length + 1)) : file;
}
