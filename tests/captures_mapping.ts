/**
 * Our objects in tshark's words: for each object of the captures the values that tshark should print for what we decoded, so
 * that every field that tshark shows has to be accounted for, here or in the list of justified differences.
 */
import { LATER_CTYPE_ALIAS, LATER_JUSTIFIED, laterFields } from "./captures_mapping_later.ts";
import type { TsharkFields } from "./captures_tshark.ts";

/** A decoded object or item, as the codec gives it. */
// deno-lint-ignore no-explicit-any
export type Decoded = Record<string, any>;

/**
 * Fields of tshark that have no counterpart in a decoded object, and why that is right. Everything else must agree.
 */
export const JUSTIFIED: Readonly<Record<string, string>> = {
  "rsvp.error_flags.path_state_removed": "one bit of rsvp.error_flags, which is compared whole",
  "rsvp.error_flags.not_guilty": "one bit of rsvp.error_flags, which is compared whole",
  "rsvp.error_flags.in_place": "one bit of rsvp.error_flags, which is compared whole",
  ...LATER_JUSTIFIED,
};

/** tshark writes each class's C-Type a second time under a name of its own. */
const CTYPE_ALIAS: Readonly<Record<number, string>> = {
  1: "session",
  3: "hop",
  5: "time_values",
  6: "error",
  8: "style",
  9: "flowspec",
  10: "template",
  11: "template",
  12: "tspec",
  13: "adspec",
  15: "confirm",
  ...LATER_CTYPE_ALIAS,
};

const hex = (value: number, digits: number) => "0x" + value.toString(16).padStart(digits, "0");

/** The values of an object's own fields; one value each, or several where tshark repeats a name. */
function ownFields(object: Decoded): Record<string, (string | number)[] | string | number> {
  switch (`${object.class}/${object.ctype}`) {
    case "1/1":
      return {
        "rsvp.session.ip": object.destinationAddress,
        "rsvp.session.proto": object.protocolId,
        "rsvp.session.flags": hex(object.flags, 2),
        "rsvp.session.port": object.destinationPort,
      };
    case "3/1":
      return {
        "rsvp.hop.neighbor_address_ipv4": object.hopAddress,
        "rsvp.hop.logical_interface": object.logicalInterfaceHandle,
      };
    case "5/1":
      return { "rsvp.refresh_interval": object.refreshPeriodMs };
    case "6/1":
      return {
        "rsvp.error.error_node_ipv4": object.errorNodeAddress,
        "rsvp.error_flags": hex(object.flags, 2),
        "rsvp.error.error_code": object.errorCode,
        "rsvp.error_value": object.errorValue,
      };
    case "8/1":
      return { "rsvp.style.flags": hex(object.flags ?? 0, 2), "rsvp.style.style": hex(object.optionVector, 6) };
    case "10/1":
    case "11/1":
      return { "rsvp.sender.ip": object.sourceAddress, "rsvp.sender.port": object.sourcePort };
    case "15/1":
      return { "rsvp.confirm.receiver_address_ipv4": object.receiverAddress };
    case "9/2":
      return tokenBucket(object, "flowspec");
    case "12/2":
      return tokenBucket(object, "tspec");
    case "13/2":
      return adspec(object);
    default: {
      const fields = laterFields(object);
      if (fields === undefined) throw new Error(`no mapping for class ${object.class} C-Type ${object.ctype}`);
      return fields;
    }
  }
}

/**
 * The standard shape of FLOWSPEC and SENDER_TSPEC. What must stand there (parameter 127 of five words) is not shown by
 * the decoder where it does, which is just what tshark must then have read.
 */
