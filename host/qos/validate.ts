/**
 * Checks a QOS before anything is done with it: every error of a call that is documented, with the member that is wrong.
 * A call that is refused here has changed nothing.
 */
import { parseAddress } from "../address.ts";
import { GQOS_STATUS } from "./extended_status.ts";
import { FLOWSPEC_MEMBERS, isSpecified, QOS_NOT_SPECIFIED, type QosFlowspec, rateOf } from "./flowspec.ts";
import { FILTER_TYPE, type ProviderObject, type QosFilter, RESERVE_STYLE, SHAPING_MODE } from "./provider_objects.ts";
import type { QosFlowDescriptor, QosPolicyElement, ReserveInfo } from "./provider_objects.ts";
import type { Qos } from "./qos.ts";
import { formatServiceType, SERVICE_TYPE, splitServiceType } from "./service_types.ts";
import { QosError, type QosErrorName } from "./status.ts";

/** What decides about what is permitted. */
export interface SocketKind {
  protocol: "udp" | "tcp";
  /** Family of its addresses; 0 while that is open. */
  family: number;
  connected: boolean;
  multicast: boolean;
}

/** Where the flowspec stands: the error of one in a provider-specific buffer is another. */
type FlowspecPlace = "sending" | "receiving" | "descriptor";

/** Senders in a shared explicit list beyond which the documentation says that they fail silently. */
export const MAXIMUM_SHARED_EXPLICIT_SENDERS = 99;

const LARGEST_POLICY_TYPE = 0xffff;

/** Throws a {@linkcode QosError} if a socket of this kind cannot take this QOS. */
export function validateQos(qos: Qos, kind: SocketKind): void {
  validateFlowspec(qos.sendingFlowspec, "sendingFlowspec", "sending");
  validateFlowspec(qos.receivingFlowspec, "receivingFlowspec", "receiving");
  for (const [index, object] of qos.providerSpecific.entries()) {
    validateObject(object, `providerSpecific[${index}]`, qos, kind);
  }
}

/** Checks one flowspec. `member` is its name in messages. */
export function validateFlowspec(flowspec: QosFlowspec, member: string, place: FlowspecPlace): void {
  const error: QosErrorName = place === "descriptor" ? "EPSFLOWSPEC" : "EFLOWSPEC";
  const bad = (name: keyof QosFlowspec, what: string) =>
    new QosError(error, `${member}.${name}`, what, GQOS_STATUS.SETQOS_BADFLOWSPEC);
  for (const { name } of FLOWSPEC_MEMBERS) {
    const value = flowspec[name];
    if (!Number.isInteger(value) || value < 0 || value > QOS_NOT_SPECIFIED) {
      throw bad(name, `${value} is not a whole number of 32 bits`);
    }
  }
  const type = splitServiceType(flowspec.serviceType)?.type;
  if (type === undefined || type === SERVICE_TYPE.NETWORK_UNAVAILABLE) {
    throw serviceTypeError(member, flowspec.serviceType, "is not a service type that can be set");
  }
  if (place !== "sending" && type === SERVICE_TYPE.GENERAL_INFORMATION) {
    throw serviceTypeError(member, flowspec.serviceType, "is for senders: a receiver asks for one service");
  }
  if (isUnused(type)) return;
  if (flowspec.tokenRateBytesPerSecond === 0) throw bad("tokenRateBytesPerSecond", "must not be 0");
  if (flowspec.minimumPolicedSizeBytes === 0) throw bad("minimumPolicedSizeBytes", "must not be 0");
  if (flowspec.maxSduSizeBytes === 0) throw bad("maxSduSizeBytes", "must not be 0");
  if (flowspec.tokenBucketSizeBytes === 0) throw bad("tokenBucketSizeBytes", "must not be 0");
  validateRelations(flowspec, bad);
  if (place === "sending") validateSending(flowspec, type, bad);
  else if (type === SERVICE_TYPE.GUARANTEED) validateGuaranteed(flowspec, bad);
}

type Refuse = (name: keyof QosFlowspec, what: string) => QosError;

