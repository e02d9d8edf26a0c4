/**
 * What the file of a node says (docs/linux.md has every key). Unknown keys are errors, because a misspelt one would do
 * nothing. This is the shape; what names something else in the file is looked at in config_file.ts.
 */
import * as v from "valibot";
import { isMulticast, parseAddress, parsePrefix } from "../address.ts";
import { parseRate, RATE_WANTED } from "./rate.ts";

/** Whether reading it does not throw. */
function reads(read: (text: string) => unknown): (text: string) => boolean {
  return (text) => {
    try {
      read(text);
      return true;
    } catch {
      return false;
    }
  };
}

const text = v.pipe(v.string("wants text"), v.nonEmpty("must not be empty"));
const whole = v.pipe(
  v.number("wants a whole number"),
  v.integer("wants a whole number"),
  v.minValue(0, "must not be below zero"),
);
const count = v.pipe(
  v.number("wants a whole number above zero"),
  v.integer("wants a whole number above zero"),
  v.minValue(1, "must be above zero"),
  v.maxValue(0xffffffff, "is 4294967295 at the most"),
);
const port = v.pipe(whole, v.maxValue(65_535, "a port is 65535 at the most"));
const flag = v.boolean("wants true or false");
const rate = v.pipe(
  v.string(RATE_WANTED),
  v.check((value) => parseRate(value) !== undefined, RATE_WANTED),
  v.transform((value) => parseRate(value)!),
);
const aboveZero = v.pipe(rate, v.gtValue(0, "must be above zero"));
const ADDRESS_WANTED = "wants an IPv4 or IPv6 address";
const address = v.pipe(v.string(ADDRESS_WANTED), v.check(reads(parseAddress), ADDRESS_WANTED));
const PREFIX_WANTED = "wants an address with its prefix length, such as 10.0.1.1/24";
const prefix = v.pipe(
  v.string(PREFIX_WANTED),
  v.check((value) => value.includes("/") && reads(parsePrefix)(value), PREFIX_WANTED),
);
const PLACE_WANTED = "wants an address or a prefix, such as 10.0.1.2 or 10.0.0.0/8";
const place = v.pipe(v.string(PLACE_WANTED), v.check(reads(parsePrefix), PLACE_WANTED));
const GROUP_WANTED = "wants a multicast group or a prefix of groups, such as 239.1.2.3 or ff3e::/16";
const group = v.pipe(v.string(GROUP_WANTED), v.check(reads(readGroup), GROUP_WANTED));
const prefixes = v.array(prefix, 'wants a list of prefixes, such as ["10.0.0.0/8"]');
const protocol = v.union(
  [v.picklist(["udp", "tcp"]), v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(255))],
  'wants "udp", "tcp" or a number from 1 to 255',
);
const LISTEN_WANTED = 'wants address and port, such as "127.0.0.1:9246" or "[::1]:9246"';

function readGroup(text: string): void {
  const { prefix: bytes, family } = parsePrefix(text);
  if (!isMulticast(bytes, family)) throw new RangeError(`"${text}" is no multicast group`);
}

/** Address and port of `127.0.0.1:9246`, `[::1]:9246`; undefined for what is none. */
export function parseListen(value: string): { hostname: string; port: number } | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(value);
  if (!match || Number(match[3]) > 65_535) return undefined;
  const hostname = match[1] ?? match[2];
  return reads(parseAddress)(hostname) ? { hostname, port: Number(match[3]) } : undefined;
}

const Node = v.strictObject({
  kind: v.optional(v.picklist(["router", "host"], "there are router, host"), "router"),
  transport: v.optional(v.picklist(["raw", "udp"], "there are raw, udp"), "raw"),
  routing: v.optional(v.picklist(["kernel", "static"], "there are kernel, static")),
  refreshIntervalMs: v.optional(count),
  lifetimeMultiplier: v.optional(count),
  blockadeMultiplier: v.optional(count),
  localRepairDelayMs: v.optional(whole),
  slewMaximumPercent: v.optional(count),
  fastStart: v.optional(flag),
  sharedTrees: v.optional(flag),
  neighbours: v.optional(prefixes),
  pathSources: v.optional(prefixes),
}, "wants a table");

