/**
 * Decoding RSVP in plain TypeScript into plain values, as an application would want them: the values that `decode()` of
 * mod.ts gives, of the IPv4 objects of RFC 2205 and 2210, written by hand for speed. Literals of one shape, no loops over
 * descriptions, lengths and checksum verified. What it does not know, it refuses; the project's decoder knows everything.
 */
import { plainChecksum } from "./builder.ts";

type PlainObject = Record<string, unknown>;

const MESSAGE_NAMES = ["", "Path", "Resv", "PathErr", "ResvErr", "PathTear", "ResvTear", "ResvConf"];

/** A message whose bytes stand in a view; throws with the offset of what is broken. */
export function decodeToObjects(view: DataView): PlainObject {
  const length = view.byteLength;
  if (length < 8 || view.getUint16(6) !== length || (length & 3) !== 0) throw new Error("length at byte 6");
  const first = view.getUint32(0);
  const objects: PlainObject[] = [];
  for (let at = 8; at < length;) {
    const header = view.getUint32(at);
    const objectLength = header >>> 16;
    if (objectLength < 4 || (objectLength & 3) !== 0 || at + objectLength > length) {
      throw new Error(`object at byte ${at}`);
    }
    objects.push(readObject(view, at, objectLength, (header >>> 8) & 0xff));
    at += objectLength;
  }
  return {
    message: MESSAGE_NAMES[(first >>> 16) & 0xff],
    type: (first >>> 16) & 0xff,
    version: first >>> 28,
    flags: (first >>> 24) & 15,
    checksum: (first & 0xffff) === 0 ? "none" : plainChecksum(view, 0, length) === 0xffff ? "ok" : "bad",
    sendTtl: view.getUint8(4),
    length,
    objects,
  };
}

function address(view: DataView, at: number): string {
  return `${view.getUint8(at)}.${view.getUint8(at + 1)}.${view.getUint8(at + 2)}.${view.getUint8(at + 3)}`;
}

function want(length: number, wanted: number, at: number): void {
  if (length !== wanted) throw new Error(`object at byte ${at} has ${length} bytes, not ${wanted}`);
}

function readObject(view: DataView, offset: number, length: number, classNumber: number): PlainObject {
  switch (classNumber) {
    case 1:
      return readSession(view, offset, length);
    case 3:
      want(length, 12, offset);
      return {
        name: "RSVP_HOP",
        class: 3,
        ctype: 1,
        form: "IPv4",
        offset,
        length,
        hopAddress: address(view, offset + 4),
        logicalInterfaceHandle: view.getUint32(offset + 8),
      };
    case 5:
      want(length, 8, offset);
      return {
        name: "TIME_VALUES",
        class: 5,
        ctype: 1,
        form: "",
        offset,
        length,
        refreshPeriodMs: view.getUint32(offset + 4),
      };
    case 8:
      want(length, 8, offset);
      return {
        name: "STYLE",
        class: 8,
        ctype: 1,
        form: "",
        offset,
        length,
        optionVector: view.getUint32(offset + 4) & 0xffffff,
      };
    case 9:
      return readFlowspec(view, offset, length);
    case 10:
      return readFilter(view, offset, length, "FILTER_SPEC", 10);
    case 11:
      return readFilter(view, offset, length, "SENDER_TEMPLATE", 11);
    case 12:
      return readTspec(view, offset, length);
    case 13:
      return readAdspec(view, offset, length);
    case 15:
      want(length, 8, offset);
      return {
        name: "RESV_CONFIRM",
        class: 15,
        ctype: 1,
        form: "IPv4",
        offset,
        length,
        receiverAddress: address(view, offset + 4),
      };
    default:
      throw new Error(`class ${classNumber} at byte ${offset}`);
  }
}

function readSession(view: DataView, offset: number, length: number): PlainObject {
  want(length, 12, offset);
  const word = view.getUint32(offset + 8);
  return {
    name: "SESSION",
    class: 1,
    ctype: 1,
    form: "IPv4",
    offset,
    length,
    destinationAddress: address(view, offset + 4),
    protocolId: word >>> 24,
    flags: (word >>> 16) & 0xff,
    destinationPort: word & 0xffff,
  };
}

function readFilter(view: DataView, offset: number, length: number, name: string, classNumber: number): PlainObject {
  want(length, 12, offset);
  return {
    name,
    class: classNumber,
    ctype: 1,
    form: "IPv4",
    offset,
    length,
    sourceAddress: address(view, offset + 4),
    sourcePort: view.getUint16(offset + 10),
  };
}