function validateRelations(flowspec: QosFlowspec, bad: Refuse): void {
  const { tokenRateBytesPerSecond: rate, peakBandwidthBytesPerSecond: peak } = flowspec;
  const { minimumPolicedSizeBytes: minimum, maxSduSizeBytes: maximum } = flowspec;
  if (isSpecified(rate) && isSpecified(peak) && rateOf(peak) < rateOf(rate)) {
    throw bad("peakBandwidthBytesPerSecond", `${peak} is less than the token rate of ${rate}`);
  }
  if (isSpecified(minimum) && isSpecified(maximum) && minimum > maximum) {
    throw bad("minimumPolicedSizeBytes", `${minimum} is more than the largest packet of ${maximum}`);
  }
}

function validateSending(flowspec: QosFlowspec, type: number, bad: Refuse): void {
  const rate = flowspec.tokenRateBytesPerSecond;
  if (type === SERVICE_TYPE.QUALITATIVE || type === SERVICE_TYPE.NETWORK_CONTROL) return;
  if (!isSpecified(rate)) throw bad("tokenRateBytesPerSecond", "a sender has to give its token rate");
  if (rateOf(rate) === Infinity) throw bad("tokenRateBytesPerSecond", "a token rate must have a bound");
}

/** Rate and slack, or slack and latency; not rate and latency, which would say the same thing twice. */
function validateGuaranteed(flowspec: QosFlowspec, bad: Refuse): void {
  const rate = isSpecified(flowspec.tokenRateBytesPerSecond), latency = isSpecified(flowspec.latencyMicroseconds);
  if (rate && rateOf(flowspec.tokenRateBytesPerSecond) === Infinity) {
    throw bad("tokenRateBytesPerSecond", "a rate to reserve must have a bound");
  }
  if (rate && latency && !isSpecified(flowspec.delayVariationMicroseconds)) {
    throw bad("latencyMicroseconds", "goes with delayVariationMicroseconds, not with a token rate alone");
  }
}

function isUnused(type: number): boolean {
  return type === SERVICE_TYPE.NOCHANGE || type === SERVICE_TYPE.NOTRAFFIC || type === SERVICE_TYPE.BESTEFFORT;
}

function serviceTypeError(member: string, value: number, what: string): QosError {
  return new QosError(
    "ESERVICETYPE",
    `${member}.serviceType`,
    `${formatServiceType(value)} ${what}`,
    GQOS_STATUS.SETQOS_BADFLOWSPEC,
  );
}

function validateObject(object: ProviderObject, member: string, qos: Qos, kind: SocketKind): void {
  switch (object.object) {
    case "RESERVE_INFO":
      return validateReserveInfo(object, member, kind);
    case "DESTINATION_ADDRESS":
      return validateDestination(object, member, kind);
    case "POLICY_INFO":
      return validatePolicy(object.elements, `${member}.elements`);
    case "SHAPING_MODE":
      return validateShapingMode(object.mode, member, qos);
    case "SHAPING_RATE":
      if (isWhole(object.rateBytesPerSecond, 1, QOS_NOT_SPECIFIED - 1)) return;
      throw new QosError("ESHAPERATEOBJ", `${member}.rateBytesPerSecond`, `${object.rateBytesPerSecond} is no rate`);
    case "TRAFFIC_CLASS":
      if (isWhole(object.trafficClass, 0, 7)) return;
      throw new QosError("EPROVSPECBUF", `${member}.trafficClass`, "must be 0 to 7", GQOS_STATUS.BAD_TRAFFICCLASS);
    case "DS_CLASS":
      if (isWhole(object.dsField, 0, 63)) return;
      throw new QosError("EPROVSPECBUF", `${member}.dsField`, "must be 0 to 63", GQOS_STATUS.SETQOS_BADPROVSPECOBJ);
    case "ADSPEC":
      return;
    default: {
      const name = object.object === "UNKNOWN" ? `type ${object.type}` : object.object;
      const what = `an object of ${name} cannot be set`;
      throw new QosError("EUNKNOWNPSOBJ", member, what, GQOS_STATUS.SETQOS_UNKNOWNPSOBJ);
    }
  }
}

