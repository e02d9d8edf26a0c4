/**
 * The binary layout of RAPI objects, as a C compiler with natural alignment lays their structures out: a header of two
 * words (length of the whole object in bytes, form), then the body. Numbers are little-endian; addresses and ports stand
 * in network order, as they do in a `sockaddr`. A list is its objects back to back.
 */
import { formatAddress, parseAddress } from "../address.ts";
import { decodeObjects, encodeObjects, type ObjectInput } from "../object_list.ts";
import type { RsvpObject } from "../objects.gen.ts";
import { RAPI_FORM, RAPI_QOS, RapiError } from "./codes.ts";
import type {
  RapiAdspecService,
  RapiBucket,
  RapiFilterBase,
  RapiFilterGpi,
  RapiObject,
  RapiPathParameters,
  RapiSimplifiedAdspec,
} from "./objects.ts";

/** How lists are read and written. */
export interface RapiLayoutOptions {
  /**
   * Numbers of the services in Simplified Tspecs and flowspecs: C809's 1, 2, 3 (the default), or those of ISI's release
   * 5.01, which are one less.
   */
  services?: "C809" | "ISI";
}

const HEADER_BYTES = 8;
const ADDRESS_FAMILY = { ipv4: 2, ipv6: 10 } as const;
/** The object of each Int-Serv form: class, and the only C-Type that RFC 2210 gives it. */
const INT_SERV: Readonly<Record<number, { classNumber: number; name: string }>> = {
  [RAPI_FORM.TSPECTYPE_INTSERV]: { classNumber: 12, name: "SENDER_TSPEC" },
  [RAPI_FORM.FLOWSTYPE_INTSERV]: { classNumber: 9, name: "FLOWSPEC" },
  [RAPI_FORM.ADSTYPE_INTSERV]: { classNumber: 13, name: "ADSPEC" },
};
const INT_SERV_CTYPE = 2, OBJECT_HEADER_BYTES = 4;
const LONGEST_INT_SERV_BYTES = 0xfff8;

/** Bytes of the forms that have a fixed length. */
const BYTES: Readonly<Record<number, number>> = {
  [RAPI_FORM.EMPTY_OTYPE]: 8,
  [RAPI_FORM.TSPECTYPE_SIMPLIFIED]: 32,
  [RAPI_FORM.FLOWSTYPE_SIMPLIFIED]: 40,
  [RAPI_FORM.ADSTYPE_SIMPLIFIED]: 76,
  [RAPI_FORM.FILTERFORM_BASE]: 24,
  [RAPI_FORM.FILTERFORM_GPI]: 16,
  [RAPI_FORM.FILTERFORM_BASE6]: 36,
  [RAPI_FORM.FILTERFORM_GPI6]: 28,
};

/** Places of the parts of a Simplified Adspec. */
const ADSPEC_AT = { general: 8, controlledLoad: 24, guaranteed: 40, errorTerms: 44, guaranteedPath: 60 } as const;

/**
 * Writes a packed list.
 *
 * @example
 * ```ts
 * import { decodeRapiList, encodeRapiList, rapiFilter, rapiTspec } from "@resv/resv";
 *
 * const tspec = rapiTspec({ tokenBucketRateBytesPerSecond: 8_500 });
 * const bytes = encodeRapiList([rapiFilter({ address: "192.0.2.1", port: 6000 }), tspec]);
 * console.log(bytes.length, decodeRapiList(bytes).length); // 56 2
 * ```
 */
export function encodeRapiList(
  objects: readonly RapiObject[],
  options: RapiLayoutOptions = {},
): Uint8Array<ArrayBuffer> {
  const parts = objects.map((object) => encodeOne(object, options));
  const list = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    list.set(part, at);
    at += part.length;
  }
  return list;
}

/**
 * Reads a packed list, which {@linkcode encodeRapiList} writes. Nothing in it is believed: a {@linkcode RapiError} names
 * the object and its byte where a length or a form is wrong (OBJLEN, OBJTYPE), or an Int-Serv body breaks (INTSERV).
 */
