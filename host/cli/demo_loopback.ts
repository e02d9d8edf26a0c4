/** The demo on real UDP sockets: every node binds its own loopback addresses, ports 1698 and 1699. */
import { formatAddress } from "../address.ts";
import { SystemClock } from "../clock.ts";
import { defaultModule } from "../default_module.ts";
import { RsvpNode } from "../node.ts";
import type { InterfaceSettings } from "../node_settings.ts";
import { type StaticRoute, StaticRouting } from "../routing/static_routing.ts";
import { PcapFile } from "../transport/pcap_writer.ts";
import type { Packet, PacketsHandler, Transport, TransportErrorHandler } from "../transport/transport.ts";
import { UdpOpenError, UdpTransport } from "../transport/udp.ts";
import type { DemoWorld, DemoWorldOptions, Sighting } from "./demo_world.ts";
import { CommandError } from "./output.ts";

/** Where loopback networks are tried, second octet: another demo may hold the first. */
const NETWORKS_TRIED = 8;
/** Nothing on its way and nothing arrived for so long: quiet. */
const QUIET_MS = 40;
const PREFIX_LENGTH = 24;

/** What all three transports tell: who sent what, and when it arrived. */
class Trace {
  readonly file = new PcapFile();
  readonly columnOf = new Map<string, number>();
  onSighting: (sighting: Sighting) => void = () => {};
  lastMs = 0;
  #inFlight = new Map<string, { packet: Packet; from: number; timeMs: number }[]>();
  #startMs = performance.now();

  nowMs(): number {
    return performance.now() - this.#startMs;
  }

  get quiet(): boolean {
    return this.#inFlight.size === 0 && this.nowMs() - this.lastMs >= QUIET_MS;
  }

