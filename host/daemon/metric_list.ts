/**
 * Everything that a node counts, as one list, from which both Prometheus and OpenTelemetry are served. Messages have the
 * names that test engineers know from Open Traffic Generator (`path_messages_rx`), with `rsvp_` before them and, as
 * Prometheus wants it, `_total` behind counters.
 */
import { cpuUsage, memoryUsage } from "node:process";
import { STATUS } from "../boundary.gen.ts";
import type { RsvpNode } from "../node.ts";
import type { Traffic } from "./guarded_transport.ts";

/** One number of one metric. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric with all its numbers. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly kind: "counter" | "gauge";
  /** As OpenTelemetry writes units; empty for plain counts. */
  readonly unit: string;
  readonly samples: readonly Sample[];
}

/** What is looked at. */
export interface Measured {
  readonly node: RsvpNode;
  /** Handles of the file's interfaces, by name. */
  readonly handles: ReadonlyMap<string, number>;
  /** By interface handle. */
  readonly traffic: ReadonlyMap<number, Traffic>;
  /** What sockets have counted, by name. */
  readonly sockets: Readonly<Record<string, number>>;
  /** Applications at the service's socket. */
  readonly clients: number;
  readonly version: string;
  /** Milliseconds since 1970 when the node was started. */
  readonly startedAtMs: number;
  /** Loads of the file since the start, good and bad. */
  readonly reloads: { readonly done: number; readonly refused: number; readonly failed: number };
}

/** By message of RFC 2205: the engine's name of its counters, and that of the metric. */
const MESSAGES = {
  PATH: "path",
  RESV: "resv",
  PATH_ERROR: "patherr",
  RESV_ERROR: "resverr",
  PATH_TEAR: "pathtear",
  RESV_TEAR: "resvtear",
  RESV_CONFIRM: "resvconf",
} as const;

const NAMES_IN_WORDS = {
  PATH: "Path",
  RESV: "Resv",
  PATH_ERROR: "PathErr",
  RESV_ERROR: "ResvErr",
  PATH_TEAR: "PathTear",
  RESV_TEAR: "ResvTear",
  RESV_CONFIRM: "ResvConf",
} as const satisfies Record<keyof typeof MESSAGES, string>;

const GAUGES = [
  ["SESSIONS", "rsvp_sessions", "Sessions with state here", ""],
  ["PATH_STATES", "rsvp_path_states", "Path state blocks (RFC 2209)", ""],
  ["RESERVATION_STATES", "rsvp_reservation_states", "Reservation state blocks (RFC 2209)", ""],
  ["TRAFFIC_CONTROL_STATES", "rsvp_traffic_control_states", "Reservations in traffic control (RFC 2209)", ""],
  ["BLOCKADE_STATES", "rsvp_blockade_states", "Blockade state blocks (RFC 2205 3.5)", ""],
  ["NEIGHBOURS", "rsvp_neighbours", "RSVP neighbours", ""],
  ["STATE_BYTES", "rsvp_state_bytes", "Memory of the protocol state", "By"],
  ["MEMORY_BYTES", "rsvp_memory_bytes", "Memory of the protocol engine", "By"],
] as const;

const COUNTERS = [
  ["RECEIVED_MESSAGES", "rsvp_messages_rx_total", "Messages that the engine took, of any type and state of health", ""],
  ["SENT_MESSAGES", "rsvp_messages_tx_total", "Messages sent", ""],
  ["RECEIVED_BYTES", "rsvp_bytes_rx_total", "Bytes of messages received", "By"],
  ["SENT_BYTES", "rsvp_bytes_tx_total", "Bytes of messages sent", "By"],
  ["REFRESHES_UNCHANGED", "rsvp_refreshes_unchanged_total", "Path and Resv messages that said nothing new", ""],
  ["PATH_EXPIRED", "rsvp_path_expired_total", "Path states that timed out", ""],
  ["RESERVATION_EXPIRED", "rsvp_reservation_expired_total", "Reservation states that timed out", ""],
] as const;