export function decodeRapiList(bytes: Uint8Array, options: RapiLayoutOptions = {}): RapiObject[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const objects: RapiObject[] = [];
  let at = 0;
  while (at < bytes.length) {
    const member = `objects[${objects.length}]`;
    if (at + HEADER_BYTES > bytes.length) throw new RapiError("OBJLEN", member, "ends inside its header", at);
    const length = view.getUint32(at, true), form = view.getUint32(at + 4, true);
    if (length < HEADER_BYTES || length > bytes.length - at) {
      throw new RapiError("OBJLEN", `${member}.len`, `${length} bytes, and ${bytes.length - at} are there`, at);
    }
    const fixed = BYTES[form];
    if (fixed !== undefined && length !== fixed) {
      throw new RapiError("OBJLEN", `${member}.len`, `${length} bytes, and form ${form} has ${fixed}`, at);
    }
    objects.push(decodeOne(view, at, length, form, member, options));
    at += length;
  }
  return objects;
}

function encodeOne(object: RapiObject, options: RapiLayoutOptions): Uint8Array {
  if (object.form in INT_SERV) return intServBytes(object as { form: number; object: ObjectInput });
  if (object.form === RAPI_FORM.POLICY_NAME_STRING) return policyBytes(object.name);
  const length = BYTES[object.form];
  if (length === undefined) throw new RapiError("OBJTYPE", "form", `${object.form} is no form that can be written`);
  const view = start(length, object.form);
  const bytes = new Uint8Array(view.buffer);
  switch (object.form) {
    case RAPI_FORM.TSPECTYPE_SIMPLIFIED:
    case RAPI_FORM.FLOWSTYPE_SIMPLIFIED:
      view.setUint32(8, object.service - (options.services === "ISI" ? 1 : 0), true);
      writeBucket(view, 12, object);
      if (object.form === RAPI_FORM.TSPECTYPE_SIMPLIFIED) break;
      view.setFloat32(32, object.rateBytesPerSecond, true);
      view.setUint32(36, object.slackTermMicroseconds, true);
      break;
    case RAPI_FORM.ADSTYPE_SIMPLIFIED:
      writeAdspec(view, object);
      break;
    case RAPI_FORM.FILTERFORM_BASE:
    case RAPI_FORM.FILTERFORM_BASE6:
      writeSocketAddress(view, object);
      break;
    case RAPI_FORM.FILTERFORM_GPI:
    case RAPI_FORM.FILTERFORM_GPI6: {
      const address = addressBytes(object.address);
      bytes.set(address, 8);
      view.setUint32(8 + address.length, object.generalizedPortIdentifier);
    }
  }
  return bytes;
}

function start(length: number, form: number): DataView {
  const view = new DataView(new ArrayBuffer(length));
  view.setUint32(0, length, true);
  view.setUint32(4, form, true);
  return view;
}

function intServBytes({ form, object }: { form: number; object: ObjectInput | RsvpObject }): Uint8Array {
  const { name } = INT_SERV[form];
  if (object.name !== name) throw new RapiError("OBJTYPE", "object", `is not a ${name}`);
  const body = encodeObjects([object]).subarray(OBJECT_HEADER_BYTES);
  const view = start(HEADER_BYTES + body.length, form);
  new Uint8Array(view.buffer).set(body, HEADER_BYTES);
  return new Uint8Array(view.buffer);
}

/** A name ends with a zero byte, and the object on a word. */
function policyBytes(name: string): Uint8Array {
  const text = new TextEncoder().encode(name);
  const view = start(HEADER_BYTES + Math.ceil((text.length + 1) / 4) * 4, RAPI_FORM.POLICY_NAME_STRING);
  new Uint8Array(view.buffer).set(text, HEADER_BYTES);
  return new Uint8Array(view.buffer);
}

function writeBucket(view: DataView, at: number, bucket: RapiBucket): void {
  view.setFloat32(at, bucket.tokenBucketSizeBytes, true);
  view.setFloat32(at + 4, bucket.tokenBucketRateBytesPerSecond, true);
  view.setFloat32(at + 8, bucket.peakRateBytesPerSecond, true);
  view.setUint32(at + 12, bucket.minimumPolicedUnitBytes, true);
  view.setUint32(at + 16, bucket.maximumPacketSizeBytes, true);
}

function writePath(view: DataView, at: number, path: RapiPathParameters): void {
  view.setUint16(at, path.hopcnt, true);
  view.setFloat32(at + 2, path.pathBandwidthBytesPerSecond, true);
  view.setUint32(at + 6, path.minimumLatencyMicroseconds, true);
  view.setUint32(at + 10, path.composedMtuBytes, true);
}

