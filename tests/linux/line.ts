/** A - R - B: three namespaces in a line, joined by veth pairs, in both families; R forwards. */
import { RawTransport, type RawTransportOptions } from "../../host/linux/raw_transport.ts";
import type { SocketTransport } from "../../host/linux/socket_transport.ts";
import { UdpSocketTransport } from "../../host/linux/udp_transport.ts";
import type { Packet } from "../../host/transport/transport.ts";
import { formatAddress, parseAddress } from "../../host/address.ts";
import { assert } from "../assert.ts";
import { inNamespace, run, withNamespaces } from "./namespace.ts";

/** Addresses of each family: A, R towards A and towards B, B, and a group. */
export const FAMILIES = {
  IPv4: { a: "10.1.0.1", ra: "10.1.0.2", rb: "10.2.0.1", b: "10.2.0.2", bits: 24, group: "224.1.2.3" },
  IPv6: { a: "fd00:1::1", ra: "fd00:1::2", rb: "fd00:2::1", b: "fd00:2::2", bits: 64, group: "ff0e::1:2" },
} as const;

/** Full names of the namespaces. A and B have `eth0`, R has `left` and `right`. */
export type Line = Record<"a" | "r" | "b", string>;

/** With prefix lengths, of both families. */
export const addressesOf = (end: "a" | "ra" | "rb" | "b"): string[] =>
  Object.values(FAMILIES).map((family) => `${family[end]}/${family.bits}`);

async function link(at: string, name: string, addresses: string[], peer: string, peerName: string, peers: string[]) {
  await run("ip", "link", "add", name, "netns", at, "type", "veth", "peer", "name", peerName, "netns", peer);
  for (const [namespace, device, list] of [[at, name, addresses], [peer, peerName, peers]] as const) {
    await run("ip", "-n", namespace, "link", "set", device, "up");
    for (const address of list) {
      // Usable at once, without looking for duplicates.
      const nodad = address.includes(":") ? ["nodad"] : [];
      await run("ip", "-n", namespace, "addr", "add", address, "dev", device, ...nodad);
    }
  }
}

/** Makes the line, runs `body`, removes it. */
export function withLine(body: (line: Line) => Promise<void>): Promise<void> {
  return withNamespaces(["a", "r", "b"], async (line) => {
    for (const namespace of Object.values(line)) {
      await run("ip", "netns", "exec", namespace, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0");
    }
    const forward = ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"];
    await run("ip", "netns", "exec", line.r, "sysctl", "-qw", ...forward);
    await link(line.a, "eth0", addressesOf("a"), line.r, "left", addressesOf("ra"));
    await link(line.b, "eth0", addressesOf("b"), line.r, "right", addressesOf("rb"));
    for (const { ra, rb } of Object.values(FAMILIES)) {
      await run("ip", "-n", line.a, "route", "add", "default", "via", ra);
      await run("ip", "-n", line.b, "route", "add", "default", "via", rb);
    }
    await body(line);
  });
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
