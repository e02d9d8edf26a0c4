/**
 * Flowspec arithmetic for the QOS service provider, done by the engine (engine-as/merge/arithmetic.ts): RFC 2210, 2211,
 * 2212 and 2215 are not known here. An engine of its own, which holds no state, so that it may be asked at any time.
 */
import { ARITHMETIC, ARITHMETIC_HEADER_BYTES, SERVICE, STATUS } from "../boundary.gen.ts";
import { Engine } from "../engine.ts";
import { ResvError } from "../engine_errors.ts";
import { decodeObjects, encodeObjects, type ObjectInput } from "../object_list.ts";
import type { RsvpObject } from "../objects.gen.ts";

/** An object to calculate with. */
export type Operand = ObjectInput | RsvpObject;

/** Int-Serv service numbers (RFC 2215). */
export const INTEGRATED_SERVICE = { GENERAL: 1, GUARANTEED: 2, CONTROLLED_LOAD: 5, NULL: 6 } as const;

/** A token bucket in numbers. */
export interface Bucket {
  tokenBucketRateBytesPerSecond: number;
  tokenBucketSizeBytes: number;
  peakRateBytesPerSecond: number;
  minimumPolicedUnitBytes: number;
  maximumPacketSizeBytes: number;
}

/** What an ADSPEC says of one service, overrides before defaults. */
export interface PathCharacteristics {
  offered: boolean;
  breakBit: boolean;
  /** Some hop of the path lacks Int-Serv altogether. */
  pathBreakBit: boolean;
  hops: number;
  bandwidthBytesPerSecond: number;
  latencyMicroseconds: number;
  mtuBytes: number;
  cTotalBytes: number;
  dTotalMicroseconds: number;
  cSumBytes: number;
  dSumMicroseconds: number;
}

/** A request of guaranteed service for a wanted delay. */
export interface DelayRequest {
  /** Undefined if no rate reaches the delay. */
  flowspec: RsvpObject | undefined;
  rateBytesPerSecond: number;
  slackMicroseconds: number;
}

interface Answer {
  objects: RsvpObject[];
  number(index: number): number;
}

const LITTLE_ENDIAN = true;
const UNKNOWN_BANDWIDTH = 3.4028234663852886e38;
const NO_LIMIT = 0xffffffff;
const REMEMBERED_TSPECS = 256;

/** Typed calls of the engine's arithmetic. */
export class QosArithmetic {
  #engine: Engine;
  /** By the services that are offered. */
  #adspecs = new Map<number, RsvpObject>();
  /** By the bucket's numbers. */
  #tspecs = new Map<string, RsvpObject>();
  #paths = new WeakMap<Operand, Map<number, PathCharacteristics>>();

  /** Makes an engine of its own from the module. */
  constructor(module: WebAssembly.Module) {
    this.#engine = new Engine(module);
  }

