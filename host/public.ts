/**
 * RSVP, the Resource ReSerVation Protocol (RFC 2205): an engine in WebAssembly and a thin host around it.
 *
 * - {@linkcode Network}: whole virtual networks in virtual time; needs no permissions.
 * - {@linkcode RsvpNode}: one node, on sockets or in memory.
 * - {@linkcode QosServiceProvider}: sockets with QOS, whose reservations come and go by themselves.
 * - {@linkcode decode} and {@linkcode encode}: messages as plain values; {@linkcode CaptureStream}: those of captures.
 * - {@linkcode Engine}: the protocol engine itself, typed records in, typed actions out.
 *
 * ```ts
 * import { Network } from "@resv/resv";
 *
 * const network = new Network();
 * const alice = network.host("alice"), r1 = network.router("r1"), bob = network.host("bob");
 * network.link(alice, r1);
 * network.link(r1, bob, { reservableBytesPerSecond: 1_000_000 });
 *
 * const session = { destination: bob.address, protocol: "udp", port: 5004 } as const;
 * alice.send(session, { port: 5004, tokenBucketRateBytesPerSecond: 12_500 });
 * bob.receive(session, { style: "FF" });
 * network.run(1_000);
 *
 * console.log(network.ladder());
 * console.log(r1.inspect("installed"));
 * ```
 *
 * @module
 */

// Virtual networks.
export { Network, type NetworkOptions } from "./host/network/network.ts";
export { NetworkNode, type NetworkNodeOptions, type ReceiveOptions } from "./host/network/network_node.ts";
export { NetworkLink, type PacketTap, type Sighting } from "./host/network/network_link.ts";
export type { LogLine, LogOptions } from "./host/network/log.ts";
export {
  type Attachment,
  type LinkOptions,
  type LinkRecord,
  type NodeRecord,
  Topology,
} from "./host/network/topology.ts";

// One node, its applications and tables.
export { type DropReport, RsvpNode, type RsvpNodeOptions } from "./host/node.ts";
export { DEFAULT_SETTINGS, type InterfaceSettings, type NodeSettings } from "./host/node_settings.ts";
export { Session } from "./host/session.ts";
export type {
  FlowspecOptions,
  ReserveOptions,
  SenderAddress,
  SenderOptions,
  SessionAddress,
  SessionEvent,
  StyleName,
  TokenBucket,
} from "./host/application.ts";
export type { PlainRow } from "./host/tables.ts";
export type {
  BlockadeRow,
  CounterRow,
  InstalledRow,
  InterfaceRow,
  NeighbourRow,
  RequestRow,
  ReservationRow,
  SenderRow,
  SessionRow,
  TableRows,
} from "./host/boundary.gen.ts";

// What a node stands on.
export { type Clock, SystemClock, type SystemClockOptions, type TimerHandle, VirtualClock } from "./host/clock.ts";
export type { Packet, PacketsHandler, Transport, TransportErrorHandler } from "./host/transport/transport.ts";
export { type Address, formatAddress, parseAddress } from "./host/address.ts";
export {
  type UdpAddress,
  type UdpCounters,
  UdpOpenError,
  UdpTransport,
  type UdpTransportOptions,
} from "./host/transport/udp.ts";
export { MemoryTransport, type MemoryTransportOptions } from "./host/transport/memory_transport.ts";
export { PcapFile, PcapWriter } from "./host/transport/pcap_writer.ts";
export { FaultInjector, FaultModel, type FaultOptions, type FaultyCopy } from "./host/transport/fault_injector.ts";
export type { RouteAnswer, RouteChange, RouteHop, RouteQuestion, Routing } from "./host/routing/routing.ts";
export { type StaticRoute, StaticRouting } from "./host/routing/static_routing.ts";
export type {
  InstallRequest,
  ReservationLostHandler,
  TrafficControl,
  TrafficControlAnswer,
} from "./host/traffic_control/traffic_control.ts";
export {
  MemoryTrafficControl,
  type MemoryTrafficControlOptions,
} from "./host/traffic_control/memory_traffic_control.ts";

// The engine, its errors, logs and snapshots.
export { Engine, type EngineOptions, type SubmitObserver } from "./host/engine.ts";
export type { SubmitRecords } from "./host/engine_exports.ts";
export { defaultModule } from "./host/default_module.ts";
export { EngineMisuseError, EngineTrapError, ResvError, type TrapFrame, type TrapMap } from "./host/engine_errors.ts";
export { SnapshotError } from "./host/snapshot.ts";
export { EngineLoop, type LoopEngine, type LoopOptions } from "./host/loop.ts";
export { type LogEntry, LogError, Recorder } from "./host/recorder.ts";
export { replay, type ReplayOptions, type ReplayResult } from "./host/replay.ts";

