/** Writes QOS structures in their binary layout (host/qos/layout.ts). */
import { parseAddress } from "../address.ts";
import { FLOWSPEC_MEMBERS, type QosFlowspec } from "./flowspec.ts";
import {
  BREAK_BIT,
  DESCRIPTOR_BYTES,
  FILTER_BYTES,
  FLOWSPEC_BYTES,
  GENERAL_BYTES,
  GUARANTEED_SERVICE_BYTES,
  type LayoutOptions,
  OBJECT_BYTES,
  OBJECT_HEADER_BYTES,
  POLICY_HEADER_BYTES,
  QOS_AT,
  QOS_BYTES,
  RESERVE_AT,
  SOCKET_ADDRESS,
} from "./layout.ts";
import { FILTER_TYPE, PROVIDER_OBJECT, type ProviderObject, type QosFilter } from "./provider_objects.ts";
import type { AdspecGeneral, AdspecInfo, QosPolicyElement, ReserveInfo } from "./provider_objects.ts";
import type { Qos } from "./qos.ts";
import { fromHex } from "./hex.ts";

/**
 * Writes a QOS and, right behind it, its provider-specific buffer: one block.
 *
 * ```ts
 * import { encodeQos, qos, SERVICE_TYPE } from "@resv/resv";
 * const receivingFlowspec = { serviceType: SERVICE_TYPE.CONTROLLEDLOAD };
 * console.log(encodeQos(qos({ receivingFlowspec })).length); // 72
 * ```
 */
export function encodeQos(qos: Qos, options: LayoutOptions = {}): Uint8Array<ArrayBuffer> {
  const out = new Output(options.baseAddress ?? 0);
  out.take(QOS_BYTES);
  writeFlowspec(out, QOS_AT.sending, qos.sendingFlowspec);
  writeFlowspec(out, QOS_AT.receiving, qos.receivingFlowspec);
  for (const object of qos.providerSpecific) writeObject(out, object);
  out.u32(QOS_AT.providerLength, out.length - QOS_BYTES);
  out.u32(QOS_AT.providerPointer, out.base + QOS_BYTES);
  return out.finish();
}

/**
 * Writes a list of provider-specific objects.
 *
 * @example
 * ```ts
 * import { decodeProviderObjects, encodeProviderObjects, SHAPING_MODE } from "@resv/resv";
 *
 * const bytes = encodeProviderObjects([{ object: "SHAPING_MODE", mode: SHAPING_MODE.SHAPE }]);
 * console.log(bytes.length, decodeProviderObjects(bytes)[0].object); // 12 SHAPING_MODE
 * ```
 */
export function encodeProviderObjects(
  objects: readonly ProviderObject[],
  options: LayoutOptions = {},
): Uint8Array<ArrayBuffer> {
  const out = new Output(options.baseAddress ?? 0);
  for (const object of objects) writeObject(out, object);
  return out.finish();
}

/**
 * Writes a FLOWSPEC: 32 bytes.
 *
 * @example
 * ```ts
 * import { decodeFlowspec, encodeFlowspec, qosFlowspec } from "@resv/resv";
 *
 * const bytes = encodeFlowspec(qosFlowspec({ tokenRateBytesPerSecond: 8_500 }));
 * console.log(bytes.length, decodeFlowspec(bytes).tokenRateBytesPerSecond); // 32 8500
 * ```
 */
export function encodeFlowspec(flowspec: QosFlowspec): Uint8Array<ArrayBuffer> {
  const out = new Output(0);
  writeFlowspec(out, out.take(FLOWSPEC_BYTES), flowspec);
  return out.finish();
}

/** Bytes that grow. */
class Output {
  length = 0;
  bytes = new Uint8Array(256);
  view = new DataView(this.bytes.buffer);

  constructor(readonly base: number) {}

  /** Room for so many bytes, which are zero, and where it is. */
  take(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.length));
      larger.set(this.bytes);
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    return at;
  }

  u32(at: number, value: number): void {
    this.view.setUint32(at, value, true);
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length);
  }
}

function writeFlowspec(out: Output, at: number, flowspec: QosFlowspec): void {
  for (const { name, offset } of FLOWSPEC_MEMBERS) out.u32(at + offset, flowspec[name]);
}

function writeObject(out: Output, object: ProviderObject): void {
  if (object.object === "UNKNOWN") {
    const content = fromHex(object.content);
    const at = out.take(OBJECT_HEADER_BYTES + content.length);
    out.bytes.set(content, at + OBJECT_HEADER_BYTES);
    return writeHeader(out, at, object.type);
  }
  const at = out.take(OBJECT_BYTES[object.object]);
  writeContent(out, at, object);
  writeHeader(out, at, PROVIDER_OBJECT[object.object]);
}

/** Written last: the length covers everything that was taken since. */
function writeHeader(out: Output, at: number, type: number): void {
  out.take(-out.length & 3);
  out.u32(at, type);
  out.u32(at + 4, out.length - at);
}

function writeContent(out: Output, at: number, object: Exclude<ProviderObject, { object: "UNKNOWN" }>): void {
  switch (object.object) {
    case "STATUS_INFO":
      out.u32(at + 8, object.statusCode);
      out.u32(at + 12, object.extendedStatus1);
      return out.u32(at + 16, object.extendedStatus2);
    case "RESERVE_INFO":
      return writeReserveInfo(out, at, object);
    case "ADSPEC":
      return writeAdspec(out, at, object);
    case "POLICY_INFO":
      return writePolicy(out, at, object.elements);
    case "FILTERSPEC_LIST":
      out.u32(at + 8, object.filters.length);
      return writeFilters(out, object.filters);
    case "SHAPING_MODE":
      return out.u32(at + 8, object.mode);
    case "SHAPING_RATE":
      return out.u32(at + 8, object.rateBytesPerSecond);
    case "DESTINATION_ADDRESS":
      return writeDestination(out, at, object.address, object.port);
    case "DS_CLASS":
      return out.u32(at + 8, object.dsField);
    case "TRAFFIC_CLASS":
      return out.u32(at + 8, object.trafficClass);
  }
}

