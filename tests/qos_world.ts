/**
 * Two places for tests of QOS sockets: a virtual network, and real UDP-encapsulated sockets on loopback. In both, two
 * senders and a receiver are connected by a router, and every RSVP message is seen.
 */
import { decode } from "../host/default_codec.ts";
import { defaultModule } from "../host/default_module.ts";
import { Network } from "../host/network/network.ts";
import type { NetworkNode } from "../host/network/network_node.ts";
import { RsvpNode } from "../host/node.ts";
import type { InterfaceSettings, NodeSettings } from "../host/node_settings.ts";
import type { RsvpObject } from "../host/objects.gen.ts";
import { QosServiceProvider } from "../host/qos/service_provider.ts";
import { type StaticRoute, StaticRouting } from "../host/routing/static_routing.ts";
import type { Packet, PacketsHandler, Transport, TransportErrorHandler } from "../host/transport/transport.ts";
import { UdpTransport } from "../host/transport/udp.ts";
import { loopback } from "./loopback.ts";

/** The group for which the worlds have routes. */
export const GROUP = "239.7.7.7";

/** A message as it was sent. */
export interface Seen {
  from: string;
  message: string;
  objects: RsvpObject[];
}

export interface QosWorld {
  readonly real: boolean;
  readonly alice: QosServiceProvider<RsvpNode>;
  readonly carol: QosServiceProvider<RsvpNode>;
  readonly bob: QosServiceProvider<RsvpNode>;
  readonly router: RsvpNode;
  /** Addresses of the hosts. */
  readonly at: { alice: string; carol: string; bob: string };
  readonly seen: Seen[];
  /** Lets time pass until it holds; fails if it does not in five seconds. */
  until(what: string, condition: () => boolean): Promise<void>;
  /** Lets time pass in which what is on its way arrives. */
  settle(): Promise<void>;
}

/** Settings of the router's link to bob, and of every node. */
export interface WorldOptions {
  reservableBytesPerSecond?: number;
  settings?: Partial<NodeSettings>;
}

/** Messages of one kind, by name. */
export function sent(world: QosWorld, message: string, from?: string): Seen[] {
  return world.seen.filter((seen) => seen.message === message && (from === undefined || seen.from === from));
}

/** The fields of a message's object, without where it stood. */
export function fields(seen: Seen | undefined, name: RsvpObject["name"]): Record<string, unknown> | undefined {
  const object = seen?.objects.find((candidate) => candidate.name === name);
  if (!object) return undefined;
  const { offset: _o, length: _l, name: _n, class: _c, ctype: _t, form: _f, ...rest } = object as RsvpObject & {
    form?: string;
  };
  return rest;
}

/** A virtual network: alice and carol behind the router on one side, bob on the other. */
export async function virtualWorld(options: WorldOptions, run: (world: QosWorld) => Promise<void>): Promise<void> {
  const network = new Network(options.settings);
  const [alice, carol, bob] = ["alice", "carol", "bob"].map((name) => network.host(name));
  const router = network.router("router");
  network.link(alice, router, { mtuBytes: 1400 });
  network.link(carol, router);
  network.link(router, bob, { reservableBytesPerSecond: options.reservableBytesPerSecond });
  const seen: Seen[] = [];
  network.onPacket(({ from, packet }) => {
    const { message, objects } = decode(packet.payload);
    seen.push({ from: from.node.name, message, objects: objects as RsvpObject[] });
  });
  const provider = (node: NetworkNode) =>
    new QosServiceProvider(node.rsvp, {
      membership: { join: (group) => node.join(group), leave: (group) => node.leave(group) },
    });
  await run({
    real: false,
    alice: provider(alice),
    carol: provider(carol),
    bob: provider(bob),
    router: router.rsvp,
    at: { alice: alice.address, carol: carol.address, bob: bob.address },
    seen,
    until(what, condition) {
      if (network.runUntil(condition, 5_000)) return Promise.resolve();
      throw new Error(`gave up waiting until ${what}\n${network.ladder()}`);
    },
    settle: () => (network.run(100), Promise.resolve()),
  });
}

/** A transport that shows what it sends. */
class SeenTransport implements Transport {
  constructor(readonly inner: UdpTransport, readonly onSend: (packet: Packet) => void) {}
  send(packet: Packet): void {
    this.onSend(packet);
    this.inner.send(packet);
  }
  relay(packet: Packet): void {
    this.inner.relay(packet);
  }
  onPackets(handler: PacketsHandler): void {
    this.inner.onPackets(handler);
  }
  onError(handler: TransportErrorHandler): void {
    this.inner.onError(handler);
  }
  close(): Promise<void> {
    return this.inner.close();
  }
}

