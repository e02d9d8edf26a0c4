/**
 * RAPI objects to RSVP objects and back. Whether the numbers make sense together is for the engine to say; here each
 * number is looked at for itself, so that a refusal names it.
 */
import { parseAddress } from "../address.ts";
import { senderTspecObject } from "../application.ts";
import { encodeObjects, type ObjectInput } from "../object_list.ts";
import type { RsvpObject } from "../objects.gen.ts";
import { INTEGRATED_SERVICE, type QosArithmetic } from "../qos/arithmetic.ts";
import { policyDataObjects } from "../qos/policy.ts";
import { toHex } from "../qos/hex.ts";
import { RAPI_FORM, RAPI_QOS, RapiError } from "./codes.ts";
import type { RapiBucket, RapiFilter, RapiFlowspec, RapiPolicy, RapiTspec } from "./objects.ts";

const LARGEST_FLOAT = 3.4028234663852886e38;
const LARGEST_WORD = 0xffffffff;
const LARGEST_FLOW_LABEL = 0xfffff;
/** P-Type and attribute of a user's name (RFC 3182 2 and 3.1). */
const AUTH_USER = 2, POLICY_LOCATOR = 1, ASCII_DN = 1;
const ATTRIBUTE_HEADER_BYTES = 4;
/** What still fits an attribute, whose length has 16 bits, with room for the headers around it. */
const LONGEST_NAME = 1_000;

/** Refuses a number that a 32-bit word cannot hold. */
export function checkWord(value: number, member: string, least = 0, most = LARGEST_WORD): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RapiError("INVAL", member, `${value} is not a whole number from ${least} to ${most}`);
}

/** Refuses a number that is no rate or size. */
export function checkRate(value: number, member: string, mayBeInfinite = false): void {
  if (typeof value === "number" && value >= 0 && (value <= LARGEST_FLOAT || mayBeInfinite)) return;
  throw new RapiError(
    "INVAL",
    member,
    `${value} is not a number from 0 to 3.4e38${mayBeInfinite ? ", or Infinity" : ""}`,
  );
}

function checkBucket(value: RapiBucket, member: string): void {
  checkRate(value.tokenBucketSizeBytes, `${member}.tokenBucketSizeBytes`);
  checkRate(value.tokenBucketRateBytesPerSecond, `${member}.tokenBucketRateBytesPerSecond`);
  checkRate(value.peakRateBytesPerSecond, `${member}.peakRateBytesPerSecond`, true);
  checkWord(value.minimumPolicedUnitBytes, `${member}.minimumPolicedUnitBytes`);
  checkWord(value.maximumPacketSizeBytes, `${member}.maximumPacketSizeBytes`);
  if (value.peakRateBytesPerSecond < value.tokenBucketRateBytesPerSecond) {
    throw new RapiError("INVAL", `${member}.peakRateBytesPerSecond`, "is less than the token bucket rate");
  }
  if (value.minimumPolicedUnitBytes > value.maximumPacketSizeBytes) {
    throw new RapiError("INVAL", `${member}.minimumPolicedUnitBytes`, "is more than the largest packet");
  }
}

/** An Int-Serv form's object: of the class that belongs there, and with content that can be written. */
export function checkIntServ(object: ObjectInput | RsvpObject, name: string, member: string): ObjectInput | RsvpObject {
  if (object?.name !== name) throw new RapiError("OBJTYPE", `${member}.object`, `is not a ${name}`);
  try {
    encodeObjects([object]);
  } catch (error) {
    throw new RapiError("INTSERV", `${member}.object`, (error as Error).message);
  }
  return object;
}

/** Asks the engine. `error` is what a refusal is called: INVAL for numbers, INTSERV for a whole body. */
export function validated<O extends ObjectInput | RsvpObject>(
  object: O,
  arithmetic: QosArithmetic,
  error: "INVAL" | "INTSERV",
  member: string,
): O {
  let refused: unknown;
  try {
    refused = arithmetic.validate([object]);
  } catch {
    refused = true;
  }
  if (refused) throw new RapiError(error, member, "its values contradict RFC 2210");
  return object;
}

/** SENDER_TSPEC of a Tspec. */
export function tspecObject(tspec: RapiTspec, arithmetic: QosArithmetic, member: string): ObjectInput | RsvpObject {
  if (tspec.form === RAPI_FORM.TSPECTYPE_INTSERV) {
    return validated(checkIntServ(tspec.object, "SENDER_TSPEC", member), arithmetic, "INTSERV", `${member}.object`);
  }
  if (tspec.form !== RAPI_FORM.TSPECTYPE_SIMPLIFIED) throw wrongForm(tspec, member, "a Tspec");
  if (tspec.service !== RAPI_QOS.TSPEC) {
    throw new RapiError("INVAL", `${member}.service`, `${tspec.service} is not RAPI_QOS.TSPEC`);
  }
  checkBucket(tspec, member);
  return validated(senderTspecObject(tspec), arithmetic, "INVAL", member);
}

