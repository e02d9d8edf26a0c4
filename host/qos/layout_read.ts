/** Reads QOS structures from their binary layout (host/qos/layout.ts). Nothing that stands in a buffer can be believed. */
import { formatAddress } from "../address.ts";
import { GQOS_STATUS } from "./extended_status.ts";
import { FLOWSPEC_MEMBERS, type QosFlowspec } from "./flowspec.ts";
import {
  BREAK_BIT,
  DESCRIPTOR_BYTES,
  FILTER_BYTES,
  FILTER_END,
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
  SERVICE_BYTES,
  SOCKET_ADDRESS,
} from "./layout.ts";
import { FILTER_TYPE, PROVIDER_OBJECT, type ProviderObject, type QosFilter } from "./provider_objects.ts";
import type { AdspecGeneral, AdspecService, QosFlowDescriptor, QosPolicyElement } from "./provider_objects.ts";
import type { Qos } from "./qos.ts";
import { SERVICE_TYPE } from "./service_types.ts";
import { QosError, type QosErrorName } from "./status.ts";
import { toHex } from "./hex.ts";

/**
 * Reads a QOS with its provider-specific buffer.
 *
 * ```ts
 * import { decodeQos, encodeQos, qos } from "@resv/resv";
 * console.log(decodeQos(encodeQos(qos())));
 * ```
 *
 * Throws a {@linkcode QosError} that names the byte for what is cut, points outside or has no sense.
 */
