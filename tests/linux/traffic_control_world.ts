/** What tests of the kernel's traffic control share: requests as an engine makes them, and what the kernel shows. */
import { encodeObjects, type ObjectInput } from "../../host/object_list.ts";
import type {
  InstallRequest,
  TrafficControl,
  TrafficControlAnswer,
} from "../../host/traffic_control/traffic_control.ts";
import { run } from "./namespace.ts";

/** Handle of the interface under test. */
export const OUT = 3;
/** 10 Mbit/s in bytes. */
export const LINK = 1_250_000;

/** A veth pair between two namespaces, up, with addresses: `a` has .1, `b` has .2. */
export async function joinNamespaces(a: string, b: string, names = { a: "out", b: "in" }, net = 2): Promise<void> {
  await run("ip", "link", "add", names.a, "netns", a, "type", "veth", "peer", "name", names.b, "netns", b);
  const ends = [[a, names.a, 1], [b, names.b, 2]] as const;
  for (const [namespace, name, host] of ends) {
    // Without waiting two seconds for somebody who has its link-local address already.
    await run("ip", "netns", "exec", namespace, "sysctl", "-qw", `net.ipv6.conf.${name}.accept_dad=0`);
    await run("ip", "-n", namespace, "addr", "add", `10.${net}.0.${host}/24`, "dev", name);
    await run("ip", "-n", namespace, "addr", "add", `fd00:${net}::${host}/64`, "dev", name, "nodad");
    await run("ip", "-n", namespace, "link", "set", name, "up");
  }
  for (const [namespace, name] of ends) await untilIpv6(namespace, name);
}

/** The kernel hears of a new link's carrier up to a second late, and until then IPv6 asks for no neighbour on it. */
async function untilIpv6(namespace: string, name: string): Promise<void> {
  const ready = /inet6 fe80\S+ scope link *$/m;
  for (let attempt = 0; attempt < 200; attempt++) {
    if (ready.test(await run("ip", "-n", namespace, "-6", "addr", "show", "dev", name, "scope", "link"))) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${name} has no link-local address`);
}

/** Session, flowspec and senders of a reservation, as text and numbers. */
export interface Flow {
  /** Destination. */
  to: string;
  protocol?: number;
  port?: number;
  /** Senders with ports; none for WF. */
  from?: readonly (readonly [address: string, port: number])[];
  rate?: number;
  bucket?: number;
  /** 5 controlled-load, 2 guaranteed. */
  service?: 2 | 5;
}

/** The objects that all requests have. */
export function flowObjects(flow: Flow): ObjectInput[] {
  const { to, protocol = 17, port = 5001, from = [], rate = 375_000, bucket = 10_000, service = 5 } = flow;
  const form = to.includes(":") ? "IPv6" : "IPv4";
  const bucketFields = {
    tokenBucketRateBytesPerSecond: rate,
    tokenBucketSizeBytes: bucket,
    peakRateBytesPerSecond: "Infinity",
    minimumPolicedUnitBytes: 64,
    maximumPacketSizeBytes: 1500,
  };
  const guaranteed = service === 2 ? { rateBytesPerSecond: rate, slackTermMicroseconds: 0 } : {};
  return [
    { name: "SESSION", form, destinationAddress: to, protocolId: protocol, flags: 0, destinationPort: port },
    { name: "FLOWSPEC", form: "IntServ", service, ...bucketFields, ...guaranteed },
    { name: "SENDER_TSPEC", form: "IntServ", service: 1, ...bucketFields },
    ...from.map(([sourceAddress, sourcePort]) => ({ name: "FILTER_SPEC" as const, form, sourceAddress, sourcePort })),
  ];
}

/** A request of the engine. */
export function installRequest(
  handle: number,
  objects: readonly ObjectInput[],
  more: Partial<InstallRequest> = {},
): InstallRequest {
  const flowspec = objects.find(({ name }) => name === "FLOWSPEC");
  return {
    handle,
    generation: 1,
    interface: OUT,
    change: 0,
    style: 0x12,
    policing: 0,
    rateBytesPerSecond: Number(flowspec?.tokenBucketRateBytesPerSecond ?? 375_000),
    ...more,
    objects: encodeObjects(objects),
  };
}

/** The answer to one request. */
export function install(control: TrafficControl, request: InstallRequest): Promise<TrafficControlAnswer> {
  return new Promise((resolve) => control.install(request, resolve));
}

/** The same from a flow. */
export function reserve(control: TrafficControl, handle: number, flow: Flow, more: Partial<InstallRequest> = {}) {
  return install(control, installRequest(handle, flowObjects(flow), more));
}

/** Everything that tc shows of an interface, without counters and options that change by themselves. */
export async function shown(namespace: string, device = "out"): Promise<string> {
  const parts = [
    await run("tc", "-n", namespace, "qdisc", "show", "dev", device),
    await run("tc", "-n", namespace, "class", "show", "dev", device),
    await run("tc", "-n", namespace, "filter", "show", "dev", device),
  ];
  return parts.join("---\n").replaceAll(/ direct_packets_stat \d+| refcnt \d+/g, "").replaceAll(/ +$/gm, "")
    .replaceAll(/(\(rule hit \d+ success \d+\)|\(success \d+ \))/g, "");
}

/** A class as tc shows it, with its counters. */
export interface ShownClass {
  /** As tc writes it: `3Mbit`. */
  rate: string;
  ceiling: string;
  bytes: number;
  packets: number;
  drops: number;
}

/** The classes of an interface, by handle. */
export async function classes(namespace: string, device = "out"): Promise<Map<string, ShownClass>> {
  const text = await run("tc", "-n", namespace, "-s", "class", "show", "dev", device);
  const pattern = /^class htb (\S+) .*? rate (\S+) ceil (\S+) .*\n Sent (\d+) bytes (\d+) pkt \(dropped (\d+)/gm;
  return new Map([...text.matchAll(pattern)].map(([, handle, rate, ceiling, bytes, packets, drops]) => [
    handle,
    { rate, ceiling, bytes: Number(bytes), packets: Number(packets), drops: Number(drops) },
  ]));
}

/** Classes that filters lead to, one entry a filter. */
export async function filterTargets(namespace: string, device = "out"): Promise<string[]> {
  const text = await run("tc", "-n", namespace, "filter", "show", "dev", device);
  return [...text.matchAll(/flowid (\S+)/g)].map(([, target]) => target).filter((target) => !/fff[df]$/.test(target))
    .sort();
}

/** Until what has been enqueued is done. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
