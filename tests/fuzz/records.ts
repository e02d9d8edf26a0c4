/** Records for the inbox as bytes of their own, in the form that a `Submit` takes. */
import {
  type CallInput,
  type ConfigInput,
  INPUT,
  type InterfaceInput,
  type PolicyInput,
  type RouteInput,
  type TrafficControlResultInput,
  writeCall,
  writeConfig,
  writeInterface,
  writePackets,
  writePolicy,
  writeRoute,
  writeTrafficControlResult,
} from "../../host/boundary.gen.ts";
import { fromHex } from "./bytes.ts";
import { fitting, packetParts, type Submit } from "./lockstep.ts";
import type { Arrival } from "./messages.ts";
import type { WorldInterface } from "./universe.ts";

type Write<T> = (view: DataView, bytes: Uint8Array, at: number, record: T) => number;

const ROOM = 70_000;
const scratch = new Uint8Array(ROOM);
const scratchView = new DataView(scratch.buffer);

function bytesOf<T>(write: Write<T>, record: T): Uint8Array {
  scratch.fill(0);
  const length = write(scratchView, scratch, 0, record);
  return scratch.slice(0, length);
}

function submitOf(kind: number, nowMs: number, records: readonly Uint8Array[]): Submit {
  const parts: Submit["parts"] = [];
  let at = 0;
  for (const bytes of records) {
    parts.push({ at, bytes });
    at += bytes.length;
  }
  return { kind, count: records.length, nowMs, parts };
}

/** An address as the boundary carries it. */
export function boundaryAddress(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(16);
  out.set(bytes.subarray(0, 16));
  return out;
}

export const configSubmit = (config: ConfigInput, nowMs: number): Submit =>
  submitOf(INPUT.CONFIG, nowMs, [bytesOf(writeConfig, config)]);

export const interfaceInput = (iface: WorldInterface, up = 1): InterfaceInput => ({
  interface: iface.handle,
  up,
  options: iface.options,
  ipv4: boundaryAddress(fromHex(iface.ipv4)),
  ipv4PrefixLength: 24,
  ipv6: boundaryAddress(fromHex(iface.ipv6)),
  ipv6PrefixLength: iface.ipv6 ? 64 : 0,
  ipv6LinkLocal: boundaryAddress(fromHex(iface.ipv6 ? "" : "fe8000000000000000000000000000fe")),
  mtuBytes: 1500,
  policing: iface.handle & 1,
  reservableBytesPerSecond: iface.reservableBytesPerSecond,
  perFlowBytesPerSecond: -1,
  linkBytesPerSecond: 1.25e6,
  minimumLatencyMicroseconds: 10,
  guaranteedErrorTermBytes: 1500,
  guaranteedErrorTermMicroseconds: 20,
  services: 7,
});

export const interfaceSubmit = (input: InterfaceInput, nowMs: number): Submit =>
  submitOf(INPUT.INTERFACE, nowMs, [bytesOf(writeInterface, input)]);

export const tickSubmit = (nowMs: number): Submit => ({ kind: INPUT.TICK, count: 0, nowMs, parts: [] });

export const routeSubmit = (routes: readonly RouteInput[], nowMs: number): Submit =>
  submitOf(INPUT.ROUTE, nowMs, routes.map((route) => bytesOf(writeRoute, route)));

export const resultSubmit = (results: readonly TrafficControlResultInput[], nowMs: number): Submit =>
  submitOf(INPUT.TRAFFIC_CONTROL_RESULT, nowMs, results.map((result) => bytesOf(writeTrafficControlResult, result)));

export const callSubmit = (call: CallInput, nowMs: number): Submit =>
  submitOf(INPUT.CALL, nowMs, [bytesOf(writeCall, call)]);

export const policySubmit = (rules: readonly PolicyInput[], nowMs: number): Submit =>
  submitOf(INPUT.POLICY, nowMs, rules.map((rule) => bytesOf(writePolicy, rule)));

/** As many of the packets as fit, in one batch. */
export function packetsSubmit(arrivals: readonly Arrival[], nowMs: number): Submit {
  const taken = arrivals.slice(0, fitting(arrivals.map((arrival) => arrival.payload)));
  const packets = taken.map((arrival) => {
    const header = bytesOf(writePackets, {
      payloadLength: arrival.payload.length,
      interface: arrival.interface,
      source: boundaryAddress(arrival.source),
      destination: boundaryAddress(arrival.destination),
      family: arrival.family,
      ttl: arrival.ttl,
      encapsulation: arrival.encapsulation,
      routerAlert: 0,
      payload: new Uint8Array(0),
    }).slice(0, 64);
    return { header, payload: arrival.payload };
  });
  return { kind: INPUT.PACKETS, count: packets.length, nowMs, parts: packetParts(packets) };
}
