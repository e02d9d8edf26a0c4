/**
 * Everything that users import, re-exported; `mod.ts` hands it out as one bundled file.
 *
 * @module
 */

// Virtual networks.
export { Network, type NetworkOptions } from "./network/network.ts";
export { NetworkNode, type NetworkNodeOptions, type ReceiveOptions } from "./network/network_node.ts";
export { NetworkLink, type PacketTap, type Sighting } from "./network/network_link.ts";
export type { LogLine, LogOptions } from "./network/log.ts";
export { type Attachment, type LinkOptions, type LinkRecord, type NodeRecord, Topology } from "./network/topology.ts";

// One node, its applications and tables.
export { type ApplicationPort, type ClearOptions, type DropReport, RsvpNode, type RsvpNodeOptions } from "./node.ts";
export type { MessageObserver, MessageSighting } from "./message_tap.ts";
export type { TablePage } from "./table_rows.ts";
export type { GroupMembership, SignallingNode } from "./signalling_node.ts";
export { DEFAULT_SETTINGS, type InterfaceSettings, type NodeSettings } from "./node_settings.ts";
export { type DiagnosedHop, type DiagnoseOptions, PathDiagnosis } from "./diagnosis.ts";
export { type MergeStrategy, type PolicyRule, priorityObject, type SignalledPriority } from "./policy.ts";
export { Session } from "./session.ts";
export type {
  FlowspecOptions,
  ReserveOptions,
  SenderAddress,
  SenderOptions,
  SessionAddress,
  SessionEvent,
  StyleName,
  TokenBucket,
} from "./application.ts";
export type { PlainRow } from "./tables.ts";
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
} from "./boundary.gen.ts";

// The host's signalling service: one node for many applications (docs/service.md).
export { type ServiceCounters, ServiceServer, type ServiceServerOptions } from "./service/server.ts";
export { RemoteNode, type RemoteNodeOptions } from "./service/remote_node.ts";
export { ConnectionEndedError, ServiceConnection, type ServiceConnectionOptions } from "./service/client_connection.ts";
export { ServiceSocketError } from "./service/listen.ts";
export { type Hello, type Line, ServiceError, type ServiceErrorCode } from "./service/protocol.ts";
export type { Operation, Operations, ServiceClient } from "./service/operations.ts";
export type { RequestFields } from "./service/fields.ts";
export { defaultSocketPath, type PathEnvironment } from "./service/socket_path.ts";

// What a node stands on.
export { type Clock, SystemClock, type SystemClockOptions, type TimerHandle, VirtualClock } from "./clock.ts";
export type {
  BatchTransport,
  Packet,
  PacketsHandler,
  PacketSlots,
  SlotFiller,
  Transport,
  TransportErrorHandler,
} from "./transport/transport.ts";
export { type Address, formatAddress, parseAddress } from "./address.ts";
export {
  type UdpAddress,
  type UdpCounters,
  UdpOpenError,
  UdpTransport,
  type UdpTransportOptions,
} from "./transport/udp.ts";
export { DualTransport } from "./transport/dual_transport.ts";
export { MemoryTransport, type MemoryTransportOptions } from "./transport/memory_transport.ts";
export { PcapFile, PcapWriter } from "./transport/pcap_writer.ts";
export { FaultInjector, FaultModel, type FaultOptions, type FaultyCopy } from "./transport/fault_injector.ts";
export type { RouteAnswer, RouteChange, RouteHop, RouteQuestion, Routing } from "./routing/routing.ts";
export { type StaticRoute, StaticRouting } from "./routing/static_routing.ts";
export type {
  InstallRequest,
  ReservationLostHandler,
  TrafficControl,
  TrafficControlAnswer,
} from "./traffic_control/traffic_control.ts";
export { MemoryTrafficControl, type MemoryTrafficControlOptions } from "./traffic_control/memory_traffic_control.ts";

// The engine, its errors, logs and snapshots.
export { Engine, type EngineOptions, type SubmitObserver } from "./engine.ts";
export type { SubmitRecords } from "./engine_exports.ts";
export { defaultModule } from "./default_module.ts";
export { EngineMisuseError, EngineTrapError, ResvError, type TrapFrame, type TrapMap } from "./engine_errors.ts";
export { SnapshotError } from "./snapshot.ts";
export { EngineLoop, type LoopEngine, type LoopOptions } from "./loop.ts";
export { type LogEntry, LogError, Recorder } from "./recorder.ts";
export { replay, type ReplayOptions, type ReplayResult } from "./replay.ts";

// The records that cross the boundary, and the numbers in them.
export type {
  Action,
  CallInput,
  ConfigInput,
  EventAction,
  InstallAction,
  InterfaceInput,
  PolicyInput,
  RelayAction,
  RemoveAction,
  ReportAction,
  RouteInput,
  RouteQueryAction,
  SendAction,
  TickInput,
  TrafficControlResultInput,
} from "./boundary.gen.ts";
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
} from "./boundary.gen.ts";

