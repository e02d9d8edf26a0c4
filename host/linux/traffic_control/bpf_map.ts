/** Flows in a BPF hash map, where the kernel permits it: one lookup for a packet, however many flows there are. */
import { LinuxError } from "../linux_error.ts";
import { libc } from "../libc.ts";
import {
  BPF,
  createMap,
  descriptorOf,
  loadClassifier,
  MAP_TYPE,
  MapEntries,
  mapFacts,
  mapsOfProgram,
} from "./bpf_call.ts";
import { classifierProgram, KEY_BYTES, SHAPE, SHAPES } from "./bpf_program.ts";
import type { FlowMatch } from "./flow_match.ts";
import { MAJOR } from "./kernel_command.ts";

const MOST_FLOWS = 65536;

/** Which fields a flow has. */
function shapeOf(match: FlowMatch): number {
  if (match.flowLabel !== undefined) return SHAPE.LABEL;
  if (match.securityParameterIndex !== undefined || match.sourcePort !== 0) return SHAPE.FULL;
  if (!match.source) return match.destinationPort === 0 ? SHAPE.DESTINATION : SHAPE.ANY_SENDER;
  return match.destinationPort === 0 ? SHAPE.ADDRESSES : SHAPE.ANY_SOURCE_PORT;
}

/** The key of a flow, as the program makes it of its packets. */
export function flowKey(match: FlowMatch): Uint8Array {
  const key = new Uint8Array(KEY_BYTES);
  const view = new DataView(key.buffer);
  key.set([match.family, shapeOf(match), match.protocol]);
  if (match.flowLabel !== undefined) view.setUint32(4, match.flowLabel);
  else if (match.securityParameterIndex !== undefined) view.setUint32(4, match.securityParameterIndex);
  else {
    view.setUint16(4, match.sourcePort);
    view.setUint16(6, match.destinationPort);
  }
  if (match.source) key.set(match.source, 8);
  key.set(match.destination, 24);
  return key;
}

/** The name under which a leftover entry is found again. */
export function keyName(key: Uint8Array): string {
  return "bpf:" + [...key].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The map of one interface, and the program that asks it. */
export class FlowMap {
  #flows: MapEntries;
  #shapes: MapEntries;
  /** How many flows have each shape. */
  #counts = new Array<number>(SHAPES).fill(0);

  private constructor(flows: number, shapes: number) {
    this.#flows = new MapEntries(flows, KEY_BYTES, 4);
    this.#shapes = new MapEntries(shapes, 4, 4);
  }

  /** An empty map. @throws {LinuxError} where BPF is not permitted. */
  static create(): FlowMap {
    const flows = createMap(MAP_TYPE.HASH, KEY_BYTES, 4, MOST_FLOWS);
    return new FlowMap(flows, createMap(MAP_TYPE.ARRAY, 4, 4, 1));
  }

  /** The map of a program that is there already. @throws {LinuxError} where that is not permitted, or it is another's. */
  static ofProgram(programId: number): FlowMap {
    const maps = mapsOfProgram(programId).map((id) => {
      const descriptor = descriptorOf(BPF.MAP_GET_FD_BY_ID, id, "the map of a classifier");
      return { descriptor, ...mapFacts(descriptor) };
    });
    const flows = maps.find(({ type, keyBytes }) => type === MAP_TYPE.HASH && keyBytes === KEY_BYTES);
    const shapes = maps.find(({ type }) => type === MAP_TYPE.ARRAY);
    if (maps.length !== 2 || !flows || !shapes) {
      for (const { descriptor } of maps) libc().close(descriptor);
      throw new LinuxError("the classifier is of another version", 0);
    }
    const map = new FlowMap(flows.descriptor, shapes.descriptor);
    for (const { key } of map.#flows.list()) map.#counts[key[1]]++;
    return map;
  }

  /** The program, loaded; close it once it is attached. @throws {LinuxError} if the kernel does not take it. */
  loadProgram(): number {
    return loadClassifier(classifierProgram(this.#flows.descriptor, this.#shapes.descriptor));
  }

  /** Sends a flow, which is new to the map, to a class. @throws {LinuxError} if the map is full. */
  set(key: Uint8Array, minor: number): void {
    this.#flows.set(key, ((MAJOR << 16) | minor) >>> 0);
    if (this.#counts[key[1]]++ === 0) this.#tellShapes();
  }

  /** Takes a flow out. @throws {LinuxError} if it is not in. */
  delete(key: Uint8Array): void {
    this.#flows.delete(key);
    if (--this.#counts[key[1]] === 0) this.#tellShapes();
  }

  /** What is in it: keys and minor numbers of classes. */
  list(): { key: Uint8Array; minor: number }[] {
    return this.#flows.list().map(({ key, value }) => ({ key, minor: value & 0xffff }));
  }

  /** Lets go of it; the program has it still. */
  close(): void {
    this.#flows.close();
    this.#shapes.close();
  }

  #tellShapes(): void {
    const bits = this.#counts.reduce((all, count, shape) => count > 0 ? all | (1 << shape) : all, 0);
    this.#shapes.set(new Uint8Array(4), bits);
  }
}
