/** A router that is about to be mistreated by well-formed messages: interfaces, routes, and messages that are short to write. */
import { type Action, CONFIG_OPTION, type ConfigInput, type SendAction } from "../host/boundary.gen.ts";
import { defaultModule } from "../host/default_module.ts";
import { Engine } from "../host/engine.ts";
import type { Packet } from "../host/transport/transport.ts";
import { type Bytes, floatBits, fromHex, message, object, pack } from "./fuzz/bytes.ts";
import { boundaryAddress, interfaceInput } from "./fuzz/records.ts";
import type { WorldInterface } from "./fuzz/universe.ts";
import { processorMs } from "./processor_time.ts";

export const UPSTREAM: WorldInterface = {
  handle: 1,
  ipv4: "c00002fe",
  ipv6: "20010db80001000000000000000000fe",
  options: 0,
  reservableBytesPerSecond: -1,
};
export const DOWNSTREAM: WorldInterface = {
  handle: 2,
  ipv4: "cb0071fe",
  ipv6: "20010db80002000000000000000000fe",
  options: 0,
  reservableBytesPerSecond: -1,
};
export const STYLE = { WF: 0x11, FF: 0x0a, SE: 0x12 } as const;

const word = (value: number): Bytes => pack([value >>> 0, 4]);
/** 10.0.0.0 and a number; senders count from 198.51.100.0, previous hops from 192.0.2.0, next hops from 203.0.113.0. */
export const destination = (number: number): Bytes => word(0x0a000000 + number);
export const sender = (number: number): Bytes => word(0xc6336400 + number);
export const previousHop = (number: number): Bytes => word(0xc0000200 + number);
export const nextHop = (number: number): Bytes => word(0xcb007100 + number);

export const session = (to: Uint8Array, port = 5004, protocol = 17): Bytes =>
  object(1, to.length === 4 ? 1 : 2, pack(to, [protocol, 1], [0, 1], [port, 2]));
export const hop = (address: Uint8Array, handle: number): Bytes =>
  object(3, address.length === 4 ? 1 : 2, pack(address, word(handle)));
export const time = (refreshMs = 30_000): Bytes => object(5, 1, word(refreshMs));
export const template = (address: Uint8Array, port = 4000): Bytes =>
  object(11, address.length === 4 ? 1 : 2, pack(address, [0, 2], [port, 2]));
export const filter = (address: Uint8Array, port = 4000): Bytes =>
  object(10, address.length === 4 ? 1 : 2, pack(address, [0, 2], [port, 2]));
export const style = (vector: number): Bytes => object(8, 1, word(vector));

const bucket = (rate: number) =>
  pack([0x7f000005, 4], word(floatBits(rate)), word(floatBits(rate)), word(floatBits(rate)), [64, 4], [1500, 4]);
export const tspec = (rate = 1000): Bytes => object(12, 2, pack([7, 4], [0x01000006, 4], bucket(rate)));
export const flowspec = (rate = 1000): Bytes => object(9, 2, pack([7, 4], [0x05000006, 4], bucket(rate)));
export const error = (node: Uint8Array, code: number, value = 0, flags = 0): Bytes =>
  object(6, node.length === 4 ? 1 : 2, pack(node, [flags, 1], [code, 1], [value, 2]));

export interface Flow {
  to?: Uint8Array;
  port?: number;
  from?: Uint8Array;
  fromPort?: number;
  refreshMs?: number;
  rate?: number;
  /** Previous hop of a Path, next hop of a Resv. */
  hop?: Uint8Array;
  extra?: readonly Uint8Array[];
}

export const pathMessage = (
  { to = destination(1), port, from = sender(1), fromPort, refreshMs, rate, hop: at = previousHop(1), extra = [] }:
    Flow = {},
): Bytes =>
  message(1, [session(to, port), hop(at, 9), time(refreshMs), ...extra, template(from, fromPort), tspec(rate)]);