/** FLOWSPEC of a flowspec. */
export function flowspecObjectOf(flowspec: RapiFlowspec, arithmetic: QosArithmetic, member: string) {
  if (flowspec.form === RAPI_FORM.FLOWSTYPE_INTSERV) {
    return validated(checkIntServ(flowspec.object, "FLOWSPEC", member), arithmetic, "INTSERV", `${member}.object`);
  }
  if (flowspec.form !== RAPI_FORM.FLOWSTYPE_SIMPLIFIED) throw wrongForm(flowspec, member, "a flowspec");
  const guaranteed = flowspec.service === RAPI_QOS.GUARANTEED;
  if (!guaranteed && flowspec.service !== RAPI_QOS.CNTR_LOAD) {
    const what = `${flowspec.service} is neither RAPI_QOS.CNTR_LOAD nor RAPI_QOS.GUARANTEED`;
    throw new RapiError("INVAL", `${member}.service`, what);
  }
  checkBucket(flowspec, member);
  const { form: _f, service: _s, rateBytesPerSecond, slackTermMicroseconds, ...bucket } = flowspec;
  const base = { name: "FLOWSPEC", form: "IntServ", ctype: 2, ...bucket } as const;
  if (!guaranteed) {
    return validated({ ...base, service: INTEGRATED_SERVICE.CONTROLLED_LOAD }, arithmetic, "INVAL", member);
  }
  checkRate(rateBytesPerSecond, `${member}.rateBytesPerSecond`);
  checkWord(slackTermMicroseconds, `${member}.slackTermMicroseconds`);
  if (rateBytesPerSecond < bucket.tokenBucketRateBytesPerSecond) {
    throw new RapiError("INVAL", `${member}.rateBytesPerSecond`, "is less than the token bucket rate");
  }
  const object = { ...base, service: INTEGRATED_SERVICE.GUARANTEED, rateBytesPerSecond, slackTermMicroseconds };
  return validated(object, arithmetic, "INVAL", member);
}

/** What a filter has to fit. */
export interface FilterKind {
  family: number;
  generalized: boolean;
}

const FILTER_FORMS: Readonly<Record<number, FilterKind>> = {
  [RAPI_FORM.FILTERFORM_BASE]: { family: 4, generalized: false },
  [RAPI_FORM.FILTERFORM_GPI]: { family: 4, generalized: true },
  [RAPI_FORM.FILTERFORM_BASE6]: { family: 6, generalized: false },
  [RAPI_FORM.FILTERFORM_GPI6]: { family: 6, generalized: true },
};

/** SENDER_TEMPLATE or FILTER_SPEC of a filter. */
export function filterObject(
  name: "SENDER_TEMPLATE" | "FILTER_SPEC",
  filter: RapiFilter,
  kind: FilterKind,
  member: string,
): ObjectInput {
  const form = FILTER_FORMS[filter?.form];
  if (!form) throw wrongForm(filter, member, "a filter");
  if (form.generalized !== kind.generalized) {
    const what = kind.generalized
      ? "the session has a generalized port, and this form a port"
      : "the session has a port";
    throw new RapiError("GPISESS", `${member}.form`, what);
  }
  if (form.family !== kind.family) {
    throw new RapiError("OBJTYPE", `${member}.form`, `is for IPv${form.family}, and the session is IPv${kind.family}`);
  }
  if (familyOf(filter.address) !== kind.family) {
    throw new RapiError("INVAL", `${member}.address`, `"${filter.address}" is no IPv${kind.family} address`);
  }
  const object = { name, sourceAddress: filter.address };
  if ("generalizedPortIdentifier" in filter) {
    checkWord(filter.generalizedPortIdentifier, `${member}.generalizedPortIdentifier`);
    const { generalizedPortIdentifier } = filter;
    return { ...object, form: kind.family === 4 ? "IPv4_GPI" : "IPv6_GPI", generalizedPortIdentifier };
  }
  checkWord(filter.port, `${member}.port`, 0, 0xffff);
  if (filter.flowLabel) {
    checkWord(filter.flowLabel, `${member}.flowLabel`, 0, LARGEST_FLOW_LABEL);
    if (kind.family === 4) throw new RapiError("INVAL", `${member}.flowLabel`, "IPv4 has none");
    if (filter.port !== 0) {
      throw new RapiError("INVAL", `${member}.flowLabel`, "goes instead of a port, which is not 0");
    }
    return { ...object, form: "IPv6_FLOW_LABEL", flowLabel: filter.flowLabel };
  }
  return { ...object, form: kind.family === 4 ? "IPv4" : "IPv6", sourcePort: filter.port };
}