/** RFC 2210 3.1, 3.2: header words, then the token bucket parameter. */
function checkIntServ(view: DataView, offset: number, length: number): number {
  if (length < 36 || view.getUint32(offset + 4) !== (length - 8) >>> 2) {
    throw new Error(`Int-Serv header at byte ${offset}`);
  }
  const service = view.getUint32(offset + 8);
  if ((service & 0xffff) * 4 + 12 !== length) throw new Error(`service header at byte ${offset + 8}`);
  if (view.getUint32(offset + 12) !== 0x7f000005) throw new Error(`token bucket at byte ${offset + 12}`);
  return service >>> 24;
}

function readTspec(view: DataView, offset: number, length: number): PlainObject {
  want(length, 36, offset);
  return {
    name: "SENDER_TSPEC",
    class: 12,
    ctype: 2,
    form: "IntServ",
    offset,
    length,
    service: checkIntServ(view, offset, length),
    tokenBucketRateBytesPerSecond: view.getFloat32(offset + 16),
    tokenBucketSizeBytes: view.getFloat32(offset + 20),
    peakRateBytesPerSecond: view.getFloat32(offset + 24),
    minimumPolicedUnitBytes: view.getUint32(offset + 28),
    maximumPacketSizeBytes: view.getUint32(offset + 32),
  };
}

function readFlowspec(view: DataView, offset: number, length: number): PlainObject {
  const flowspec: PlainObject = {
    name: "FLOWSPEC",
    class: 9,
    ctype: 2,
    form: "IntServ",
    offset,
    length,
    service: checkIntServ(view, offset, length),
    tokenBucketRateBytesPerSecond: view.getFloat32(offset + 16),
    tokenBucketSizeBytes: view.getFloat32(offset + 20),
    peakRateBytesPerSecond: view.getFloat32(offset + 24),
    minimumPolicedUnitBytes: view.getUint32(offset + 28),
    maximumPacketSizeBytes: view.getUint32(offset + 32),
  };
  if (flowspec.service !== 2) return flowspec;
  want(length, 48, offset);
  if (view.getUint32(offset + 36) !== 0x82000002) throw new Error(`rate parameter at byte ${offset + 36}`);
  flowspec.rateBytesPerSecond = view.getFloat32(offset + 40);
  flowspec.slackTermMicroseconds = view.getUint32(offset + 44);
  return flowspec;
}

const SERVICES: Record<number, string> = { 1: "GENERAL", 2: "GUARANTEED", 5: "CONTROLLED_LOAD" };

function readAdspec(view: DataView, offset: number, length: number): PlainObject {
  if (length < 8 || view.getUint32(offset + 4) !== (length - 8) >>> 2) {
    throw new Error(`Int-Serv header at byte ${offset}`);
  }
  const services: PlainObject[] = [];
  const stop = offset + length;
  for (let at = offset + 8; at < stop;) {
    const header = view.getUint32(at);
    const end = at + 4 + (header & 0xffff) * 4;
    const name = SERVICES[header >>> 24];
    if (end > stop || name === undefined) throw new Error(`service fragment at byte ${at}`);
    const parameters: PlainObject[] = [];
    for (let q = at + 4; q < end; q += 8) parameters.push(readParameter(view, q, end));
    services.push({ name, type: header >>> 24, breakBit: (header >>> 23) & 1, parameters });
    at = end;
  }
  return { name: "ADSPEC", class: 13, ctype: 2, form: "IntServ", offset, length, services };
}

/** RFC 2215 3 and RFC 2212: each has one word of value. */
function readParameter(view: DataView, at: number, end: number): PlainObject {
  const header = view.getUint32(at);
  if (at + 8 > end || (header & 0xffff) !== 1) throw new Error(`parameter at byte ${at}`);
  const type = header >>> 24;
  const value = view.getUint32(at + 4);
  switch (type) {
    case 4:
      return { name: "NUMBER_OF_IS_HOPS", type, hops: value };
    case 6:
      return { name: "AVAILABLE_PATH_BANDWIDTH", type, bandwidthBytesPerSecond: view.getFloat32(at + 4) };
    case 8:
      return { name: "MINIMUM_PATH_LATENCY", type, latencyMicroseconds: value };
    case 10:
      return { name: "PATH_MTU", type, mtuBytes: value };
    case 133:
      return { name: "C_TOTAL", type, errorTermBytes: value };
    case 134:
      return { name: "D_TOTAL", type, errorTermMicroseconds: value };
    case 135:
      return { name: "C_SUM", type, errorTermBytes: value };
    case 136:
      return { name: "D_SUM", type, errorTermMicroseconds: value };
    default:
      throw new Error(`parameter ${type} at byte ${at}`);
  }
}