export function decodeQos(bytes: Uint8Array, options: LayoutOptions = {}): Qos {
  if (bytes.length < QOS_BYTES) {
    throw new QosError("EINVAL", "QOS", `${bytes.length} bytes, not ${QOS_BYTES}`, GQOS_STATUS.SETQOS_BADINBUFFER, 0);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(QOS_AT.providerLength, true), pointer = view.getUint32(QOS_AT.providerPointer, true);
  const base = options.baseAddress ?? pointer - QOS_BYTES;
  const block = new Block(bytes, base);
  const start = length === 0 ? QOS_BYTES : block.place(pointer, length, "providerSpecific", QOS_AT.providerPointer);
  return {
    sendingFlowspec: readFlowspec(view, QOS_AT.sending),
    receivingFlowspec: readFlowspec(view, QOS_AT.receiving),
    providerSpecific: readObjects(block, start, start + length),
  };
}

/**
 * Reads a list of provider-specific objects; pointers are offsets from the first byte unless there is a base address.
 * {@linkcode encodeProviderObjects} writes it. Throws a {@linkcode QosError} that names the byte.
 */
export function decodeProviderObjects(bytes: Uint8Array, options: LayoutOptions = {}): ProviderObject[] {
  return readObjects(new Block(bytes, options.baseAddress ?? 0), 0, bytes.length);
}

/** Reads a FLOWSPEC of 32 bytes, which {@linkcode encodeFlowspec} writes. Throws a {@linkcode QosError} for fewer. */
export function decodeFlowspec(bytes: Uint8Array): QosFlowspec {
  if (bytes.length < FLOWSPEC_BYTES) {
    throw new QosError("EFLOWSPEC", "FLOWSPEC", `${bytes.length} bytes, not ${FLOWSPEC_BYTES}`, 0, 0);
  }
  return readFlowspec(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0);
}

/** A block of memory with its pointers. */
class Block {
  readonly view: DataView;
  /**
   * Bytes that pointers may still lead to. Each byte is meant to be pointed to once, and this bounds what a small buffer
   * can make of itself by pointing to the same place again and again.
   */
  #left: number;

  constructor(readonly bytes: Uint8Array, readonly base: number) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#left = bytes.length;
  }

  u32(at: number): number {
    return this.view.getUint32(at, true);
  }

  /** The place that a pointer means, with `length` bytes there. */
  place(pointer: number, length: number, member: string, at: number, error?: QosErrorName): number {
    const place = pointer - this.base;
    if (place < 0 || place + length > this.bytes.length) throw bad(member, "points out of the buffer", at, error);
    return place;
  }

  /** The same for what an object points to. */
  resolve(pointer: number, length: number, member: string, at: number, error?: QosErrorName): number {
    const place = this.place(pointer, length, member, at, error);
    this.#left -= length;
    if (this.#left < 0) throw bad(member, "points to what was pointed to before", at, error);
    return place;
  }
}

function bad(member: string, what: string, at: number, error: QosErrorName = "EPROVSPECBUF"): QosError {
  const extended = error === "EOBJLENGTH"
    ? GQOS_STATUS.SETQOS_BADOBJLENGTH
    : error === "EFLOWDESC"
    ? GQOS_STATUS.SETQOS_BADFLOWDESC
    : GQOS_STATUS.SETQOS_BADPROVSPECBUF;
  return new QosError(error, member, what, extended, at);
}

function readFlowspec(view: DataView, at: number): QosFlowspec {
  const flowspec = {} as QosFlowspec;
  for (const { name, offset } of FLOWSPEC_MEMBERS) flowspec[name] = view.getUint32(at + offset, true);
  return flowspec;
}

function readObjects(block: Block, start: number, end: number): ProviderObject[] {
  const objects: ProviderObject[] = [];
  for (let at = start; at < end;) {
    const member = `providerSpecific[${objects.length}]`;
    if (end - at < OBJECT_HEADER_BYTES) throw bad(member, `is cut: ${end - at} bytes are left`, at);
    const type = block.u32(at), length = block.u32(at + 4);
    if (type === PROVIDER_OBJECT.END_OF_LIST) break;
    if (length < OBJECT_HEADER_BYTES || length > end - at) {
      throw bad(`${member}.ObjectLength`, `is ${length}, with ${end - at} bytes left`, at + 4, "EOBJLENGTH");
    }
    objects.push(readObject(block, type, at, length, member));
    at += length;
  }
  return objects;
}

const NAMES = new Map(Object.entries(PROVIDER_OBJECT).map(([name, type]) => [type as number, name]));

function readObject(block: Block, type: number, at: number, length: number, member: string): ProviderObject {
  const name = NAMES.get(type) as keyof typeof OBJECT_BYTES | undefined;
  if (name === undefined) {
    return { object: "UNKNOWN", type, content: toHex(block.bytes.subarray(at + OBJECT_HEADER_BYTES, at + length)) };
  }
  if (length < OBJECT_BYTES[name]) {
    const what = `is ${length}, and ${name} has at least ${OBJECT_BYTES[name]} bytes`;
    throw bad(`${member}.ObjectLength`, what, at + 4, "EOBJLENGTH");
  }
  const first = block.u32(at + 8);
  switch (name) {
    case "STATUS_INFO":
      return {
        object: name,
        statusCode: first,
        extendedStatus1: block.u32(at + 12),
        extendedStatus2: block.u32(at + 16),
      };
    case "RESERVE_INFO":
      return readReserveInfo(block, at, member);
    case "ADSPEC":
      return {
        object: name,
        general: readGeneral(block, at + 8),
        services: readServices(block, at + OBJECT_BYTES.ADSPEC, at + length, block.u32(at + 28), member),
      };
    case "POLICY_INFO":
      return { object: name, elements: readPolicy(block, at, length, member) };
    case "FILTERSPEC_LIST":
      return { object: name, filters: readFilters(block, at + 12, at + length, first, member) };
    case "SHAPING_MODE":
      return { object: name, mode: first };
    case "SHAPING_RATE":
      return { object: name, rateBytesPerSecond: first };
    case "DESTINATION_ADDRESS":
      return { object: name, ...readSocketAddress(block, first, block.u32(at + 12), member, at + 8) };
    case "DS_CLASS":
      return { object: name, dsField: first };
    case "TRAFFIC_CLASS":
      return { object: name, trafficClass: first };
  }
}

function readReserveInfo(block: Block, at: number, member: string): ProviderObject {
  const style = block.u32(at + RESERVE_AT.style);
  const confirmRequest = block.u32(at + RESERVE_AT.confirmRequest) !== 0;
  const policy = block.u32(at + RESERVE_AT.policy);
  const count = block.u32(at + RESERVE_AT.descriptorCount), pointer = block.u32(at + RESERVE_AT.descriptors);
  const flowDescriptors: QosFlowDescriptor[] = [];
  if (count > 0) {
    const list = `${member}.flowDescriptors`;
    const place = block.resolve(pointer, count * DESCRIPTOR_BYTES, list, at + RESERVE_AT.descriptors, "EFLOWDESC");
    for (let index = 0; index < count; index++) {
      flowDescriptors.push(readDescriptor(block, place + index * DESCRIPTOR_BYTES, `${list}[${index}]`));
    }
  }
  return {
    object: "RESERVE_INFO",
    style,
    confirmRequest,
    policyElements: policy === 0 ? [] : readPolicyAt(block, policy, `${member}.policyElements`, at + RESERVE_AT.policy),
    flowDescriptors,
  };
}

function readDescriptor(block: Block, at: number, member: string): QosFlowDescriptor {
  const count = block.u32(at + FLOWSPEC_BYTES), pointer = block.u32(at + FLOWSPEC_BYTES + 4);
  const flowspec = readFlowspec(block.view, at);
  if (count === 0) return { flowspec, filters: [] };
  const pointerAt = at + FLOWSPEC_BYTES + 4;
  const place = block.resolve(pointer, count * FILTER_BYTES, `${member}.filters`, pointerAt, "EFLOWDESC");
  return { flowspec, filters: readFilters(block, place, place + count * FILTER_BYTES, count, member) };
}

function readFilters(block: Block, start: number, end: number, count: number, member: string): QosFilter[] {
  if (count * FILTER_BYTES > end - start) throw bad(`${member}.filters`, `${count} do not fit`, start, "EOBJLENGTH");
  const filters: QosFilter[] = [];
  for (let at = start; filters.length < count; at += FILTER_BYTES) {
    const type = block.u32(at);
    if (type === FILTER_END) break;
    filters.push(readFilter(block, type, at, `${member}.filters[${filters.length}]`));
  }
  return filters;
}

function readFilter(block: Block, type: number, at: number, member: string): QosFilter {
  const { view, bytes } = block;
  const four = () => formatAddress(bytes.subarray(at + 4, at + 8), 4);
  const sixteen = () => formatAddress(bytes.subarray(at + 4, at + 20), 6);
  switch (type) {
    case FILTER_TYPE.IPV4:
      return { type, address: four(), port: view.getUint16(at + 10) };
    case FILTER_TYPE.IPV6:
      return { type, address: sixteen(), port: view.getUint16(at + 22) };
    case FILTER_TYPE.IPV6_FLOW_LABEL:
      return { type, address: sixteen(), flowLabel: view.getUint32(at + 20) & 0xfffff };
    case FILTER_TYPE.IPV4_GPI:
      return { type, address: four(), generalizedPortIdentifier: view.getUint32(at + 8) };
    case FILTER_TYPE.IPV6_GPI:
      return { type, address: sixteen(), generalizedPortIdentifier: view.getUint32(at + 20) };
    default: {
      const what = `${type} is no filter type`;
      throw new QosError("EFILTERTYPE", `${member}.type`, what, GQOS_STATUS.SETQOS_BADFILTERTYPE, at);
    }
  }
}

/** RSVP_POLICY_INFO that is pointed to. */
function readPolicyAt(block: Block, pointer: number, member: string, at: number): QosPolicyElement[] {
  const header = block.resolve(pointer, OBJECT_BYTES.POLICY_INFO, member, at);
  const length = block.u32(header + 4);
  if (length < OBJECT_BYTES.POLICY_INFO || length > block.bytes.length - header) {
    throw bad(`${member}.ObjectLength`, `is ${length}`, header + 4, "EOBJLENGTH");
  }
  block.resolve(pointer, length - OBJECT_BYTES.POLICY_INFO, member, at);
  return readPolicy(block, header, length, member);
}

function readPolicy(block: Block, start: number, length: number, member: string): QosPolicyElement[] {
  const count = block.u32(start + 8), end = start + length;
  const elements: QosPolicyElement[] = [];
  for (let at = start + OBJECT_BYTES.POLICY_INFO; elements.length < count;) {
    const element = `${member}.elements[${elements.length}]`;
    const fits = end - at >= POLICY_HEADER_BYTES;
    const bytes = fits ? block.view.getUint16(at, true) : 0;
    if (bytes < POLICY_HEADER_BYTES || bytes > end - at) {
      throw new QosError("EPOLICYOBJ", element, `is cut or has no length`, GQOS_STATUS.SETQOS_BADPOLICYOBJ, at);
    }
    const content = toHex(block.bytes.subarray(at + POLICY_HEADER_BYTES, at + bytes));
    elements.push({ type: block.view.getUint16(at + 2, true), content });
    at += bytes;
  }
  return elements;
}

function readGeneral(block: Block, at: number): AdspecGeneral {
  return {
    integratedServicesHops: block.u32(at),
    pathBandwidthBytesPerSecond: block.u32(at + 4),
    minimumLatencyMicroseconds: block.u32(at + 8),
    pathMtuBytes: block.u32(at + 12),
    breakBit: (block.u32(at + 16) & BREAK_BIT) !== 0,
  };
}

function readServices(block: Block, start: number, end: number, count: number, member: string): AdspecService[] {
  const services: AdspecService[] = [];
  for (let at = start; services.length < count;) {
    const name = `${member}.services[${services.length}]`;
    const length = end - at >= SERVICE_BYTES ? block.u32(at) : 0;
    const guaranteed = length >= SERVICE_BYTES && block.u32(at + 4) === SERVICE_TYPE.GUARANTEED;
    if (length < (guaranteed ? GUARANTEED_SERVICE_BYTES : SERVICE_BYTES) || length > end - at) {
      throw bad(`${name}.Length`, `is ${length}, with ${end - at} bytes left`, at, "EOBJLENGTH");
    }
    const terms = at + 8 + GENERAL_BYTES;
    services.push({
      serviceType: block.u32(at + 4),
      overrides: readGeneral(block, at + 8),
      ...(guaranteed
        ? {
          guaranteed: {
            cTotalBytes: block.u32(terms),
            dTotalMicroseconds: block.u32(terms + 4),
            cSumBytes: block.u32(terms + 8),
            dSumMicroseconds: block.u32(terms + 12),
          },
        }
        : {}),
    });
    at += length;
  }
  return services;
}

function readSocketAddress(block: Block, pointer: number, length: number, member: string, at: number) {
  const refuse = (what: string) =>
    new QosError("EPROVSPECBUF", `${member}.SocketAddress`, what, GQOS_STATUS.SETQOS_BADADDRLEN, at);
  if (length < SOCKET_ADDRESS.ipv4Bytes) throw refuse(`has a length of ${length}`);
  const place = block.resolve(pointer, length, `${member}.SocketAddress`, at);
  const family = block.view.getUint16(place, true), port = block.view.getUint16(place + 2);
  if (family === SOCKET_ADDRESS.ipv4Family) {
    return { address: formatAddress(block.bytes.subarray(place + 4, place + 8), 4), port };
  }
  if (family !== SOCKET_ADDRESS.ipv6Family) throw refuse(`is of family ${family}, not 2 or 23`);
  if (length < SOCKET_ADDRESS.ipv6Bytes) throw refuse(`has a length of ${length} for IPv6`);
  return { address: formatAddress(block.bytes.subarray(place + 8, place + 24), 6), port };
}