// The records that cross the boundary, and the numbers in them.
export type {
  Action,
  CallInput,
  ConfigInput,
  EventAction,
  InstallAction,
  InterfaceInput,
  RelayAction,
  RemoveAction,
  ReportAction,
  RouteInput,
  RouteQueryAction,
  SendAction,
  TickInput,
  TrafficControlResultInput,
} from "./host/boundary.gen.ts";
export {
  CALL_KIND,
  CALL_OPTION,
  CONFIG_OPTION,
  COUNTER,
  ENCAPSULATION,
  EVENT_KIND,
  INTERFACE_OPTION,
  SERVICE,
  STATUS,
  STATUS_TEXT,
} from "./host/boundary.gen.ts";

// Messages and objects as plain values.
export { decode, decodeBatch, defaultCodec, encode, peek, tryDecode } from "./host/default_codec.ts";
export {
  type BrokenMessage,
  type CheckResult,
  Codec,
  type DecodeFailure,
  type DerivedField,
  type EncodeOptions,
  type LooseObject,
  type Message,
  type MessageChecker,
  type MessageInput,
  MessageOutline,
  type ObjectEntry,
  type Problem,
  ResvDecodeError,
  ResvEncodeError,
  type TypedObjectInput,
} from "./host/codec.ts";
export type { CaptureStatus } from "./host/capture.ts";
export { CodecEngine } from "./host/codec_engine.ts";
export {
  type CaptureEntry,
  CaptureError,
  type CaptureOptions,
  type CapturePlace,
  CaptureStream,
  type CaptureTotals,
  decodeCapture,
  type UnreadableMessage,
} from "./host/capture_stream.ts";
export { decodeObjects, encodeObjects, findObject, type ObjectInput } from "./host/object_list.ts";
export type { MessageName } from "./host/messages.gen.ts";

// One type for each object, form and item of the catalogue (docs/objects.md), and the unions of them.
export type * from "./host/object_types.gen.ts";

// QOS on sockets (docs/qos.md).
export { type GroupMembership, type QosServiceOptions, QosServiceProvider } from "./host/qos/service_provider.ts";
export { type JoinDirection, QosEndpoint } from "./host/qos/endpoint.ts";
export type { SocketAddress } from "./host/qos/matching.ts";
export { type Qos, qos, type QosInput } from "./host/qos/qos.ts";
export { POSITIVE_INFINITY_RATE, QOS_NOT_SPECIFIED, type QosFlowspec, qosFlowspec } from "./host/qos/flowspec.ts";
export { SERVICE_FLAG, SERVICE_TYPE } from "./host/qos/service_types.ts";
export type { Direction, QosEvent, QosEventError } from "./host/qos/events.ts";
export { QOS_ERROR, QOS_STATUS, QosError, type QosErrorName, type QosStatusName } from "./host/qos/status.ts";
export { GQOS_STATUS } from "./host/qos/extended_status.ts";
export {
  type AdspecGeneral,
  type AdspecInfo,
  type AdspecService,
  type DestinationAddress,
  type DsClass,
  FILTER_TYPE,
  type FilterspecList,
  type PolicyInfo,
  type ProviderObject,
  type QosFilter,
  type QosFlowDescriptor,
  type QosPolicyElement,
  RESERVE_STYLE,
  type ReserveInfo,
  SHAPING_MODE,
  type ShapingMode,
  type ShapingRate,
  type StatusInfo,
  type TrafficClass,
  type UnknownProviderObject,
} from "./host/qos/provider_objects.ts";
export { type QosDatagram, QosUdpSocket } from "./host/qos/udp_socket.ts";
export { type AcceptCondition, type AcceptDecision, QosTcpListener, QosTcpSocket } from "./host/qos/tcp_socket.ts";
export { QosNotifier } from "./host/qos/notifier.ts";
export { QosTemplates } from "./host/qos/templates.ts";
export type { LayoutOptions } from "./host/qos/layout.ts";
export { decodeFlowspec, decodeProviderObjects, decodeQos } from "./host/qos/layout_read.ts";
export { encodeFlowspec, encodeProviderObjects, encodeQos } from "./host/qos/layout_write.ts";
export { openQosHost, type QosHost, type QosHostInterface, type QosHostOptions } from "./host/qos/host.ts";