function validateShapingMode(mode: number, member: string, qos: Qos): void {
  const bad = (what: string, extended: number) => new QosError("ESDMODEOBJ", `${member}.mode`, what, extended);
  if (mode === SHAPING_MODE.BORROW_PLUS) throw bad("BORROW_PLUS is not supported", GQOS_STATUS.SETQOS_MODENOTSUPPORTED);
  if (!isWhole(mode, SHAPING_MODE.BORROW, SHAPING_MODE.DISCARD)) {
    throw bad(`${mode} is no shaping mode`, GQOS_STATUS.BAD_SDMODE);
  }
  if (mode !== SHAPING_MODE.BORROW && !isSpecified(qos.sendingFlowspec.tokenRateBytesPerSecond)) {
    throw bad("SHAPE and DISCARD need sendingFlowspec.tokenRateBytesPerSecond", GQOS_STATUS.BAD_SDMODE);
  }
}

function validateDestination(object: { address: string; port: number }, member: string, kind: SocketKind): void {
  const bad = (name: string, what: string, extended: number) =>
    new QosError("EPROVSPECBUF", name === "" ? member : `${member}.${name}`, what, extended);
  if (kind.protocol === "tcp" || kind.connected || kind.multicast) {
    throw bad("", "a destination address is for unconnected UDP sockets", GQOS_STATUS.SETQOS_ILLEGALOP);
  }
  const family = familyOf(object.address);
  if (family === 0 || (kind.family !== 0 && family !== kind.family)) {
    throw bad("address", `"${object.address}" is no address of the socket's family`, GQOS_STATUS.SETQOS_INVALIDADDRESS);
  }
  if (!isWhole(object.port, 1, 0xffff)) {
    throw bad("port", `${object.port} is no port`, GQOS_STATUS.SETQOS_INVALIDADDRESS);
  }
}

function validateReserveInfo(info: ReserveInfo, member: string, kind: SocketKind): void {
  const style = info.style ?? RESERVE_STYLE.DEFAULT;
  const descriptors = info.flowDescriptors ?? [];
  if (!isWhole(style, RESERVE_STYLE.DEFAULT, RESERVE_STYLE.SHARED_EXPLICIT)) {
    throw new QosError("EFILTERSTYLE", `${member}.style`, `${style} is no style`, GQOS_STATUS.UNKNOWN_STYLE);
  }
  const single = kind.protocol === "tcp" || (kind.connected && !kind.multicast);
  if (single && style !== RESERVE_STYLE.DEFAULT && style !== RESERVE_STYLE.FIXED_FILTER) {
    const what = "a connected socket has one sender and so a fixed filter";
    throw new QosError("EFILTERSTYLE", `${member}.style`, what, GQOS_STATUS.BAD_STYLE);
  }
  validatePolicy(info.policyElements ?? [], `${member}.policyElements`);
  validateDescriptorCount(style, descriptors.length, single, `${member}.flowDescriptors`);
  for (const [index, descriptor] of descriptors.entries()) {
    validateDescriptor(descriptor, style, `${member}.flowDescriptors[${index}]`, kind);
  }
}

function validateDescriptorCount(style: number, count: number, single: boolean, member: string): void {
  const bad = (what: string, extended: number) => new QosError("EFLOWCOUNT", member, what, extended);
  const explicit = style === RESERVE_STYLE.FIXED_FILTER || style === RESERVE_STYLE.SHARED_EXPLICIT;
  // The peer of a connected socket is its filter; nothing is to be listed.
  if (single && count > 0) throw bad("a connected socket's filter is its peer", GQOS_STATUS.SETQOS_BADFLOWCOUNT);
  if (single) return;
  if (!explicit && count > 0) {
    throw bad(`a wildcard filter has no descriptors, not ${count}`, GQOS_STATUS.SETQOS_BADFLOWCOUNT);
  }
  if (explicit && count === 0) throw bad("the style needs its senders", GQOS_STATUS.SETQOS_MISSINGFLOWDESC);
  if (style === RESERVE_STYLE.SHARED_EXPLICIT && count !== 1) {
    throw bad(`a shared explicit style has one descriptor, not ${count}`, GQOS_STATUS.SETQOS_BADFLOWCOUNT);
  }
}

