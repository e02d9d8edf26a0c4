/** A - R - B: a lab of three namespaces in a line, in both families; R forwards. */
import { RawTransport, type RawTransportOptions } from "../../host/linux/raw_transport.ts";
import type { SocketTransport } from "../../host/linux/socket_transport.ts";
import { UdpSocketTransport } from "../../host/linux/udp_transport.ts";
import type { Packet } from "../../host/transport/transport.ts";
import { formatAddress, parseAddress } from "../../host/address.ts";
import { buildLab, removeLab } from "../../scripts/lab/build.ts";
import type { Topology } from "../../scripts/lab/topology.ts";
import { assert } from "../assert.ts";
import { inNamespace } from "./namespace.ts";

/** Addresses of each family: A, R towards A and towards B, B, and a group. */
export const FAMILIES = {
  IPv4: { a: "10.0.1.1", ra: "10.0.1.2", rb: "10.0.2.2", b: "10.0.2.3", bits: 24, group: "224.1.2.3" },
  IPv6: { a: "fd00:1::1", ra: "fd00:1::2", rb: "fd00:2::2", b: "fd00:2::3", bits: 64, group: "ff0e::1:2" },
} as const;

/** Full names of the namespaces. A and B have `to-r`, R has `to-a` and `to-b`. */
export type Line = Record<"a" | "r" | "b", string>;

const TOPOLOGY: Topology = {
  what: "A - R - B",
  nodes: { a: "host", r: "router", b: "host" },
  links: [{ ends: ["a", "r"] }, { ends: ["r", "b"] }],
};
let made = 0;

/** Makes the line, runs `body`, removes it. */
export async function withLine(body: (line: Line) => Promise<void>): Promise<void> {
  const lab = await buildLab(TOPOLOGY, `resv-${Deno.pid}-line${++made}`);
  try {
    await body({ a: lab.namespace("a"), r: lab.namespace("r"), b: lab.namespace("b") });
  } finally {
    await removeLab(lab.prefix);
  }
}

/** A packet as a test writes it. */
export interface PlainPacket {
  interface: number;
  /** Empty for the transport's choice. */
  source: string;
  destination: string;
  ttl: number;
  routerAlert: number;
  encapsulation: number;
  payload: Uint8Array;
}

/** A packet of a plain one. */
export function packetOf(plain: PlainPacket): Packet {
  const { bytes: destination, family } = parseAddress(plain.destination);
  const source = plain.source === "" ? new Uint8Array(16) : parseAddress(plain.source).bytes;
  return { ...plain, source, destination, family };
}

/** A transport in a namespace, which keeps what it receives and every error. */
export class Listener<T extends SocketTransport = SocketTransport> implements AsyncDisposable {
  readonly transport: T;
  readonly errors: string[] = [];
  #received: PlainPacket[] = [];

  constructor(transport: T) {
    this.transport = transport;
    transport.onError((error) => this.errors.push(error.message));
    transport.onPackets((packets) => {
      for (const packet of packets) {
        const { interface: handle, family, ttl, routerAlert, encapsulation, payload } = packet;
        const [source, destination] = [packet.source, packet.destination].map((bytes) => formatAddress(bytes, family));
        this.#received.push({ interface: handle, source, destination, ttl, routerAlert, encapsulation, payload });
      }
    });
  }

  /** On raw IP. */
  static raw(namespace: string, options: RawTransportOptions): Listener<RawTransport> {
    return new Listener(inNamespace(namespace, () => RawTransport.open(options)));
  }

  /** On UDP. */
  static udp(namespace: string, options: RawTransportOptions): Listener<UdpSocketTransport> {
    return new Listener(inNamespace(namespace, () => UdpSocketTransport.open(options)));
  }

  /** Waits for so many packets, and a little for more that should not come; takes and returns them all. */
  async packets(count: number, withinMs = 3_000): Promise<PlainPacket[]> {
    const end = performance.now() + withinMs;
    while (this.#received.length < count) {
      assert(performance.now() < end, `${this.#received.length} of ${count} packets came within ${withinMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    return this.#received.splice(0);
  }

  /** Sends what is written as text. */
  send(plain: PlainPacket): void {
    this.transport.send(packetOf(plain));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.transport.close();
  }
}

/** Waits until it holds. */
export async function until(what: string, holds: () => boolean, withinMs = 5_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!holds()) {
    assert(performance.now() < end, `not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