const codePoint = v.pipe(whole, v.maxValue(63, "a code point is 63 at the most"));

const TrafficControl = v.strictObject({
  mode: v.optional(v.picklist(["kernel", "memory", "dry-run"], "there are kernel, memory, dry-run")),
  classifier: v.optional(v.picklist(["u32", "bpf", "auto"], "there are u32, bpf, auto"), "u32"),
  excess: v.optional(v.picklist(["borrow", "demote", "shape"], "there are borrow, demote, shape"), "borrow"),
  spareClasses: v.optional(whole),
  guaranteedDscp: v.optional(codePoint),
  controlledLoadDscp: v.optional(codePoint),
}, "wants a table");

const Limits = v.strictObject({
  memoryBytes: v.optional(count),
  sessions: v.optional(whole),
  sendersPerSession: v.optional(whole),
  statesPerNeighbour: v.optional(whole),
}, "wants a table");

const Interface = v.strictObject({
  name: text,
  handle: v.optional(v.pipe(count, v.maxValue(65_535, "a handle is 65535 at the most"))),
  addresses: v.optional(v.pipe(v.array(prefix, "wants a list of addresses"), v.minLength(1, "must not be empty"))),
  mtuBytes: v.optional(count),
  reservableRate: v.optional(rate),
  perFlowRate: v.optional(rate),
  linkRate: v.optional(aboveZero),
  rsvpRate: v.optional(aboveZero),
  bestEffortRate: v.optional(aboveZero),
  minimumLatencyMicroseconds: v.optional(whole),
  refreshIntervalMs: v.optional(count),
  lifetimeMultiplier: v.optional(count),
  blockadeMultiplier: v.optional(count),
  localRepairDelayMs: v.optional(count),
  slewMaximumPercent: v.optional(count),
  services: v.optional(v.array(
    v.picklist(["controlled-load", "guaranteed", "null"], "there are controlled-load, guaranteed, null"),
    "wants a list of services",
  )),
  policing: v.optional(flag),
  udp: v.optional(v.picklist(["none", "also", "only"], "there are none, also, only")),
  udpNextHop: v.optional(address),
  udpNextHopTtl: v.optional(v.pipe(whole, v.maxValue(255, "a TTL is 255 at the most"))),
  rsvp: v.optional(flag, true),
}, "wants a table");

/** Of a sender's TSpec, or of what a receiver asks for (RFC 2210). */
const tokenBucket = {
  bucketBytes: v.optional(count),
  peakRate: v.optional(aboveZero),
  minimumUnitBytes: v.optional(count),
  maximumPacketBytes: v.optional(count),
};
const session = { destination: address, protocol: v.optional(protocol, "udp"), port: v.optional(port, 0) };

const Sender = v.strictObject({
  ...session,
  source: v.optional(address),
  sourcePort: v.optional(port, 0),
  rate: aboveZero,
  ...tokenBucket,
  ttl: v.optional(v.pipe(count, v.maxValue(255, "a TTL is 255 at the most"))),
  interface: v.optional(text),
}, "wants a table");

const Reservation = v.strictObject({
  ...session,
  style: v.picklist(["WF", "FF", "SE"], "there are WF, FF, SE"),
  senders: v.optional(v.pipe(
    v.array(
      v.strictObject(
        { address, port: v.optional(port) },
        'wants a sender, such as { address = "10.0.1.2", port = 4001 }',
      ),
      "wants a list of senders",
    ),
    v.minLength(1, "must not be empty"),
  )),
  service: v.optional(v.picklist(["controlled-load", "guaranteed"], "there are controlled-load, guaranteed")),
  rate: v.optional(aboveZero),
  ...tokenBucket,
  reservedRate: v.optional(aboveZero),
  slackMicroseconds: v.optional(whole),
  confirm: v.optional(flag, false),
  interface: v.optional(text),
}, "wants a table");