/** Filter of a SENDER_TEMPLATE or FILTER_SPEC; undefined for forms that RAPI does not have. */
export function filterOf(object: RsvpObject): RapiFilter | undefined {
  const { form, sourceAddress: address, sourcePort, flowLabel, generalizedPortIdentifier } = object as unknown as {
    form: string;
    sourceAddress: string;
    sourcePort: number;
    flowLabel: number;
    generalizedPortIdentifier: number;
  };
  switch (form) {
    case "IPv4":
      return { form: RAPI_FORM.FILTERFORM_BASE, address, port: sourcePort };
    case "IPv6":
      return { form: RAPI_FORM.FILTERFORM_BASE6, address, port: sourcePort };
    case "IPv6_FLOW_LABEL":
      return { form: RAPI_FORM.FILTERFORM_BASE6, address, port: 0, flowLabel };
    case "IPv4_GPI":
      return { form: RAPI_FORM.FILTERFORM_GPI, address, generalizedPortIdentifier };
    case "IPv6_GPI":
      return { form: RAPI_FORM.FILTERFORM_GPI6, address, generalizedPortIdentifier };
    default:
      return undefined;
  }
}

/** Tspec of a SENDER_TSPEC. One that has no token bucket, such as the null service's, stays in its Int-Serv form. */
export function tspecOf(object: RsvpObject, intServ: boolean): RapiTspec {
  const bucket = bucketOf(object);
  if (intServ || !bucket) return { form: RAPI_FORM.TSPECTYPE_INTSERV, object };
  return { form: RAPI_FORM.TSPECTYPE_SIMPLIFIED, service: RAPI_QOS.TSPEC, ...bucket };
}

/** Flowspec of a FLOWSPEC, the same way. */
export function flowspecOf(object: RsvpObject, intServ: boolean): RapiFlowspec {
  const bucket = bucketOf(object);
  const { service, rateBytesPerSecond = 0, slackTermMicroseconds = 0 } = object as unknown as Record<string, number>;
  const guaranteed = service === INTEGRATED_SERVICE.GUARANTEED;
  if (intServ || !bucket || (!guaranteed && service !== INTEGRATED_SERVICE.CONTROLLED_LOAD)) {
    return { form: RAPI_FORM.FLOWSTYPE_INTSERV, object };
  }
  return {
    form: RAPI_FORM.FLOWSTYPE_SIMPLIFIED,
    service: guaranteed ? RAPI_QOS.GUARANTEED : RAPI_QOS.CNTR_LOAD,
    ...bucket,
    rateBytesPerSecond: Number(rateBytesPerSecond),
    slackTermMicroseconds,
  };
}

function bucketOf(object: RsvpObject): RapiBucket | undefined {
  const fields = object as unknown as Record<string, number | string | undefined>;
  if (fields.tokenBucketRateBytesPerSecond === undefined) return undefined;
  return {
    tokenBucketSizeBytes: Number(fields.tokenBucketSizeBytes),
    tokenBucketRateBytesPerSecond: Number(fields.tokenBucketRateBytesPerSecond),
    peakRateBytesPerSecond: Number(fields.peakRateBytesPerSecond),
    minimumPolicedUnitBytes: Number(fields.minimumPolicedUnitBytes),
    maximumPacketSizeBytes: Number(fields.maximumPacketSizeBytes),
  };
}

/** POLICY_DATA of a policy; none if there is none. */
export function policyObjects(policy: RapiPolicy | undefined, member: string): RsvpObject[] {
  if (!policy) return [];
  if (policy.form !== RAPI_FORM.POLICY_NAME_STRING) throw wrongForm(policy, member, "a policy");
  if (!/^[\x20-\x7e]+$/.test(policy.name) || policy.name.length > LONGEST_NAME) {
    throw new RapiError("INVAL", `${member}.name`, `has to be 1 to ${LONGEST_NAME} characters of ASCII`);
  }
  const length = ATTRIBUTE_HEADER_BYTES + policy.name.length;
  const bytes = new Uint8Array(Math.ceil(length / 4) * 4);
  bytes.set([length >> 8, length & 0xff, POLICY_LOCATOR, ASCII_DN]);
  bytes.set(new TextEncoder().encode(policy.name), ATTRIBUTE_HEADER_BYTES);
  return policyDataObjects([{ type: AUTH_USER, content: toHex(bytes) }]);
}

/** 4 or 6; 0 for what is no address. */
export function familyOf(address: string): number {
  try {
    return parseAddress(address).family;
  } catch {
    return 0;
  }
}

function wrongForm(object: { form?: number } | undefined, member: string, wanted: string): RapiError {
  const form = object?.form;
  if (form === undefined) return new RapiError("INVAL", member, `is missing: it has to be ${wanted}`);
  return new RapiError("OBJTYPE", `${member}.form`, `${form} is not the form of ${wanted}`);
}