function validateDescriptor(descriptor: QosFlowDescriptor, style: number, member: string, kind: SocketKind): void {
  const { flowspec, filters } = descriptor ?? {};
  if (typeof flowspec !== "object" || !Array.isArray(filters)) {
    throw new QosError("EFLOWDESC", member, "has to have a flowspec and filters", GQOS_STATUS.SETQOS_BADFLOWDESC);
  }
  validateFlowspec(flowspec, `${member}.flowspec`, "descriptor");
  const bad = (what: string) =>
    new QosError("EFILTERCOUNT", `${member}.filters`, what, GQOS_STATUS.SETQOS_BADFILTERCOUNT);
  if (style === RESERVE_STYLE.FIXED_FILTER && filters.length !== 1) {
    throw bad(`a fixed filter has one sender for each descriptor, not ${filters.length}`);
  }
  if (filters.length === 0 || filters.length > MAXIMUM_SHARED_EXPLICIT_SENDERS) {
    throw bad(`1 to ${MAXIMUM_SHARED_EXPLICIT_SENDERS} senders can be listed, not ${filters.length}`);
  }
  for (const [index, filter] of filters.entries()) validateFilter(filter, `${member}.filters[${index}]`, kind);
}

function validateFilter(filter: QosFilter, member: string, kind: SocketKind): void {
  const family = familyOf(filter.address);
  const type = filter.type ?? (family === 6 ? FILTER_TYPE.IPV6 : FILTER_TYPE.IPV4);
  if (!isWhole(type, FILTER_TYPE.IPV4, FILTER_TYPE.IPV6_GPI)) {
    throw new QosError("EFILTERTYPE", `${member}.type`, `${type} is no filter type`, GQOS_STATUS.SETQOS_BADFILTERTYPE);
  }
  if (type !== FILTER_TYPE.IPV4 && type !== FILTER_TYPE.IPV6) {
    const what = "a socket's senders are told by their ports, not by flow label or generalized port";
    throw new QosError("EFILTERTYPE", `${member}.type`, what, GQOS_STATUS.SETQOS_BADFILTERTYPE);
  }
  const expected = type === FILTER_TYPE.IPV6 ? 6 : 4;
  if (family !== expected || (kind.family !== 0 && family !== kind.family)) {
    const what = `"${filter.address}" is no address of the filter's type and the socket's family`;
    throw new QosError("EPSFILTERSPEC", `${member}.address`, what, GQOS_STATUS.SETQOS_UNKNOWNFILTEROBJ);
  }
  if (!isWhole(filter.port ?? 0, 0, 0xffff)) {
    const what = `${filter.port} is no port`;
    throw new QosError("EPSFILTERSPEC", `${member}.port`, what, GQOS_STATUS.SETQOS_UNKNOWNFILTEROBJ);
  }
}

function validatePolicy(elements: readonly QosPolicyElement[], member: string): void {
  for (const [index, { type, content }] of elements.entries()) {
    const at = `${member}[${index}]`;
    if (!isWhole(type, 0, LARGEST_POLICY_TYPE)) {
      throw new QosError(
        "EPOLICYOBJ",
        `${at}.type`,
        `${type} is no policy element type`,
        GQOS_STATUS.SETQOS_BADPOLICYOBJ,
      );
    }
    // Type 0 is reserved: no element is of it.
    if (type === 0) {
      throw new QosError("RESERVED_PETYPE", `${at}.type`, "0 is reserved", GQOS_STATUS.SETQOS_BADPOLICYOBJ);
    }
    if (!/^([0-9a-f]{8})*$/i.test(content)) {
      const what = "must be hex of a multiple of 4 bytes";
      throw new QosError("EPOLICYOBJ", `${at}.content`, what, GQOS_STATUS.SETQOS_BADPOLICYOBJ);
    }
  }
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

function familyOf(address: string): number {
  try {
    return parseAddress(address).family;
  } catch {
    return 0;
  }
}