function writeAdspec(view: DataView, { general, controlledLoad, guaranteed }: RapiSimplifiedAdspec): void {
  view.setUint8(ADSPEC_AT.general, general.flags);
  writePath(view, ADSPEC_AT.general + 2, general);
  view.setUint8(ADSPEC_AT.controlledLoad, controlledLoad.flags);
  view.setUint8(ADSPEC_AT.controlledLoad + 1, controlledLoad.override);
  writePath(view, ADSPEC_AT.controlledLoad + 2, controlledLoad);
  view.setUint8(ADSPEC_AT.guaranteed, guaranteed.flags);
  const terms = [guaranteed.cTotalBytes, guaranteed.dTotalMicroseconds, guaranteed.cSumBytes];
  [...terms, guaranteed.dSumMicroseconds].forEach((term, index) =>
    view.setUint32(ADSPEC_AT.errorTerms + 4 * index, term, true)
  );
  view.setUint8(ADSPEC_AT.guaranteedPath, guaranteed.override);
  writePath(view, ADSPEC_AT.guaranteedPath + 2, guaranteed);
}

/** sockaddr_in: family, port, address, zeros; sockaddr_in6: family, port, flow label, address, scope. */
function writeSocketAddress(view: DataView, filter: RapiFilterBase): void {
  const address = addressBytes(filter.address);
  const isIpv4 = address.length === 4;
  view.setUint16(8, isIpv4 ? ADDRESS_FAMILY.ipv4 : ADDRESS_FAMILY.ipv6, true);
  view.setUint16(10, filter.port);
  if (!isIpv4) view.setUint32(12, filter.flowLabel ?? 0);
  new Uint8Array(view.buffer).set(address, isIpv4 ? 12 : 16);
}

function addressBytes(text: string): Uint8Array {
  const { bytes, family } = parseAddress(text);
  return bytes.subarray(0, family === 4 ? 4 : 16);
}

function decodeOne(
  view: DataView,
  at: number,
  length: number,
  form: number,
  member: string,
  options: RapiLayoutOptions,
): RapiObject {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, length);
  const own = new DataView(view.buffer, view.byteOffset + at, length);
  if (form in INT_SERV) return readIntServ(bytes, form, member, at);
  switch (form) {
    case RAPI_FORM.EMPTY_OTYPE:
      return { form };
    case RAPI_FORM.TSPECTYPE_SIMPLIFIED:
      return { form, service: readService(own, member, at, options), ...readBucket(own) };
    case RAPI_FORM.FLOWSTYPE_SIMPLIFIED: {
      const service = readService(own, member, at, options);
      const [rateBytesPerSecond, slackTermMicroseconds] = [own.getFloat32(32, true), own.getUint32(36, true)];
      return { form, service, ...readBucket(own), rateBytesPerSecond, slackTermMicroseconds };
    }
    case RAPI_FORM.ADSTYPE_SIMPLIFIED:
      return readAdspec(own);
    case RAPI_FORM.FILTERFORM_BASE:
    case RAPI_FORM.FILTERFORM_BASE6:
      return readSocketAddress(own, form, member, at);
    case RAPI_FORM.FILTERFORM_GPI:
      return readGpi(own, form, 4);
    case RAPI_FORM.FILTERFORM_GPI6:
      return readGpi(own, form, 16);
    case RAPI_FORM.POLICY_NAME_STRING: {
      const text = bytes.subarray(HEADER_BYTES);
      const end = text.indexOf(0);
      return { form, name: String.fromCharCode(...text.subarray(0, Math.min(end < 0 ? text.length : end, 4096))) };
    }
    default:
      throw new RapiError("OBJTYPE", `${member}.form`, `${form} is no form`, at + 4);
  }
}

function readService(view: DataView, member: string, at: number, options: RapiLayoutOptions): number {
  const service = view.getUint32(8, true) + (options.services === "ISI" ? 1 : 0);
  if (service >= RAPI_QOS.TSPEC && service <= RAPI_QOS.GUARANTEED) return service;
  throw new RapiError("INVAL", `${member}.service`, `${view.getUint32(8, true)} is no service`, at + 8);
}