export const resvMessage = (
  vector: number,
  senders: readonly Uint8Array[],
  { to = destination(1), port, fromPort, refreshMs, rate, hop: at = nextHop(1), extra = [] }: Flow = {},
): Bytes =>
  message(2, [
    session(to, port),
    hop(at, DOWNSTREAM.handle),
    time(refreshMs),
    ...extra,
    style(vector),
    flowspec(rate),
    ...(vector === STYLE.WF ? [] : senders.map((one) => filter(one, fromPort))),
  ]);

const hops = new Uint8Array(24);
hops[0] = DOWNSTREAM.handle;

/** One router. Every destination is behind `DOWNSTREAM`, traffic control always agrees. */
export class Router {
  readonly engine: Engine;
  now = 0;
  sent: SendAction[] = [];
  /** The longest that the engine took for one submit with all that followed from it, in milliseconds of processor time. */
  longestMs = 0;

  constructor(
    config: ConfigInput = {},
    interfaces: readonly WorldInterface[] = [UPSTREAM, DOWNSTREAM],
    startMs = 0,
  ) {
    this.engine = new Engine(defaultModule());
    this.engine.submit("CONFIG", { seed: 1, options: CONFIG_OPTION.NO_TRAFFIC_CONTROL_RESULT, ...config }, startMs);
    this.drain();
    for (const iface of interfaces) {
      this.engine.submit("INTERFACE", interfaceInput(iface), startMs);
      this.drain();
    }
  }

  /** Does what the engine wants. Keeps what is sent only if there is not too much of it. */
  drain(): Action[] {
    const actions = [...this.engine.drain()];
    const queries = actions.filter((action) => action.action === "ROUTE_QUERY");
    for (const action of actions) if (action.action === "SEND" && this.sent.length < 200_000) this.sent.push(action);
    for (const { query, destination, family } of queries) {
      this.engine.submit("ROUTE", { query, destination, family, found: 1, hopCount: 1, hops }, this.now);
      actions.push(...this.drain());
    }
    return actions;
  }

  /** Takes messages that arrive on an interface, in batches. */
  receive(payloads: readonly Bytes[], iface = UPSTREAM, over: Partial<Packet> = {}): void {
    const packets = payloads.map((payload): Packet => {
      const [family, own] = payload[11] === 1 || payload[11] === 3 ? [4, iface.ipv4] : [6, iface.ipv6];
      const endToEnd = payload[1] === 1 || payload[1] === 5;
      return {
        interface: iface.handle,
        source: boundaryAddress(fromHex(own)),
        destination: boundaryAddress(endToEnd ? payload.subarray(12, family === 4 ? 16 : 28) : fromHex(own)),
        family,
        ttl: 63,
        encapsulation: 0,
        routerAlert: 1,
        payload,
        ...over,
      };
    });
    for (let taken = 0; taken < packets.length;) {
      const started = processorMs();
      taken += this.engine.submitPackets(packets, this.now, taken);
      this.drain();
      this.longestMs = Math.max(this.longestMs, processorMs() - started);
    }
  }

  tick(nowMs: number): void {
    this.now = nowMs;
    const started = processorMs();
    this.engine.submit("TICK", {}, nowMs);
    this.longestMs = Math.max(this.longestMs, processorMs() - started);
    this.drain();
  }

  /** Ticks at every deadline up to a time. */
  runTo(nowMs: number): void {
    while (this.engine.deadline() <= nowMs) this.tick(Math.max(this.now, this.engine.deadline()));
    this.tick(nowMs);
  }

  count(name: string): number {
    return this.engine.counters()[name] ?? 0;
  }

  /** Messages of a type that were sent since the last time this was asked. */
  takeSent(type: number): SendAction[] {
    const sent = this.sent.filter(({ payload }) => payload[1] === type);
    this.sent = [];
    return sent;
  }
}

/** State that must be back at zero when all is over. */
export const STATES = [
  "SESSIONS",
  "PATH_STATES",
  "RESERVATION_STATES",
  "TRAFFIC_CONTROL_STATES",
  "BLOCKADE_STATES",
  "NEIGHBOURS",
] as const;