  /** SENDER_TSPEC of a token bucket (RFC 2210 3.1). Remembered: sockets of one application ask for the same. */
  senderTspec(bucket: Bucket): RsvpObject {
    const numbers = [
      bucket.tokenBucketRateBytesPerSecond,
      bucket.tokenBucketSizeBytes,
      bucket.peakRateBytesPerSecond,
      bucket.minimumPolicedUnitBytes,
      bucket.maximumPacketSizeBytes,
    ];
    const key = numbers.join();
    const known = this.#tspecs.get(key);
    if (known) return known;
    const tspec = this.#one(ARITHMETIC.WRITE_TSPEC, [], numbers);
    if (this.#tspecs.size >= REMEMBERED_TSPECS) this.#tspecs.clear();
    this.#tspecs.set(key, tspec);
    return tspec;
  }

  /** The ADSPEC with which a sender starts that offers only these services (RFC 2210 3.3); neutral in every term. */
  adspec(services: readonly (keyof typeof SERVICE)[]): RsvpObject {
    const offered = services.reduce((bits, service) => bits | SERVICE[service], 0);
    const known = this.#adspecs.get(offered);
    if (known) return known;
    const every = SERVICE.CONTROLLED_LOAD | SERVICE.GUARANTEED | SERVICE.NULL;
    const numbers = [UNKNOWN_BANDWIDTH, 0, NO_LIMIT, 0, 0, every, offered, 0];
    const adspec = this.#one(ARITHMETIC.CREATE_ADSPEC, [], numbers);
    this.#adspecs.set(offered, adspec);
    return adspec;
  }

  /** FLOWSPEC that asks a service for what a SENDER_TSPEC describes; M at the most `mtuBytes`, R at least r. */
  flowspecFromTspec(tspec: Operand, service: number, mtuBytes: number, rate = 0, slackMicroseconds = 0): RsvpObject {
    return this.#one(ARITHMETIC.FLOWSPEC_FROM_TSPEC, [tspec], [service, mtuBytes, rate, slackMicroseconds]);
  }

  /** FLOWSPEC of guaranteed service that keeps the delay at or below what is wanted (RFC 2212). */
  flowspecForDelay(tspec: Operand, adspec: Operand, wantedMicroseconds: number): DelayRequest {
    const answer = this.#call(ARITHMETIC.FLOWSPEC_FOR_DELAY, [tspec, adspec], [wantedMicroseconds / 1e6]);
    return { flowspec: answer.objects[0], rateBytesPerSecond: answer.number(0), slackMicroseconds: answer.number(1) };
  }

  /** Least upper bound of FLOWSPECs of one service (RFC 2205 2.2). */
  leastUpperBound(flowspecs: readonly RsvpObject[]): RsvpObject {
    return flowspecs.reduce((a, b) => this.#one(ARITHMETIC.LEAST_UPPER_BOUND, [a, b]));
  }

  /** What an ADSPEC says of a service. Remembered with the ADSPEC, which is asked about again and again. */
  path(adspec: Operand, service: number): PathCharacteristics {
    const known = this.#paths.get(adspec) ?? new Map<number, PathCharacteristics>();
    this.#paths.set(adspec, known);
    const path = known.get(service) ?? this.#path(adspec, service);
    known.set(service, path);
    return path;
  }

  #path(adspec: Operand, service: number): PathCharacteristics {
    const { number } = this.#call(ARITHMETIC.PATH_CHARACTERISTICS, [adspec], [service]);
    return {
      offered: number(0) === 1,
      breakBit: number(1) === 1,
      pathBreakBit: number(2) === 1,
      hops: number(3),
      bandwidthBytesPerSecond: number(4),
      latencyMicroseconds: number(5),
      mtuBytes: number(6),
      cTotalBytes: number(7),
      dTotalMicroseconds: number(8),
      cSumBytes: number(9),
      dSumMicroseconds: number(10),
    };
  }

  /** The ERROR_SPEC code and value with which RSVP would answer these objects; undefined if they are sound. */
  validate(objects: readonly Operand[]): { errorCode: number; errorValue: number } | undefined {
    const every = SERVICE.CONTROLLED_LOAD | SERVICE.GUARANTEED | SERVICE.NULL;
    const { status, number } = this.#raw(ARITHMETIC.VALIDATE, objects, [every]);
    if (status === STATUS.BAD_VALUE) return { errorCode: number(0), errorValue: number(1) };
    if (status !== STATUS.OK) throw new ResvError(status, "checking flowspecs");
    return undefined;
  }

  #one(operation: number, operands: readonly Operand[], numbers: readonly number[] = []): RsvpObject {
    const [object] = this.#call(operation, operands, numbers).objects;
    return object;
  }

  #call(operation: number, operands: readonly Operand[], numbers: readonly number[]): Answer {
    const answer = this.#raw(operation, operands, numbers);
    if (answer.status !== STATUS.OK) throw new ResvError(answer.status, "flowspec arithmetic");
    return answer;
  }

  #raw(operation: number, operands: readonly Operand[], numbers: readonly number[]): Answer & { status: number } {
    const objects = encodeObjects(operands);
    const inbox = new Uint8Array(ARITHMETIC_HEADER_BYTES + objects.length);
    const view = new DataView(inbox.buffer);
    view.setUint32(4, objects.length, LITTLE_ENDIAN);
    numbers.forEach((number, index) => view.setFloat64(8 + 8 * index, number, LITTLE_ENDIAN));
    inbox.set(objects, ARITHMETIC_HEADER_BYTES);
    const out = this.#engine.arithmetic(operation, inbox);
    const outView = new DataView(out.buffer, out.byteOffset, out.byteLength);

    return {
      status: outView.getUint32(0, LITTLE_ENDIAN),
      number: (index) => outView.getFloat64(8 + 8 * index, LITTLE_ENDIAN),
      objects: decodeObjects(out.subarray(ARITHMETIC_HEADER_BYTES)),
    };
  }
}