function tokenBucket(object: Decoded, name: string): Record<string, (string | number)[] | string | number> {
  if (object.service !== 1 && object.service !== 5) throw new Error(`no mapping for service ${object.service}`);
  return {
    [`rsvp.${name}.message_format_version`]: object.messageFormatVersion ?? 0,
    "rsvp.data_length": [object.overallLengthWords ?? 7, object.serviceLengthWords ?? 6],
    [`rsvp.${name}.service_header`]: object.service,
    "rsvp.parameter": object.tokenBucketParameter ?? 127,
    "rsvp.parameter_flags": hex(object.tokenBucketFlags ?? 0, 2),
    "rsvp.parameter_length": object.tokenBucketLengthWords ?? 5,
    [`rsvp.${name}.token_bucket_rate`]: object.tokenBucketRateBytesPerSecond,
    [`rsvp.${name}.token_bucket_size`]: object.tokenBucketSizeBytes,
    [`rsvp.${name}.peak_data_rate`]: object.peakRateBytesPerSecond,
    "rsvp.minimum_policed_unit": object.minimumPolicedUnitBytes,
    "rsvp.maximum_packet_size": object.maximumPacketSizeBytes,
  };
}

/** The one number of a parameter, whatever its name says it is. */
const PARAMETER_FIELDS: Readonly<Record<number, string>> = {
  4: "hops",
  6: "bandwidthBytesPerSecond",
  8: "latencyMicroseconds",
  10: "mtuBytes",
  133: "errorTermBytes",
  134: "errorTermMicroseconds",
  135: "errorTermBytes",
  136: "errorTermMicroseconds",
};

function adspec(object: Decoded): Record<string, (string | number)[] | string | number> {
  const services: Decoded[] = object.services;
  const parameters: Decoded[] = services.flatMap((service) => service.parameters);
  const value = (parameter: Decoded): number => parameter[PARAMETER_FIELDS[parameter.type]];
  const isFloat = (parameter: Decoded) => parameter.type === 6;
  const serviceWords = (service: Decoded) => service.parameters.length * 2;
  return {
    "rsvp.adspec.message_format_version": object.messageFormatVersion ?? 0,
    "rsvp.data_length": [
      object.overallLengthWords ?? services.reduce((sum, service) => sum + 1 + serviceWords(service), 0),
      ...services.map(serviceWords),
    ],
    "rsvp.adspec.service_header": services.map((service) => service.type),
    "rsvp.adspec.break_bit": services.map((service) => service.breakBit),
    "rsvp.adspec.type": parameters.map((parameter) => parameter.type),
    "rsvp.adspec.len": parameters.map(() => 1),
    "rsvp.adspec.uint": parameters.filter((parameter) => !isFloat(parameter)).map(value),
    "rsvp.adspec.float": parameters.filter(isFloat).map(value),
  };
}

/** Everything that tshark should show of a decoded object. */
export function inTsharkWords(object: Decoded): Record<string, (string | number)[]> {
  const all = {
    "rsvp.length": object.length,
    "rsvp.object": object.class,
    "rsvp.ctype": object.ctype,
    [`rsvp.ctype.${CTYPE_ALIAS[object.class]}`]: object.ctype,
    ...ownFields(object),
  };
  return Object.fromEntries(Object.entries(all).map(([key, value]) => [key, Array.isArray(value) ? value : [value]]));
}

/** tshark prints a float with six digits, infinity as inf; integers and text are the same or they are not. */
function same(ours: string | number, theirs: string): boolean {
  if (String(ours) === theirs || (ours === "Infinity" && theirs === "inf")) return true;
  return typeof ours === "number" && !theirs.startsWith("0x") && Number(ours.toPrecision(6)) === Number(theirs);
}

/** What differs between an object of ours and tshark's fields of it; empty if they agree. */
export function differences(object: Decoded, theirs: TsharkFields): string[] {
  const ours = inTsharkWords(object);
  const names = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  const found: string[] = [];
  for (const name of names) {
    if (!(name in ours) && name in JUSTIFIED) continue;
    const left = ours[name] ?? [], right = theirs[name] ?? [];
    if (left.length === right.length && left.every((value, index) => same(value, right[index]))) continue;
    found.push(`${object.name} at ${object.offset}: ${name} is [${left}] here and [${right}] in tshark`);
  }
  return found;
}