// Messages and objects as plain values.
export { decode, decodeBatch, defaultCodec, encode, peek, tryDecode } from "./default_codec.ts";
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
  type ObjectChoice,
  type ObjectEntry,
  type Problem,
  ResvDecodeError,
  ResvEncodeError,
  type TypedObjectInput,
} from "./codec.ts";
export type { CaptureStatus } from "./capture.ts";
export { CodecEngine } from "./codec_engine.ts";
export {
  type CaptureEntry,
  CaptureError,
  type CaptureOptions,
  type CapturePlace,
  CaptureStream,
  type CaptureTotals,
  decodeCapture,
  type UnreadableMessage,
} from "./capture_stream.ts";
export { decodeObjects, encodeObjects, findObject, type FormOf, isObject, type ObjectInput } from "./object_list.ts";
export type { MessageName } from "./messages.gen.ts";

// One type for each object, form and item of the catalogue (docs/objects.md), and the unions of them.
export type * from "./object_types.gen.ts";

// QOS on sockets (docs/qos.md).
export { type QosServiceOptions, QosServiceProvider } from "./qos/service_provider.ts";
export { QosEndpoint } from "./qos/endpoint.ts";
export type { JoinDirection } from "./qos/endpoint_state.ts";
export { QOS_CHECK, QOS_INFO_NOT_AVAILABLE } from "./qos/check.ts";
export type { Transmission } from "./qos/shaping.ts";
export type { SocketAddress } from "./qos/matching.ts";
export { type Qos, qos, type QosInput } from "./qos/qos.ts";
export { POSITIVE_INFINITY_RATE, QOS_NOT_SPECIFIED, type QosFlowspec, qosFlowspec } from "./qos/flowspec.ts";
export { SERVICE_FLAG, SERVICE_TYPE } from "./qos/service_types.ts";
export type { Direction, QosEvent, QosEventError } from "./qos/events.ts";
export { QOS_ERROR, QOS_STATUS, QosError, type QosErrorName, type QosStatusName } from "./qos/status.ts";
export { GQOS_STATUS } from "./qos/extended_status.ts";
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
} from "./qos/provider_objects.ts";
export { type QosDatagram, QosUdpSocket } from "./qos/udp_socket.ts";
export { type AcceptCondition, type AcceptDecision, QosTcpListener, QosTcpSocket } from "./qos/tcp_socket.ts";
export { QosNotifier } from "./qos/notifier.ts";
export { QosTemplates } from "./qos/templates.ts";
export type { LayoutOptions } from "./qos/layout.ts";
export { decodeFlowspec, decodeProviderObjects, decodeQos } from "./qos/layout_read.ts";
export { encodeFlowspec, encodeProviderObjects, encodeQos } from "./qos/layout_write.ts";
export { joinQosHost, openQosHost, type QosHost, type QosHostInterface, type QosHostOptions } from "./qos/host.ts";

// RAPI, the application interface of C809 (docs/rapi.md).
export { Rapi } from "./rapi/rapi.ts";
export type {
  RapiAddress,
  RapiNode,
  RapiOptions,
  RapiReserveOptions,
  RapiSenderOptions,
  RapiSessionOptions,
} from "./rapi/calls.ts";
export { RapiEventSource } from "./rapi/event_source.ts";
export type { RapiEvent, RapiEventRoutine, RapiNodeSession } from "./rapi/registration.ts";
export {
  RAPI_ERR,
  RAPI_ERRF,
  RAPI_EVENT,
  RAPI_FLAG,
  RAPI_FORM,
  RAPI_QOS,
  RAPI_RSTYLE,
  RAPI_XASPEC_FLG,
  RapiError,
  type RapiErrorName,
} from "./rapi/codes.ts";
export {
  RAPI_EMPTY,
  type RapiAdspec,
  type RapiAdspecService,
  type RapiBucket,
  type RapiEmpty,
  type RapiFilter,
  rapiFilter,
  type RapiFilterBase,
  type RapiFilterGpi,
  type RapiFlowspec,
  rapiFlowspec,
  type RapiIntServAdspec,
  type RapiIntServFlowspec,
  type RapiIntServTspec,
  type RapiObject,
  type RapiPathParameters,
  type RapiPolicy,
  type RapiSimplifiedAdspec,
  type RapiSimplifiedFlowspec,
  type RapiSimplifiedTspec,
  type RapiTspec,
  rapiTspec,
} from "./rapi/objects.ts";
export { decodeRapiList, encodeRapiList, type RapiLayoutOptions } from "./rapi/layout.ts";
export {
  formatRapiAdspec,
  formatRapiFilter,
  formatRapiFlowspec,
  formatRapiTspec,
  rapiStrerror,
} from "./rapi/format.ts";