function writeReserveInfo(out: Output, at: number, info: ReserveInfo): void {
  const { style = 0, confirmRequest = false, policyElements = [], flowDescriptors = [] } = info;
  out.u32(at + RESERVE_AT.style, style);
  out.u32(at + RESERVE_AT.confirmRequest, confirmRequest ? 1 : 0);
  out.u32(at + RESERVE_AT.descriptorCount, flowDescriptors.length);
  if (flowDescriptors.length > 0) {
    const place = out.take(flowDescriptors.length * DESCRIPTOR_BYTES);
    out.u32(at + RESERVE_AT.descriptors, out.base + place);
    for (const [index, { flowspec, filters }] of flowDescriptors.entries()) {
      const descriptor = place + index * DESCRIPTOR_BYTES;
      writeFlowspec(out, descriptor, flowspec);
      out.u32(descriptor + FLOWSPEC_BYTES, filters.length);
      if (filters.length > 0) out.u32(descriptor + FLOWSPEC_BYTES + 4, out.base + out.length);
      writeFilters(out, filters);
    }
  }
  if (policyElements.length === 0) return;
  const policy = out.take(OBJECT_BYTES.POLICY_INFO);
  out.u32(at + RESERVE_AT.policy, out.base + policy);
  writePolicy(out, policy, policyElements);
  writeHeader(out, policy, PROVIDER_OBJECT.POLICY_INFO);
}

function writeFilters(out: Output, filters: readonly QosFilter[]): void {
  for (const filter of filters) {
    const at = out.take(FILTER_BYTES);
    const { bytes, family } = parseAddress(filter.address);
    const type = filter.type ?? filterType(filter, family);
    out.u32(at, type);
    out.bytes.set(bytes.subarray(0, family === 4 ? 4 : 16), at + 4);
    const after = at + (family === 4 ? 8 : 20);
    const identifier = filter.generalizedPortIdentifier ?? filter.flowLabel;
    // The port stands in the second half of its word.
    out.view.setUint32(after, identifier ?? filter.port ?? 0);
  }
}

function filterType(filter: QosFilter, family: number): number {
  if (filter.generalizedPortIdentifier !== undefined) return family === 4 ? FILTER_TYPE.IPV4_GPI : FILTER_TYPE.IPV6_GPI;
  if (filter.flowLabel !== undefined) return FILTER_TYPE.IPV6_FLOW_LABEL;
  return family === 4 ? FILTER_TYPE.IPV4 : FILTER_TYPE.IPV6;
}

function writePolicy(out: Output, at: number, elements: readonly QosPolicyElement[]): void {
  out.u32(at + 8, elements.length);
  for (const { type, content } of elements) {
    const bytes = fromHex(content);
    const place = out.take(POLICY_HEADER_BYTES + bytes.length);
    out.view.setUint16(place, POLICY_HEADER_BYTES + bytes.length, true);
    out.view.setUint16(place + 2, type, true);
    out.bytes.set(bytes, place + POLICY_HEADER_BYTES);
  }
}

function writeGeneral(out: Output, at: number, general: AdspecGeneral): void {
  out.u32(at, general.integratedServicesHops);
  out.u32(at + 4, general.pathBandwidthBytesPerSecond);
  out.u32(at + 8, general.minimumLatencyMicroseconds);
  out.u32(at + 12, general.pathMtuBytes);
  out.u32(at + 16, general.breakBit ? BREAK_BIT : 0);
}

function writeAdspec(out: Output, at: number, adspec: AdspecInfo): void {
  writeGeneral(out, at + 8, adspec.general);
  out.u32(at + 28, adspec.services.length);
  for (const { serviceType, overrides, guaranteed } of adspec.services) {
    const place = out.take(GUARANTEED_SERVICE_BYTES);
    out.u32(place, GUARANTEED_SERVICE_BYTES);
    out.u32(place + 4, serviceType);
    writeGeneral(out, place + 8, overrides);
    if (!guaranteed) continue;
    const terms = place + 8 + GENERAL_BYTES;
    out.u32(terms, guaranteed.cTotalBytes);
    out.u32(terms + 4, guaranteed.dTotalMicroseconds);
    out.u32(terms + 8, guaranteed.cSumBytes);
    out.u32(terms + 12, guaranteed.dSumMicroseconds);
  }
}

function writeDestination(out: Output, at: number, address: string, port: number): void {
  const { bytes, family } = parseAddress(address);
  const length = family === 4 ? SOCKET_ADDRESS.ipv4Bytes : SOCKET_ADDRESS.ipv6Bytes;
  const place = out.take(length);
  out.u32(at + 8, out.base + place);
  out.u32(at + 12, length);
  out.view.setUint16(place, family === 4 ? SOCKET_ADDRESS.ipv4Family : SOCKET_ADDRESS.ipv6Family, true);
  out.view.setUint16(place + 2, port);
  out.bytes.set(bytes.subarray(0, family === 4 ? 4 : 16), place + (family === 4 ? 4 : 8));
}
