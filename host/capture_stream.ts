/**
 * Captures (pcap, pcapng) as messages: a stream to pipe bytes through, and a generator for bytes that are all there. What
 * comes out is plain, and says what a line of `resv decode --ndjson` says.
 */
import { CAPTURE_FLAG, type CapturedMessage, type CaptureReader, type CaptureStatus, readCaptured } from "./capture.ts";
import { openCapture } from "./capture_engine.ts";
import { Codec, type Message, type Problem } from "./codec.ts";
import { CodecEngine } from "./codec_engine.ts";
import { hex } from "./codec/read.ts";
import { defaultCodec } from "./default_codec.ts";
import { MESSAGE_NAMES, type MessageName } from "./messages.gen.ts";

/** Where and how a message was captured. */
export interface CapturePlace {
  /** Number of the frame in the capture, from 1; of a message in fragments, the last one's. */
  frame: number;
  /** Seconds since 1970 with nine decimals, as text because a number would lose some; zeros where the capture has no time. */
  timestamp: string;
  /** IP source address. */
  source: string;
  /** IP destination address. */
  destination: string;
  /** IP TTL or hop limit. */
  ttl: number;
  /** In UDP (RFC 2205 appendix C), not raw IP. */
  encapsulation?: "UDP";
  /** The packet had the IP Router Alert option (RFC 2113, RFC 2711). */
  routerAlert?: true;
  /** The capture has only a part of the message. */
  truncated?: true;
  /** The IPv4 header's checksum does not match. */
  ipChecksum?: "bad";
  /** Put together from IP fragments. */
  reassembled?: true;
  /** In GRE or IP in IP. */
  tunnelled?: true;
  /** Quoted in an ICMP error: it did not arrive. */
  quoted?: true;
  /** Under MPLS labels. */
  mpls?: true;
}

/** A message of a capture that cannot be taken apart. */
export interface UnreadableMessage {
  /** Name of its type; undefined if not even that was captured. */
  message?: MessageName | "UNKNOWN";
  /** Number of its type. */
  type?: number;
  /** What is wrong, where, and in which object. */
  error: Problem;
  /** All of it, hex. */
  bytes: string;
}

/** A message of a capture; `error` tells those apart that cannot be taken apart. */
export type CaptureEntry = CapturePlace & ((Message & { error?: undefined }) | UnreadableMessage);

/** What else there was in a capture that could be read to its end. */
export interface CaptureTotals {
  /** Records of the capture, whatever they hold. */
  readonly frames: number;
  /** RSVP messages in them. */
  readonly messages: number;
  /** Frames of link types that are not read. */
  readonly unknownLinkFrames: number;
}

/** Options of {@linkcode CaptureStream} and {@linkcode decodeCapture}. */
export interface CaptureOptions {
  /** The compiled engine, where a runtime does not compile from bytes (workerd); the embedded one by default. */
  readonly module?: WebAssembly.Module;
}

/**
 * A capture is none, or is cut short or broken; what stood before that has been handed out.
 *
 * @example
 * ```ts
 * import { CaptureError, decodeCapture } from "@resv/resv";
 *
 * try {
 *   for (const _entry of decodeCapture(new TextEncoder().encode("a text"))) console.log("no entry is expected");
 * } catch (error) {
 *   if (error instanceof CaptureError) console.log(error.status, error.offset); // NOT_A_CAPTURE 0
 * }
 * ```
 */
export class CaptureError extends Error {
  /** Tells it from other errors where `instanceof` cannot. */
  override readonly name = "CaptureError";
  /** What is wrong with the capture. */
  readonly status: Exclude<CaptureStatus, "OK">;
  /** Byte of the capture at which the record starts that cannot be read. */
  readonly offset: number;

  /** Of what the reader of captures found. */
  constructor(status: Exclude<CaptureStatus, "OK">, offset: number) {
    super(`${CAPTURE_ERROR_TEXT[status]} (byte ${offset})`);
    this.status = status;
    this.offset = offset;
  }
}

const CAPTURE_ERROR_TEXT: Readonly<Record<Exclude<CaptureStatus, "OK">, string>> = {
  NOT_A_CAPTURE: "not a capture (neither pcap nor pcapng)",
  CUT_HEADER: "the capture ends inside its file header",
  CUT_RECORD: "the capture ends inside a record",
  BAD_RECORD: "a record of the capture contradicts itself",
};

/** So much is read before its messages are handed out, however big the chunks are that come. */
const PART_BYTES = 1 << 18;

/**
 * A transform from the bytes of a capture to its messages, in constant memory:
 * `file.readable.pipeThrough(new CaptureStream())`. The readable side fails with a {@linkcode CaptureError} where the
 * capture is cut short or broken, after everything before that.
 *
 * @example
 * ```ts
 * import { CaptureStream, Network } from "@resv/resv";
 *
 * const network = new Network();
 * const alice = network.host("alice"), bob = network.host("bob");
 * network.link(alice, bob);
 * const file = network.capture();
 * alice.send({ destination: bob.address, port: 5004 }, { tokenBucketRateBytesPerSecond: 12_500 });
 * network.run(100);
 *
 * const capture = new CaptureStream();
 * // Elsewhere: (await Deno.open("capture.pcap")).readable, (await fetch(url)).body, request.body
 * for await (const entry of new Blob([file.bytes()]).stream().pipeThrough(capture)) {
 *   if (!entry.error) console.log(entry.timestamp, entry.message, entry.objects.length); // 0.000000000 Path 6
 * }
 * console.log((await capture.totals)?.messages); // 1
 * ```
 */
