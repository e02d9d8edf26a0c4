/** Writes what passes as a pcap file that tshark and tcpdump read: link type RAW, IPv4 and IPv6 mixed. */
import type { Clock } from "../clock.ts";
import { ipDatagram } from "./ip_datagram.ts";
import type { Packet, PacketsHandler, Transport, TransportErrorHandler } from "./transport.ts";

const LINKTYPE_RAW = 101;
const SNAPLEN = 65_535;
/** An IPv4 or UDP length has 16 bits; what does not fit is left out and counted. */
const MAXIMUM_PAYLOAD_BYTES = 65_535 - 48;

/**
 * Bytes of a pcap file, record by record: link type RAW, IPv4 and IPv6 mixed, in UDP or not, checksums right. tshark,
 * tcpdump and {@linkcode decodeCapture} read it.
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
 * network.settle();
 *
 * console.log(file.records); // 1
 * for (const { message, source, destination } of decodeCapture(file.bytes())) {
 *   console.log(message, source, destination); // Path 10.0.1.1 10.0.1.2
 * }
 * ```
 */
export class PcapFile {
  /** Messages too long for an IP datagram. */
  skipped = 0;
  #chunks: Uint8Array[] = [fileHeader()];
  #identification = 0;
  #records = 0;

  /** Records written. */
  get records(): number {
    return this.#records;
  }

  /** Adds a packet as seen at `timeMs`, milliseconds since the epoch of the file's choice. */
  add(timeMs: number, packet: Packet): void {
    if (packet.payload.length > MAXIMUM_PAYLOAD_BYTES) {
      this.skipped++;
      return;
    }
    const datagram = ipDatagram(packet, ++this.#identification);
    const record = new Uint8Array(16 + datagram.length);
    const view = new DataView(record.buffer);
    // Nearest microsecond, so that 1.001 ms is not written as 1,000 us.
    const microseconds = Math.round(timeMs * 1000);
    view.setUint32(0, Math.floor(microseconds / 1_000_000), true);
    view.setUint32(4, microseconds % 1_000_000, true);
    view.setUint32(8, datagram.length, true);
    view.setUint32(12, datagram.length, true);
    record.set(datagram, 16);
    this.#chunks.push(record);
    this.#records++;
  }

  /** The file so far. */
  bytes(): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let at = 0;
    for (const chunk of this.#chunks) {
      out.set(chunk, at);
      at += chunk.length;
    }
    return out;
  }

  /** Takes what has been added since the last `take` (the first one starts with the file header), for streaming. */
  take(): Uint8Array<ArrayBuffer> {
    const out = this.bytes();
    this.#chunks = [];
    return out;
  }
}

function fileHeader(): Uint8Array {
  const header = new Uint8Array(24);
  const view = new DataView(header.buffer);
  view.setUint32(0, 0xa1b2c3d4, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, SNAPLEN, true);
  view.setUint32(20, LINKTYPE_RAW, true);
  return header;
}

/**
 * Wraps a transport and writes every datagram that passes, in both directions.
 *
 * @example
 * ```ts
 * import { defaultModule, MemoryTransport, PcapWriter, RsvpNode, StaticRouting, SystemClock } from "@resv/resv";
 *
 * const clock = new SystemClock();
 * const transport = new PcapWriter(new MemoryTransport({ send: () => {} }), clock, undefined, Date.now() - clock.nowMs());
 * const routing = new StaticRouting([{ prefix: "10.0.0.0/24", interface: 1 }]);
 * const interfaces = [{ interface: 1, addresses: ["10.0.0.1/24"] }];
 * const node = new RsvpNode({ module: defaultModule(), transport, clock, routing, interfaces });
 * node.session({ destination: "10.0.0.2", port: 5004 }).sender({ tokenBucketRateBytesPerSecond: 12_500 });
 * node.close();
 * console.log(transport.file.records); // 1
 * ```
 */
export class PcapWriter implements Transport {
  /** What has been written. */
  readonly file: PcapFile;
  #inner: Transport;
  #clock: Clock;
  #startMs: number;

  /** `startMs` is the wall-clock time at which `clock` read zero; 0 puts a simulation at the epoch. */
  constructor(inner: Transport, clock: Clock, file: PcapFile = new PcapFile(), startMs = 0) {
    this.#inner = inner;
    this.#clock = clock;
    this.#startMs = startMs;
    this.file = file;
  }

  /** Writes the datagram and sends it. */
  send(packet: Packet): void {
    this.#write(packet);
    this.#inner.send(packet);
  }

  /** Writes the datagram and relays it. */
  relay(packet: Packet): void {
    this.#write(packet);
    this.#inner.relay(packet);
  }

  /** Sets who takes what arrives, after it is written. */
  onPackets(handler: PacketsHandler): void {
    this.#inner.onPackets((packets) => {
      for (const packet of packets) this.#write(packet);
      handler(packets);
    });
  }

  /** Hands the handler to the inner transport. */
  onError(handler: TransportErrorHandler): void {
    this.#inner.onError(handler);
  }

  /** Closes the inner transport; the file stays. */
  close(): void {
    this.#inner.close();
  }

  #write(packet: Packet): void {
    this.file.add(this.#startMs + this.#clock.nowMs(), packet);
  }
}