function readBucket(view: DataView): RapiBucket {
  return {
    tokenBucketSizeBytes: view.getFloat32(12, true),
    tokenBucketRateBytesPerSecond: view.getFloat32(16, true),
    peakRateBytesPerSecond: view.getFloat32(20, true),
    minimumPolicedUnitBytes: view.getUint32(24, true),
    maximumPacketSizeBytes: view.getUint32(28, true),
  };
}

function readPath(view: DataView, at: number): RapiPathParameters {
  return {
    hopcnt: view.getUint16(at, true),
    pathBandwidthBytesPerSecond: view.getFloat32(at + 2, true),
    minimumLatencyMicroseconds: view.getUint32(at + 6, true),
    composedMtuBytes: view.getUint32(at + 10, true),
  };
}

function readAdspec(view: DataView): RapiSimplifiedAdspec {
  const service = (flagsAt: number, overrideAt: number): RapiAdspecService => ({
    flags: view.getUint8(flagsAt),
    override: view.getUint8(overrideAt),
    ...readPath(view, overrideAt + (overrideAt === flagsAt + 1 ? 1 : 2)),
  });
  const term = (index: number) => view.getUint32(ADSPEC_AT.errorTerms + 4 * index, true);
  return {
    form: RAPI_FORM.ADSTYPE_SIMPLIFIED,
    general: { flags: view.getUint8(ADSPEC_AT.general), ...readPath(view, ADSPEC_AT.general + 2) },
    controlledLoad: service(ADSPEC_AT.controlledLoad, ADSPEC_AT.controlledLoad + 1),
    guaranteed: {
      ...service(ADSPEC_AT.guaranteed, ADSPEC_AT.guaranteedPath),
      cTotalBytes: term(0),
      dTotalMicroseconds: term(1),
      cSumBytes: term(2),
      dSumMicroseconds: term(3),
    },
  };
}

function readSocketAddress(view: DataView, form: RapiFilterBase["form"], member: string, at: number): RapiFilterBase {
  const isIpv4 = form === RAPI_FORM.FILTERFORM_BASE;
  const family = view.getUint16(8, true);
  if (family !== (isIpv4 ? ADDRESS_FAMILY.ipv4 : ADDRESS_FAMILY.ipv6)) {
    throw new RapiError("INVAL", `${member}.family`, `${family} does not go with form ${form}`, at + 8);
  }
  const port = view.getUint16(10);
  if (isIpv4) return { form, address: addressAt(view, 12, 4), port };
  const flowLabel = view.getUint32(12) & 0xfffff;
  return { form, address: addressAt(view, 16, 16), port, ...(flowLabel === 0 ? {} : { flowLabel }) };
}

function readGpi(view: DataView, form: RapiFilterGpi["form"], bytes: number): RapiFilterGpi {
  return { form, address: addressAt(view, 8, bytes), generalizedPortIdentifier: view.getUint32(8 + bytes) };
}

function addressAt(view: DataView, at: number, length: number): string {
  const bytes = new Uint8Array(16);
  bytes.set(new Uint8Array(view.buffer, view.byteOffset + at, length));
  return formatAddress(bytes, length === 4 ? 4 : 6);
}

/** The body with the header of its RSVP object before it, which is what the catalogue describes. */
function readIntServ(bytes: Uint8Array, form: number, member: string, at: number): RapiObject {
  const { classNumber } = INT_SERV[form];
  const length = bytes.length - HEADER_BYTES + OBJECT_HEADER_BYTES;
  if (length % 4 !== 0 || length > LONGEST_INT_SERV_BYTES) {
    throw new RapiError("OBJLEN", `${member}.len`, `a body of ${length - OBJECT_HEADER_BYTES} bytes cannot be`, at);
  }
  const whole = new Uint8Array(length);
  whole.set([length >> 8, length & 0xff, classNumber, INT_SERV_CTYPE]);
  whole.set(bytes.subarray(HEADER_BYTES), OBJECT_HEADER_BYTES);
  const [object] = decodeObjects(whole);
  if ("malformed" in object && object.malformed) {
    throw new RapiError("INTSERV", `${member}.object`, String(object.malformed), at + HEADER_BYTES);
  }
  return { form, object } as RapiObject;
}