  sent(packet: Packet, from: number): void {
    const timeMs = this.lastMs = this.nowMs();
    this.file.add(performance.timeOrigin + this.#startMs + timeMs, packet);
    const key = keyOf(packet);
    const waiting = this.#inFlight.get(key);
    if (waiting) waiting.push({ packet, from, timeMs });
    else this.#inFlight.set(key, [{ packet, from, timeMs }]);
  }

  arrived(packet: Packet, to: number): void {
    const key = keyOf(packet);
    const waiting = this.#inFlight.get(key);
    const from = waiting?.shift()?.from ?? this.columnOf.get(formatAddress(packet.source, packet.family)) ?? to;
    if (waiting?.length === 0) this.#inFlight.delete(key);
    this.lastMs = this.nowMs();
    this.onSighting({ timeMs: this.lastMs, from, to, packet, lost: false });
  }

  reportLost(): void {
    for (const { packet, from, timeMs } of [...this.#inFlight.values()].flat()) {
      const to = this.columnOf.get(formatAddress(packet.destination, packet.family)) ?? from;
      this.onSighting({ timeMs, from, to, packet, lost: true });
    }
    this.#inFlight.clear();
  }
}

/** The same datagram has the same key where it is sent and where it arrives. */
function keyOf({ source, destination, family, encapsulation, payload }: Packet): string {
  return [formatAddress(source, family), formatAddress(destination, family), encapsulation, payload.join()].join(" ");
}

/** A transport that tells a trace of everything it carries. */
class TracedTransport implements Transport {
  constructor(readonly inner: UdpTransport, readonly trace: Trace, readonly column: number) {}

  send(packet: Packet): void {
    this.trace.sent(packet, this.column);
    this.inner.send(packet);
  }

  relay(packet: Packet): void {
    this.inner.relay(packet);
  }

  onPackets(handler: PacketsHandler): void {
    this.inner.onPackets((packets) => {
      for (const packet of packets) this.trace.arrived(packet, this.column);
      handler(packets);
    });
  }

  onError(handler: TransportErrorHandler): void {
    this.inner.onError(handler);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}

/** One node of the line, as it is to be set up. */
interface Plan {
  readonly interfaces: readonly InterfaceSettings[];
  readonly routes: readonly StaticRoute[];
}

/**
 * The line: 127.N.1.0/24 between sender and router, 127.N.2.0/24 between router and receiver. Nobody has raw access, so
 * every interface is UDP only and names the next hop to which it sends Path (Ra of RFC 2205 appendix C).
 */
function plan(network: number, reservableBytesPerSecond: number): Plan[] {
  const left = `127.${network}.1`, right = `127.${network}.2`;
  const one = (handle: number, address: string, more: Partial<InterfaceSettings> = {}): InterfaceSettings => ({
    interface: handle,
    addresses: [`${address}/${PREFIX_LENGTH}`],
    udp: "only",
    ...more,
  });
  return [
    {
      interfaces: [one(1, `${left}.2`, { udpNextHop: `${left}.1` })],
      routes: [
        { prefix: `${left}.2`, local: true },
        { prefix: `${left}.0/24`, interface: 1 },
        { prefix: `127.${network}.0.0/16`, interface: 1, gateway: `${left}.1` },
      ],
    },
    {
      interfaces: [one(1, `${left}.1`), one(2, `${right}.1`, { reservableBytesPerSecond })],
      routes: [
        { prefix: `${left}.1`, local: true },
        { prefix: `${right}.1`, local: true },
        { prefix: `${left}.0/24`, interface: 1 },
        { prefix: `${right}.0/24`, interface: 2 },
      ],
    },
    {
      interfaces: [one(1, `${right}.2`, { udpNextHop: `${right}.1` })],
      routes: [
        { prefix: `${right}.2`, local: true },
        { prefix: `${right}.0/24`, interface: 1 },
        { prefix: `127.${network}.0.0/16`, interface: 1, gateway: `${right}.1` },
      ],
    },
  ];
}

/** Opens the sockets of all nodes, on the first network whose ports are free. */
async function openTransports(plans: (network: number) => readonly Plan[]): Promise<[number, UdpTransport[]]> {
  for (let network = 0;; network++) {
    const open: UdpTransport[] = [];
    try {
      for (const { interfaces } of plans(network)) {
        const addresses = interfaces.map((settings) => {
          const [address, prefixLength] = settings.addresses[0].split("/");
          return { interface: settings.interface, address, prefixLength: Number(prefixLength) };
        });
        open.push(await UdpTransport.open({ addresses, listenToGroup: false }));
      }
      return [network, open];
    } catch (error) {
      await Promise.all(open.map((transport) => transport.close()));
      if (!(error instanceof UdpOpenError)) throw error;
      if (error.code !== "EADDRINUSE" || network + 1 === NETWORKS_TRIED) throw new CommandError(error.message);
    }
  }
}

/** Opens the world. Throws a {@linkcode CommandError} if its sockets cannot be opened. */
export async function openLoopback(options: DemoWorldOptions): Promise<DemoWorld> {
  const plans = (network: number) => plan(network, options.reservableBytesPerSecond);
  const [network, transports] = await openTransports(plans);
  const trace = new Trace();
  const failures: Error[] = [];
  const nodes = plans(network).map(({ interfaces, routes }, column) => {
    for (const { addresses } of interfaces) trace.columnOf.set(addresses[0].split("/")[0], column);
    return new RsvpNode({
      module: defaultModule(),
      transport: new TracedTransport(transports[column], trace, column),
      routing: new StaticRouting(routes),
      clock: new SystemClock(),
      interfaces,
      host: column !== 1,
      onError: (error) => void failures.push(error),
    });
  });
  return {
    nodes: nodes as unknown as DemoWorld["nodes"],
    destination: `127.${network}.2.2`,
    description: `real UDP datagrams between 127.${network}.1.2, 127.${network}.1.1 / 127.${network}.2.1 and ` +
      `127.${network}.2.2, ports 1698 and 1699`,
    encapsulated: true,
    nowMs: () => trace.nowMs(),
    onMessage: (handler) => void (trace.onSighting = handler),
    async until(condition, limitMs) {
      const end = trace.nowMs() + limitMs;
      while (!(condition() && trace.quiet)) {
        if (failures.length > 0) throw failures[0];
        if (trace.nowMs() > end) return false;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return true;
    },
    capture: () => trace.file.bytes(),
    async close() {
      trace.reportLost();
      for (const node of nodes) node.close();
      await Promise.all(transports.map((transport) => transport.close()));
    },
  };
}