export class CaptureStream implements ReadableWritablePair<CaptureEntry, Uint8Array> {
  /** The messages, in the order of the capture. */
  readonly readable: ReadableStream<CaptureEntry>;
  /** Takes the bytes of the capture, in chunks of any size. */
  readonly writable: WritableStream<Uint8Array>;
  /** What there was; settled at the end. Rejected never: what goes wrong is the readable side's. */
  readonly totals: Promise<CaptureTotals | undefined>;

  /** For one capture; make another for another. */
  constructor(options: CaptureOptions = {}) {
    const bytes = new TransformStream<Uint8Array, Uint8Array>();
    const { promise, resolve } = settled<CaptureTotals | undefined>();
    const entries = readEntries(bytes.readable, options, resolve);
    this.writable = bytes.writable;
    this.totals = promise;
    this.readable = new ReadableStream<CaptureEntry>({
      async pull(controller) {
        const { done, value } = await entries.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel(reason) {
        await entries.return();
        await bytes.readable.cancel(reason).catch(() => {});
        resolve(undefined);
      },
      // Nothing waits in the queue when an error comes, which would throw it away.
    }, { highWaterMark: 0 });
  }
}

/**
 * The messages of a capture whose bytes are all there.
 * @throws {CaptureError} after the last message, if the capture is none or is cut short or broken.
 *
 * @example
 * ```ts
 * import { decodeCapture, Network } from "@resv/resv";
 *
 * const network = new Network();
 * const alice = network.host("alice"), bob = network.host("bob");
 * network.link(alice, bob);
 * const file = network.capture();
 * alice.send({ destination: bob.address, port: 5004 }, { tokenBucketRateBytesPerSecond: 12_500 });
 * network.run(100);
 *
 * for (const entry of decodeCapture(file.bytes())) {
 *   if (entry.error) console.log(entry.frame, entry.error.text);
 *   else console.log(entry.frame, entry.source, entry.message, entry.routerAlert); // 1 10.0.1.1 Path true
 * }
 * ```
 */
export function* decodeCapture(
  bytes: Uint8Array,
  options: CaptureOptions = {},
): Generator<CaptureEntry, CaptureTotals, void> {
  const reader = new EntryReader(options);
  for (let at = 0; at < bytes.length && !reader.failed; at += PART_BYTES) {
    yield* reader.read(bytes.subarray(at, at + PART_BYTES));
  }
  return reader.end();
}

async function* readEntries(
  bytes: ReadableStream<Uint8Array>,
  options: CaptureOptions,
  finish: (totals: CaptureTotals | undefined) => void,
): AsyncGenerator<CaptureEntry, void, void> {
  const source = bytes.getReader();
  try {
    const reader = new EntryReader(options);
    for (let part = await source.read(); !part.done && !reader.failed; part = await source.read()) {
      for (let at = 0; at < part.value.length && !reader.failed; at += PART_BYTES) {
        yield* reader.read(part.value.subarray(at, at + PART_BYTES));
      }
    }
    finish(reader.end());
  } catch (error) {
    finish(undefined);
    // Whoever still writes is told too.
    await source.cancel(error).catch(() => {});
    throw error;
  } finally {
    source.releaseLock();
  }
}

/** Promise.withResolvers, which Node 20 does not have. */
function settled<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => resolve = settle);
  return { promise, resolve };
}

/** Bytes in, messages out. */
class EntryReader {
  /** True once the capture cannot be read any further. */
  failed = false;
  #reader: CaptureReader;
  #codec: Codec;

  constructor({ module }: CaptureOptions) {
    this.#reader = openCapture("packets", module);
    this.#codec = module ? new Codec(CodecEngine.of(module)) : defaultCodec();
  }

  read(bytes: Uint8Array): CaptureEntry[] {
    const entries: CaptureEntry[] = [];
    this.failed = !this.#reader.feed(bytes, (found) => {
      for (const captured of readCaptured(found)) entries.push(this.#entry(captured));
    });
    return entries;
  }

  end(): CaptureTotals {
    const { status, offset, frames, messages, unknownLinkFrames } = this.#reader.end();
    if (status !== "OK") throw new CaptureError(status, offset);
    return { frames, messages, unknownLinkFrames };
  }

  #entry(captured: CapturedMessage): CaptureEntry {
    const place = placeOf(captured), { payload } = captured;
    const result = this.#codec.tryDecode(payload);
    if (result.ok) return { ...place, ...result.message };
    const { status, text, rfc, class: number, ctype, offset } = result;
    const type = payload[1];
    const head = type === undefined ? {} : { message: (MESSAGE_NAMES[type] ?? "UNKNOWN") as MessageName, type };
    const error = { status, text, rfc, class: number, ctype, offset };
    return { ...place, ...head, error, bytes: hex(payload, 0, payload.length) };
  }
}

function placeOf({ frame, seconds, nanoseconds, source, destination, ttl, udpPort, flags }: CapturedMessage) {
  const timestamp = `${seconds}.${String(nanoseconds).padStart(9, "0")}`;
  const place: CapturePlace = { frame, timestamp, source, destination, ttl };
  if (udpPort !== 0) place.encapsulation = "UDP";
  if (flags & CAPTURE_FLAG.ROUTER_ALERT) place.routerAlert = true;
  if (flags & CAPTURE_FLAG.TRUNCATED) place.truncated = true;
  if (flags & CAPTURE_FLAG.BAD_IP_CHECKSUM) place.ipChecksum = "bad";
  if (flags & CAPTURE_FLAG.REASSEMBLED) place.reassembled = true;
  if (flags & CAPTURE_FLAG.TUNNELLED) place.tunnelled = true;
  if (flags & CAPTURE_FLAG.QUOTED) place.quoted = true;
  if (flags & CAPTURE_FLAG.MPLS) place.mpls = true;
  return place;
}