interface HostPlan {
  name: string;
  interfaces: InterfaceSettings[];
  routes: StaticRoute[];
  host: boolean;
}

function plans(network: number, reservableBytesPerSecond: number | undefined): HostPlan[] {
  const one = (handle: number, address: string, more: Partial<InterfaceSettings> = {}): InterfaceSettings => ({
    interface: handle,
    addresses: [`${address}/24`],
    udp: "only",
    ...more,
  });
  const subnet = (index: number) => `127.${network}.${index}`;
  const host = (name: string, index: number, local: boolean): HostPlan => ({
    name,
    host: true,
    interfaces: [one(1, `${subnet(index)}.2`, { udpNextHop: `${subnet(index)}.1` })],
    routes: [
      local ? { prefix: `${GROUP}/32`, local: true, incomingInterface: 1 } : { prefix: `${GROUP}/32`, interface: 1 },
      { prefix: `${subnet(index)}.2/32`, local: true },
      { prefix: `127.${network}.0.0/16`, interface: 1, gateway: `${subnet(index)}.1` },
    ],
  });
  const router: HostPlan = {
    name: "router",
    host: false,
    interfaces: [
      one(1, `${subnet(1)}.1`),
      one(2, `${subnet(2)}.1`),
      one(3, `${subnet(3)}.1`, { reservableBytesPerSecond }),
    ],
    routes: [
      { prefix: `${GROUP}/32`, hops: [{ interface: 3 }] },
      ...[1, 2, 3].map((index): StaticRoute => ({ prefix: `${subnet(index)}.0/24`, interface: index })),
    ],
  };
  return [host("alice", 1, false), host("carol", 2, false), host("bob", 3, true), router];
}

/** Tests of one process follow each other, and every port is free again when a world is left. */
const NETWORK = loopback(11);

/** The same on real sockets: 127.N.1.2 and 127.N.2.2 behind the router, 127.N.3.2 on the other side. */
export async function realWorld(options: WorldOptions, run: (world: QosWorld) => Promise<void>): Promise<void> {
  const network = NETWORK;
  const seen: Seen[] = [];
  const errors: Error[] = [];
  const nodes = new Map<string, RsvpNode>();
  const transports = new Map<string, UdpTransport>();
  try {
    for (const { name, interfaces, routes, host } of plans(network, options.reservableBytesPerSecond)) {
      const transport = await UdpTransport.open({
        addresses: interfaces.map(({ interface: handle, addresses: [text] }) => ({
          interface: handle,
          address: text.split("/")[0],
          prefixLength: 24,
        })),
      });
      transports.set(name, transport);
      const onSend = ({ payload }: Packet) => {
        const { message, objects } = decode(payload);
        seen.push({ from: name, message, objects: objects as RsvpObject[] });
      };
      nodes.set(
        name,
        new RsvpNode({
          module: defaultModule(),
          transport: new SeenTransport(transport, onSend),
          routing: new StaticRouting(routes),
          interfaces,
          host,
          onError: (error) => void errors.push(error),
          ...options.settings,
        }),
      );
    }
    const provider = (name: string) =>
      new QosServiceProvider(nodes.get(name)!, {
        membership: {
          join: (group) => void transports.get(name)!.joinGroup(group, 1).catch((error) => errors.push(error)),
          leave: (group) => void transports.get(name)!.leaveGroup(group, 1),
        },
      });
    const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    await run({
      real: true,
      alice: provider("alice"),
      carol: provider("carol"),
      bob: provider("bob"),
      router: nodes.get("router")!,
      at: { alice: `127.${network}.1.2`, carol: `127.${network}.2.2`, bob: `127.${network}.3.2` },
      seen,
      async until(what, condition) {
        for (const end = Date.now() + 5_000; !condition(); await pause(3)) {
          if (errors.length > 0) throw errors[0];
          if (Date.now() > end) throw new Error(`gave up waiting until ${what}`);
        }
      },
      settle: async () => void await pause(60),
    });
    if (errors.length > 0) throw errors[0];
  } finally {
    for (const node of nodes.values()) node.close();
    for (const transport of transports.values()) await transport.close();
  }
}

/** Both, by the name that tests have. */
export const WORLDS = { "virtual network": virtualWorld, "real sockets": realWorld } as const;