/** Takes every number as it is now. */
export function metricList(measured: Measured): Metric[] {
  const { node } = measured;
  const counters = node.counters();
  const plain: Plain = (name, help, kind, unit, value) => ({
    name,
    help,
    kind,
    unit,
    samples: [{ labels: {}, value }],
  });
  return [
    ...Object.entries(MESSAGES).flatMap(([engine, name]) =>
      (["RECEIVED", "SENT"] as const).map((way) => {
        const word = NAMES_IN_WORDS[engine as keyof typeof MESSAGES];
        const metric = `rsvp_${name}_messages_${way === "SENT" ? "tx" : "rx"}_total`;
        const help = `${word} messages ${way === "SENT" ? "sent" : "received"}`;
        return plain(metric, help, "counter", "", counters[`${way}_${engine}`] ?? 0);
      })
    ),
    ...COUNTERS.map(([engine, name, help, unit]) => plain(name, help, "counter", unit, counters[engine] ?? 0)),
    drops(counters),
    ...GAUGES.map(([engine, name, help, unit]) => plain(name, help, "gauge", unit, counters[engine] ?? 0)),
    ...interfaceMetrics(measured),
    plain("rsvp_reloads_total", "Reloads of the configuration", "counter", "", measured.reloads.done),
    {
      name: "rsvp_socket_events_total",
      help: "What the sockets have counted",
      kind: "counter",
      unit: "",
      samples: Object.entries(measured.sockets).map(([event, value]) => ({ labels: { event }, value })),
    },
    plain("rsvp_service_clients", "Applications that have joined the service", "gauge", "", measured.clients),
    plain(
      "rsvp_reloads_refused_total",
      "Reloads with a configuration that cannot be",
      "counter",
      "",
      measured.reloads.refused,
    ),
    plain("rsvp_reloads_failed_total", "Reloads that went wrong underway", "counter", "", measured.reloads.failed),
    plain(
      "rsvp_start_time_seconds",
      "When the node was started, since 1970",
      "gauge",
      "s",
      measured.startedAtMs / 1000,
    ),
    ...processMetrics(plain),
    {
      name: "rsvp_build_info",
      help: "Version of the program",
      kind: "gauge",
      unit: "",
      samples: [{ labels: { version: measured.version }, value: 1 }],
    },
  ];
}

/** Where packets are counted that leave by route and not by an interface of somebody's choice. */
const BY_ROUTE = 0;

type Plain = (name: string, help: string, kind: Metric["kind"], unit: string, value: number) => Metric;

/** What the process uses, by the names that Prometheus has for it everywhere. */
function processMetrics(plain: Plain): Metric[] {
  const { user, system } = cpuUsage(), { rss, heapUsed } = memoryUsage();
  return [
    plain("process_cpu_seconds_total", "Time of the processor", "counter", "s", (user + system) / 1e6),
    plain("process_resident_memory_bytes", "Memory that the system has given", "gauge", "By", rss),
    plain("process_heap_bytes", "Memory of JavaScript's values", "gauge", "By", heapUsed),
  ];
}

/** Drops are counted under the name of their STATUS. */
function drops(counters: Readonly<Record<string, number>>): Metric {
  const samples = Object.entries(counters).filter(([name]) => name in STATUS).map(([reason, value]) => ({
    labels: { reason },
    value,
  }));
  return {
    name: "rsvp_drops_total",
    help: "Messages, calls and states refused or dropped, by reason",
    kind: "counter",
    unit: "",
    samples,
  };
}

function interfaceMetrics({ node, traffic, handles }: Measured): Metric[] {
  const names = new Map([...handles].map(([name, handle]) => [handle, name]));
  if (traffic.has(BY_ROUTE)) names.set(BY_ROUTE, "by route");
  const nameOf = (handle: number) => names.get(handle)!;
  // An interface that has left the file is still known to the engine, perhaps beside another of its name.
  const rows = node.inspect("interfaces").filter((row) => names.has(row.interface));
  const gauge = (name: string, help: string, unit: string, value: (row: (typeof rows)[number]) => number): Metric => ({
    name: `rsvp_interface_${name}`,
    help,
    kind: "gauge",
    unit,
    // A limit that there is not has no number.
    samples: rows.map((row) => ({ labels: { interface: nameOf(row.interface) }, value: value(row) })).filter((sample) =>
      sample.value >= 0
    ),
  });
  const counter = (name: string, help: string, unit: string, member: keyof Traffic): Metric => ({
    name: `rsvp_interface_${name}_total`,
    help,
    kind: "counter",
    unit,
    samples: [...traffic].filter(([handle]) => names.has(handle)).map(([handle, one]) => ({
      labels: { interface: nameOf(handle) },
      value: one[member],
    })),
  });
  return [
    gauge("up", "1 if the interface is up", "", (row) => row.up),
    gauge("reservable_bytes_per_second", "What may be reserved in all", "By/s", (row) => row.reservableBytesPerSecond),
    gauge("reserved_bytes_per_second", "What is reserved", "By/s", (row) => row.reservedBytesPerSecond),
    gauge("reservations", "Reservations on the interface", "", (row) => row.reservations),
    counter("messages_rx", "Messages received and let in", "", "receivedPackets"),
    counter("messages_tx", "Messages sent", "", "sentPackets"),
    counter("bytes_rx", "Bytes of messages received and let in", "By", "receivedBytes"),
    counter("bytes_tx", "Bytes of messages sent", "By", "sentBytes"),
    counter("refused_rx", "Messages of those who are not allowed to send any", "", "refusedPackets"),
  ];
}