const priority = v.pipe(whole, v.maxValue(65_535, "is 65535 at the most"));

const Policy = v.strictObject({
  direction: v.optional(v.picklist(["path", "resv"], "there are path, resv")),
  destination: v.optional(place),
  sender: v.optional(place),
  protocol: v.optional(protocol),
  ports: v.optional(
    v.union([port, v.tuple([port, port])], "wants a port, or the first and the last one: [5000, 5999]"),
  ),
  interface: v.optional(text),
  element: v.optional(v.union(
    [v.picklist(["AUTH_USER", "AUTH_APP"]), v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535))],
    'wants "AUTH_USER", "AUTH_APP" or a P-Type',
  )),
  attribute: v.optional(text),
  verdict: v.optional(v.picklist(["accept", "refuse"], "there are accept, refuse")),
  errorValue: v.optional(priority),
  preemptionPriority: v.optional(priority),
  defendingPriority: v.optional(priority),
  signalledPriority: v.optional(flag),
  announcePriority: v.optional(flag),
}, "wants a table");

const Route = v.strictObject({
  prefix,
  interface: v.optional(text),
  gateway: v.optional(address),
  local: v.optional(flag, false),
}, "wants a table");

const MulticastRoute = v.strictObject({
  group,
  source: v.optional(place),
  incoming: v.optional(text),
  outgoing: v.optional(v.array(text, "wants a list of interfaces"), []),
  local: v.optional(flag, false),
}, "wants a table");

const Service = v.strictObject({ enabled: v.optional(flag, true), socket: v.optional(text) }, "wants a table");

const Log = v.strictObject({
  level: v.optional(
    v.picklist(["debug", "info", "warning", "error"], "there are debug, info, warning, error"),
    "info",
  ),
  format: v.optional(v.picklist(["text", "json"], "there are text, json"), "text"),
}, "wants a table");

const Metrics = v.strictObject({
  listen: v.optional(v.pipe(
    v.string(LISTEN_WANTED),
    v.check((value) => parseListen(value) !== undefined, LISTEN_WANTED),
  )),
  openTelemetry: v.optional(flag, false),
}, "wants a table");

const list = <S extends v.GenericSchema>(item: S) => v.optional(v.array(item, "wants [[ ]] tables"), []);

const File = v.strictObject({
  node: v.optional(Node, {}),
  trafficControl: v.optional(TrafficControl, {}),
  limits: v.optional(Limits, {}),
  interfaces: v.pipe(v.array(Interface, "wants [[interfaces]] tables"), v.minLength(1, "there must be an interface")),
  senders: list(Sender),
  reservations: list(Reservation),
  policy: list(Policy),
  routes: list(Route),
  multicastRoutes: list(MulticastRoute),
  service: v.optional(Service, {}),
  log: v.optional(Log, {}),
  metrics: v.optional(Metrics, {}),
});

/** The whole file. A node on UDP alone stands on nothing of the kernel's, unless its file says so: it needs no privilege. */
export const NodeFileSchema = v.pipe(
  File,
  v.transform((file) => {
    const udp = file.node.transport === "udp";
    return {
      ...file,
      node: { ...file.node, routing: file.node.routing ?? (udp ? "static" : "kernel") } as const,
      trafficControl: {
        ...file.trafficControl,
        mode: file.trafficControl.mode ?? (udp ? "memory" : "kernel"),
      } as const,
    };
  }),
);

/** A file that fits the schema: rates in bytes per second, defaults filled in. */
export type NodeFile = v.InferOutput<typeof NodeFileSchema>;
/** An interface of the file. */
export type InterfaceFile = NodeFile["interfaces"][number];
/** A static sender of the file. */
export type SenderFile = NodeFile["senders"][number];
/** A static reservation of the file. */
export type ReservationFile = NodeFile["reservations"][number];
/** A rule of policy of the file. */
export type PolicyFile = NodeFile["policy"][number];
